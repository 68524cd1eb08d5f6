// npm start, npm run bench, the examples: prepares, then runs the TypeScript program that is named first, with the
// rest of the arguments. A path among them means what it meant in the folder where npm was called.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { prepare } from './prepare.mjs'
import { become, fail } from './steps.mjs'
import { Fault, node, root } from './toolchain.mjs'

const [program = '', ...rest] = process.argv.slice(2)
const from = process.env['INIT_CWD'] ?? root

try {
  if (!existsSync(resolve(root, program)) || program === '')
    throw new Fault('usage: run.mjs PROGRAM [ARGUMENTS]')
  await prepare()
  const args = rest.map((arg) =>
    !arg.startsWith('-') && existsSync(resolve(from, arg)) ? resolve(from, arg) : arg,
  )
  become({ command: node(), args: [resolve(root, program), ...args] })
} catch (error) {
  fail(error)
}
