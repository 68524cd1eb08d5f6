// npm run format: writes what `npm run check` asks for, as far as a formatter can.
import { install } from './prepare.mjs'
import { fail, quietly, step } from './steps.mjs'
import { cargo, tool } from './toolchain.mjs'

try {
  await install()
  await step('format JavaScript, TypeScript and JSON', () =>
    quietly(tool('@biomejs/biome', ['check', '--write', '.'])),
  )
  await step('format Rust', () => quietly({ command: cargo(), args: ['fmt', '--all'] }))
} catch (error) {
  fail(error)
}
