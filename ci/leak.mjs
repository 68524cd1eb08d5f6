// The leak bar: 10,000 workers come and go, and the resident set stays on a plateau.
//   node --expose-gc ci/leak.mjs [--workers 10000] [--lanes 2] [--control]
// --control runs the same without the addon: what Node itself keeps of each worker.
// Exits non-zero when the second half costs more than the bar.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const { values } = parseArgs({
  options: {
    workers: { type: 'string', default: '10000' },
    lanes: { type: 'string', default: '2' },
    control: { type: 'boolean', default: false },
  },
})
const workers = Number(values.workers)

// Before the harness, which reads it when it is loaded.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../node_modules/.cache/threadmap-compile', import.meta.url),
)
const { comeAndGo } = await import('../__test__/support/life-leak.ts')
setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc')

async function resident() {
  for (let turn = 0; turn < 5; turn++) {
    gc()
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return process.memoryUsage.rss()
}

const STEPS = 20
const samples = []
console.log(
  `leak: Node ${process.versions.node}, ${workers} workers${values.control ? ', control without the addon' : ''}`,
)
for (let step = 1; step <= STEPS; step++) {
  await comeAndGo(workers / STEPS, Number(values.lanes), !values.control)
  samples.push(await resident())
  console.log(`${(workers / STEPS) * step} workers: ${(samples.at(-1) / 2 ** 20).toFixed(1)} MiB`)
}

/** Growth per worker over the second half: the slope of a least-squares line, which one odd sample cannot bend far. */
const half = samples.slice(STEPS / 2)
const mean = half.reduce((total, each) => total + each, 0) / half.length
const middle = (half.length - 1) / 2
const slope =
  half.reduce((total, each, i) => total + (i - middle) * (each - mean), 0) /
  half.reduce((total, _, i) => total + (i - middle) ** 2, 0)
const perWorker = slope / (workers / STEPS)
// A leak of one small record per worker (napi's thread-safe function: about 1 KB) is above the bar.
const BAR = 600
console.log(`growth in the second half: ${perWorker.toFixed(0)} bytes a worker (bar ${BAR})`)
if (perWorker > BAR) process.exitCode = 1
