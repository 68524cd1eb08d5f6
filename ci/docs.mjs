// npm run docs: the API pages and the guides, into target/docs. A link to a file, a heading or a name that is not there
// fails it (typedoc.json: warnings are errors); the guides' code is run by __test__/guides.spec.ts.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { install } from '../scripts/prepare.mjs'
import { fail, quietly, step } from '../scripts/steps.mjs'
import { root, tool } from '../scripts/toolchain.mjs'

try {
  await install()
  rmSync(join(root, 'target', 'docs'), { recursive: true, force: true })
  await step('write the documentation to target/docs', () => quietly(tool('typedoc', [])))
} catch (error) {
  fail(error)
}
