// The long form of the storm in __test__/death.spec.ts: round after round, each in a process of its own.
//   node ci/storm.mjs [--minutes 10] [--rounds N] [--kills 500] [--seed N] [--variant lock-free]
// A round that is silent for five minutes counts as blocked. Exits non-zero at the first fault, telling the seed.

import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const SILENCE_MS = 300_000
// A leak of what the killed workers held (4 MiB each) shows at once against this.
const RSS_GROWTH = 200 * 2 ** 20

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    rounds: { type: 'string' },
    kills: { type: 'string', default: '500' },
    seed: { type: 'string' },
    variant: { type: 'string', default: 'sharded' },
  },
})
const kills = Number(values.kills)
const rounds = values.rounds === undefined ? Infinity : Number(values.rounds)
const end = values.rounds === undefined ? performance.now() + Number(values.minutes) * 60_000 : Infinity
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)

const cache = fileURLToPath(new URL('../node_modules/.cache/threadmap-compile', import.meta.url))
mkdirSync(cache, { recursive: true })
process.env.NODE_COMPILE_CACHE ??= cache

/** @returns {Promise<{ report?: any, failure?: string }>} */
function round(seed) {
  const script = fileURLToPath(new URL('../__test__/workers/life-child-storm.ts', import.meta.url))
  const child = spawn(process.execPath, [script, String(seed), String(kills), '5', values.variant], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  const killer = setTimeout(() => child.kill('SIGKILL'), SILENCE_MS + kills * 200)
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(killer)
      if (code === 0) resolve({ report: JSON.parse(stdout.trimEnd().split('\n').at(-1)) })
      else
        resolve({
          failure: signal === 'SIGKILL' ? 'blocked: killed at its deadline' : `ended with ${signal ?? code}`,
        })
    })
  })
}

console.log(`storm: Node ${process.versions.node}, ${kills} deaths a round, first seed ${firstSeed}`)
let deaths = 0
for (let number = 0; number < rounds && performance.now() < end; number++) {
  const seed = firstSeed + number
  const { report, failure } = await round(seed)
  const faults = failure === undefined ? [...report.faults] : [failure]
  if (report !== undefined) {
    deaths += report.deaths
    const [warm, ...later] = report.rssByRound
    const growth = Math.max(...later) - warm
    if (growth > RSS_GROWTH)
      faults.push(`resident set grew by ${Math.round(growth / 2 ** 20)} MiB: ${report.rssByRound}`)
    const calls = Object.values(report.calls).reduce((total, each) => total + each, 0)
    console.log(
      `round ${number + 1}, seed ${seed}: ${report.deaths} deaths (${report.terminated} terminated), ${calls} calls, ` +
        `${report.acked} counts acknowledged, ${report.inFlight} under way at a death, RSS ${(growth / 2 ** 20).toFixed(0)} MiB up`,
    )
  }
  if (faults.length > 0) {
    console.error(`seed ${seed} failed:\n  ${faults.join('\n  ')}`)
    process.exit(1)
  }
}
console.log(`${deaths} deaths, 0 faults`)
