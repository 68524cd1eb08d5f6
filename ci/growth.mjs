// Growth, churn and what is left: the core against the maps of Rust in the same run.
//   node ci/growth.mjs            half a minute: only our maps, asserts bytes, never times
//   node ci/growth.mjs --full     from empty to 10^7: latency of single inserts up to the maximum (median of 5 rounds),
//                                 bytes at the peak; then 10^8 inserts and removals over 10^5 keys: bytes and speed at
//                                 each tenth, and what is left when all are removed. Most of an hour, on a quiet machine
//   --churn N                     other than 10^8
// The programs are crates/threadmap-core/benches (peers for times, memory for bytes); raw figures go to target/.

import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { aloud, fail } from '../scripts/steps.mjs'
import { cargo, Fault, root } from '../scripts/toolchain.mjs'
import { line } from '../scripts/totals.mjs'

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, churn: { type: 'string', default: '100000000' } },
})

const locked = process.env.CI ? ['--locked'] : []
const core = ['-p', 'threadmap-core', ...locked]
const json = (name) => ['--json', join(root, 'target', `growth-${name}.json`)]

async function measure() {
  const runs = [
    ['peers', '--full', '--only', 'grow u64 1e7 1t', ...json('latency')],
    ['memory', '--full', '--only', 'bytes u64 1e7', ...json('bytes')],
    ['memory', '--churn', values.churn, ...json('churn')],
  ]
  for (const [bench, ...args] of runs) {
    const { code } = await aloud({
      command: cargo(),
      args: ['bench', ...core, '--bench', bench, '--', ...args],
    })
    if (code !== 0) throw new Fault(`${bench} ${args.join(' ')} failed`)
  }
}

/** Built as tests are, which spares CI an optimised build of every peer: bytes are the same. */
async function check() {
  const runs = [
    ['--quick', '--only', '1e5', ...json('bytes-check')],
    ['--churn', '2000000', ...json('churn-check')],
  ]
  const totals = { passed: 0, failed: 0, skipped: 0 }
  for (const args of runs) {
    const run = ['test', ...core, '--bench', 'memory', '--', '--bench', '--check', ...args]
    const { code } = await aloud({ command: cargo(), args: run })
    totals[code === 0 ? 'passed' : 'failed'] += 1
  }
  console.log(`growth: ${line(totals)}`)
  process.exitCode = totals.failed > 0 ? 1 : 0
}

try {
  mkdirSync(join(root, 'target'), { recursive: true })
  await (values.full ? measure() : check())
} catch (error) {
  fail(error)
}
