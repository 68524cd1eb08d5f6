// Runs the service for some seconds and says what its requests saw.
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { runService } from './service.ts'

const { values, positionals } = parseArgs({
  options: { careless: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const seconds = Number(positionals[0] ?? 3)
if (!(seconds > 0)) throw new Error(`seconds must be a number above 0, got ${positionals[0]}`)

const everyMs = 10
const outcome = await runService({
  workers: Math.max(2, availableParallelism() - 1),
  reloads: Math.ceil((seconds * 1_000) / everyMs),
  everyMs,
  careless: values.careless,
})
console.log(
  `${outcome.requests} requests were answered by ${outcome.revisions} configurations of ${outcome.reloads} reloads; ` +
    `${outcome.mixed} saw a mix of two`,
)
