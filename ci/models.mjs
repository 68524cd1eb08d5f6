// Builds the core's unit tests for a model checker and runs its models: what ci/loom.mjs and ci/shuttle.mjs share. Only
// the crate itself is built with the checker's cfg, so that what it depends on is shared with `cargo test`.
import { aloud, quietly, step } from '../scripts/steps.mjs'
import { cargo, Fault } from '../scripts/toolchain.mjs'
import { countCargo, line } from '../scripts/totals.mjs'

const locked = process.env.CI ? ['--locked'] : []

/**
 * @param {'loom' | 'shuttle'} checker
 * @param {string} only a part of the names of the models to run
 * @param {Record<string, string>} env
 * @returns {Promise<number>} the exit code
 */
export async function runModels(checker, only, env) {
  const tests = ['rustc', '-p', 'threadmap-core', '--lib', '--profile', 'test', ...locked]
  const checked = ['--message-format=json', '--', '--cfg', checker, '-C', 'opt-level=3']
  const build = () => quietly({ command: cargo(), args: [...tests, ...checked] })
  const messages = await step(`build the models for ${checker}`, build)
  const binary = messages
    .split('\n')
    .filter((message) => message.startsWith('{'))
    .map((message) => JSON.parse(message))
    .findLast((message) => message.executable)
  if (binary === undefined) throw new Fault(`cargo built no tests for ${checker}`)
  const { code, output } = await aloud({ command: binary.executable, args: [only, '--nocapture'], env })
  const totals = countCargo(output)
  if (totals.passed + totals.failed === 0) throw new Fault(`no model of ${checker} ran to its end`)
  console.log(`${checker}: ${line(totals)}`)
  return code
}
