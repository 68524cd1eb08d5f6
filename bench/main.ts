// npm run bench -- [--quick] [--only NAME]: this map against what else there is, in one run on one machine.
// Invariant: prints everything that it measured, also where this map loses, and what it could not measure.
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { describeMachine } from './machine.ts'
import { type OperationName, operationNames } from './operations.ts'
import type { Peer } from './peer.ts'
import { loadPeers } from './peers/all.ts'
import { FULL, QUICK } from './plan.ts'
import { runRefs } from './refs.ts'
import { facts, legend, refTables, targetTable, threadTables, wholeTables, workerTables } from './report.ts'
import type { Series } from './series.ts'
import { judge } from './targets.ts'
import { type Missing, runThread, sink } from './thread.ts'
import { runWhole, type Whole } from './whole.ts'
import { runWorkers } from './workers.ts'

const RESULTS = new URL('./results/', import.meta.url)
const PARTS = ['thread', 'refs', 'whole', 'workers'] as const
const USAGE = `npm run bench -- [--quick] [--only NAME]
NAME: ${PARTS.join(', ')}, or an operation: ${operationNames.join(', ')}`

interface Wish {
  readonly quick: boolean
  readonly parts: readonly string[]
  readonly names: readonly OperationName[]
}

const readArguments = (): { quick?: boolean; only?: string; help?: boolean } => {
  const flag = { type: 'boolean' } as const
  try {
    return parseArgs({ options: { quick: flag, only: { type: 'string' }, help: flag } }).values
  } catch {
    return { help: true }
  }
}

const readWish = (): Wish | undefined => {
  const { quick = false, only, help } = readArguments()
  if (help) return undefined
  if (only === undefined) return { quick, parts: PARTS, names: operationNames }
  if (PARTS.some((part) => part === only)) return { quick, parts: [only], names: operationNames }
  const names = operationNames.filter((name) => name === only)
  return names.length === 0 ? undefined : { quick, parts: PARTS, names }
}

const variantOf = async (peers: readonly Peer[]): Promise<string> =>
  peers.some((peer) => peer.name === 'threadmap')
    ? (await import('./peers/threadmap.ts')).DEFAULT_VARIANT
    : 'not available'

const say = (text: string): void => {
  process.stdout.write(`${text}\n\n`)
}

const run = async ({ quick, parts, names }: Wish): Promise<void> => {
  const plan = quick ? QUICK : FULL
  const started = performance.now()
  const { peers, missing } = await loadPeers()
  const note: Missing = (peer, reason) => missing.set(peer, String(reason).split('\n', 1)[0] as string)
  const machine = describeMachine(await variantOf(peers))
  say(facts(machine))
  say(`Competitors\n${legend(peers, missing)}`)

  const thread: Series[] = parts.includes('thread') ? await runThread(peers, names, plan, note) : []
  if (thread.length > 0) {
    say(`One thread: ns an operation, median of ${plan.rounds} rounds; x is the price over threadmap's`)
    say(threadTables(thread))
  }
  const refs: Series[] =
    parts.includes('refs') && names.length === operationNames.length ? await runRefs(plan) : []
  if (refs.length > 0) {
    say(`Refs: ns an operation, median of ${plan.rounds} rounds; x is the price over the first line's`)
    say(refTables(refs))
  }
  const whole: Whole[] =
    parts.includes('whole') && names.length === operationNames.length ? await runWhole(plan) : []
  if (whole.length > 0) {
    say(`Whole maps: ns, median of ${plan.rounds} rounds; x is the price over the first line's`)
    say(wholeTables(whole))
  }
  const workers: Series[] = parts.includes('workers') ? await runWorkers(peers, names, plan, note) : []
  if (workers.length > 0) {
    say(`Workers: operations of all together, median of ${plan.workerRounds} rounds; x is over one worker's`)
    say(workerTables(workers))
  }

  const series = [...thread, ...refs, ...workers]
  const targets = judge(series)
  say(`Targets, 1,000 keys, uniform (never asserted)\n${targetTable(targets)}`)
  for (const [name, reason] of missing) say(`not available: ${name}: ${reason}`)
  mkdirSync(RESULTS, { recursive: true })
  const file = new URL('latest.json', RESULTS)
  const record = {
    machine,
    plan,
    missing: Object.fromEntries(missing),
    targets,
    series,
    whole,
    sink: sink.sum,
  }
  writeFileSync(file, `${JSON.stringify(record, null, 1)}\n`)
  say(`${((performance.now() - started) / 1000).toFixed(0)} s; raw figures in bench/results/latest.json`)
}

const wish = readWish()
if (wish === undefined) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 1
} else {
  await run(wish)
}
