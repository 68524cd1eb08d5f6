// npm run bench:all -- [--quick | --full] [--parts NAMES] [--out FOLDER]: measures everything in one run, keeps the raw
// figures and writes the benchmark page with its charts. Invariant: a page has the figures of one run only, names whoever
// could not take part, and no figure in it comes from anywhere else.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { type Mode, PLANS } from './all-plan.ts'
import { runElsewhere } from './elsewhere.ts'
import { buildEms } from './ems/build.ts'
import { runLatency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { runMatrix } from './matrix.ts'
import { operationNames } from './operations.ts'
import { makePage, RESULTS, ROOT, writePage } from './page/page.ts'
import { PARTS, type Part, type Results, readResults, writeResults } from './page/results.ts'
import { kindOf, type Peer } from './peer.ts'
import { runRefs } from './refs.ts'
import { runResident } from './resident.ts'
import type { Series } from './series.ts'
import { judge } from './targets.ts'
import { type Missing, runThread, sink } from './thread.ts'
import { runWhole } from './whole.ts'
import { runWorkers } from './workers.ts'

const USAGE = `npm run bench:all -- [--quick | --full] [--parts ${PARTS.join(',')}] [--out FOLDER]
--parts: only these; the page says that the others were not measured
--out: writes below FOLDER instead of into the project`

interface Wish {
  readonly mode: Mode
  readonly parts: readonly Part[]
  readonly out: string
  readonly command: string
}

const readWish = (): Wish | undefined => {
  const flag = { type: 'boolean', default: false } as const
  const text = { type: 'string' } as const
  const options = { smoke: flag, quick: flag, full: flag, parts: text, out: text }
  try {
    const { values } = parseArgs({ options })
    const modes = (['smoke', 'quick', 'full'] as const).filter((mode) => values[mode])
    const names = values.parts?.split(',') ?? [...PARTS]
    const parts = PARTS.filter((part) => names.includes(part))
    if (modes.length > 1 || parts.length !== names.length) return undefined
    const mode = modes[0] ?? 'normal'
    const given = [
      ...modes.map((name) => `--${name}`),
      ...(values.parts === undefined ? [] : [`--parts ${values.parts}`]),
    ]
    const command = ['npm run bench:all', ...(given.length > 0 ? ['--', ...given] : [])].join(' ')
    return { mode, parts, out: resolve(values.out ?? ROOT), command }
  } catch {
    return undefined
  }
}

const say = (text: string): void => {
  process.stdout.write(`bench: ${text}\n`)
}

const measureNode = async (peers: readonly Peer[], mode: Mode, note: Missing): Promise<Series[]> => {
  const plan = PLANS[mode].node
  say('single operations')
  const thread = await runThread(peers, operationNames, plan, note)
  say('workers')
  const workers = await runWorkers(peers, operationNames, plan, note)
  return [...thread, ...workers]
}

const measure = async ({ mode, parts, command }: Wish): Promise<Results> => {
  const started = performance.now()
  const plan = PLANS[mode]
  const missing = new Map<string, string>()
  const note: Missing = (name, reason) => {
    const text = reason instanceof Error ? reason.message : String(reason)
    missing.set(name, (text.split('\n', 1)[0] as string).replaceAll(ROOT, '.'))
    say(`not measured: ${name}: ${missing.get(name)}`)
  }
  try {
    // A test compiles no other project: there it takes part where it is built already.
    if (mode !== 'smoke') buildEms()
  } catch (error) {
    note('ems', error)
  }
  const { loadPeers } = await import('./peers/all.ts')
  const line = await loadPeers()
  for (const [name, reason] of line.missing) if (!missing.has(name)) note(name, reason)
  const { peers } = line
  const variant = (await import('./peers/threadmap.ts')).DEFAULT_VARIANT
  const machine = describeMachine(variant)
  const wants = (part: Part): boolean => parts.includes(part)

  const series = wants('node') ? await measureNode(peers, mode, note) : undefined
  if (wants('refs')) say('refs')
  const refs = wants('refs') ? await runRefs(plan.node) : undefined
  if (wants('whole')) say('whole maps')
  const whole = wants('whole') ? await runWhole(plan.node, plan.whole) : undefined
  if (wants('matrix')) say('the matrix')
  const matrix = wants('matrix') ? await runMatrix(peers, plan.matrix) : undefined
  if (wants('latency')) say('single inserts')
  const tails = wants('latency') ? await runLatency(peers, plan.latency, note) : undefined
  if (wants('resident')) say('memory')
  const weights = wants('resident') ? runResident(peers, plan.resident, note) : undefined
  const core = wants('core') ? runElsewhere(plan, mode === 'smoke', say, note) : undefined

  const measured = new Set([
    ...(series ?? []).map(({ peer }) => peer),
    ...(matrix ?? []).flatMap(({ prices }) => Object.keys(prices)),
    ...(tails ?? []).map(({ peer }) => peer),
    ...(weights ?? []).map(({ peer }) => peer),
  ])

  return {
    run: {
      mode,
      command,
      machine,
      seconds: (performance.now() - started) / 1000,
      loadAfter: loadavg()
        .map((load) => load.toFixed(2))
        .join(' '),
      variant,
      contestants: peers
        .filter(({ name }) => measured.has(name))
        .map((peer) => ({ name: peer.name, note: peer.note, kind: kindOf(peer) })),
      missing: Object.fromEntries(missing),
      rounds: { thread: plan.node.rounds, workers: plan.node.workerRounds, matrix: plan.matrix.rounds },
    },
    ...(series && { node: { series, targets: judge([...series, ...(refs ?? [])]) } }),
    ...(refs && { refs }),
    ...(whole && { whole }),
    ...(matrix && { matrix }),
    ...(tails && { latency: { plan: plan.latency, tails } }),
    ...(weights && { resident: { plan: plan.resident, weights } }),
    ...(core && { core }),
  }
}

const copyToReadme = (out: string): void => {
  const script = join(ROOT, 'scripts', 'figures.mjs')
  const { status } = spawnSync(process.execPath, [script, out], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the README was not brought up to date')
}

const wish = readWish()
if (wish === undefined) {
  process.stderr.write(`${USAGE}\n`)
  process.exitCode = 1
} else {
  const results = await measure(wish)
  mkdirSync(wish.out, { recursive: true })
  const folder = join(wish.out, RESULTS)
  writeResults(folder, results)
  // From the files, which have rounded the figures: who draws the page again later has no others.
  writePage(wish.out, makePage(readResults(folder)))
  copyToReadme(wish.out)
  // What the loops have computed must be used, or an engine might leave it out.
  say(
    `${Math.round(results.run.seconds)} s, written below ${wish.out === ROOT ? 'the project' : wish.out} (${sink.sum > 0})`,
  )
}
