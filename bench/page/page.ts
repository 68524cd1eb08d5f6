// The whole page: BENCHMARKS.md, its charts, and the block that the README repeats, from the raw figures alone.
// Invariant: the same figures give the same bytes, so `npm run check` can tell a page that is not theirs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type OperationName, operations } from '../operations.ts'
import { ratio, spread } from '../rounds.ts'
import type { Series } from '../series.ts'
import { coreCharts, gridSection, meansSection, tailSection, weightSection } from './core.ts'
import { count, marked, measured, type Row, table } from './markdown.ts'
import { decisionTable, matrixCharts, matrixSection } from './matrix.ts'
import {
  cheapest,
  latencySection,
  namesOf,
  nodeCharts,
  residentSection,
  sceneOf,
  targetSection,
  threadSection,
  workerSection,
} from './node.ts'
import type { PARTS, Results, Run } from './results.ts'

/** From the root of the project. */
export const PAGE = 'BENCHMARKS.md'
export const RESULTS = 'bench/results'
const CHARTS = `${RESULTS}/charts`
/** The block that scripts/figures.mjs copies to the README. */
export const BLOCK = 'figures'

// Above this, a machine of few cores had other work to do than ours.
const QUIET_LOAD = 0.5

const busy = ({ machine, loadAfter }: Run): string => {
  const before = Number.parseFloat(machine['load'] ?? '0')
  const said = `Load of the machine: ${machine['load']}, ${loadAfter} at the end (the run itself makes some).`
  return before > QUIET_LOAD
    ? `${said} **Other programs were running: the intervals are wide, and figures of threads that meet say little.**`
    : said
}

const NOTE: Readonly<Record<Run['mode'], string>> = {
  smoke: '**A smoke run: it shows that the pipeline works, and its figures say nothing.**',
  quick: 'A quick run: few rounds, small sizes. `npm run bench:all` measures longer.',
  normal: 'A normal run.',
  full: 'A full run.',
}

const facts = ({ run, core }: Results): string => {
  const lines = Object.entries({ ...run.machine, ...core?.facts }).filter(
    ([name]) => name !== 'load' && name !== 'run',
  )
  return table(
    ['', ''],
    [
      { cells: ['command', `\`${run.command}\` (${Math.round(run.seconds)} s)`] },
      ...lines.map(([name, value]): Row => ({ cells: [name, value] })),
    ],
  )
}

const contestants = ({ run }: Results): string =>
  table(
    ['contestant', 'what it is'],
    [
      ...run.contestants.map(({ name, note }): Row => ({ cells: [name, note] })),
      ...Object.entries(run.missing).map(([name, why]): Row => ({ cells: [name, `not measured: ${why}`] })),
    ],
  )

const SHOWN: readonly (readonly [OperationName, Series['origin'], string])[] = [
  ['get', 'recurring', '`get` of a number, recurring keys'],
  ['get', 'built', '`get` of a number, keys built for each call'],
  ['set', 'recurring', '`set` of a number'],
  ['add', 'recurring', '`add`'],
  ['getText', 'recurring', '`get` of a string of 64'],
  ['setText', 'recurring', '`set` of a string of 64'],
  ['mixed', 'recurring', operations.mixed.title],
]

/** What the README repeats. */
const block = (results: Results): string => {
  const { run, node } = results
  const ours = namesOf(run, 'ours')
  const alone = namesOf(run, 'private')
  const rowOf = ([operation, origin, title]: (typeof SHOWN)[number]): Row[] => {
    const series = node?.series ?? []
    const size = Math.min(...series.map((one) => one.size))
    const here = sceneOf(series, `thread ${operation} uniform ${origin} ${size}`)
    const price = (one: Series): number => spread(one.prices).median
    const find = (names: readonly string[]): Series | undefined =>
      cheapest(
        here.filter(({ peer }) => names.includes(peer)),
        price,
      )
    const [mine, theirs, shared] = [find(ours), find(alone), find(namesOf(run, 'shared'))]
    if (mine === undefined) return []
    const lost = [theirs, shared].some(
      (one) => one !== undefined && ratio(one.prices, mine.prices).median < 1,
    )
    const cell = (one: Series | undefined): string => (one === undefined ? '' : measured(spread(one.prices)))
    const each = [...ours, ...alone].map((name) => cell(here.find(({ peer }) => peer === name)))
    const best = shared === undefined ? '' : `${cell(shared)} (${shared.peer})`
    return [{ cells: [title, ...each, best], lost }]
  }
  const size = count(Math.min(...(node?.series ?? []).map((one) => one.size)))
  const where = `${run.machine['cpu']}, Node ${run.machine['node']?.split(',')[0]}, ${run.machine['date']?.slice(0, 10)}`
  const parts = [
    `From one run of \`${run.command}\` (${where}; [all of it](${PAGE})). ${NOTE[run.mode]} Nanoseconds an operation ` +
      `on one thread, ${size} keys, median and half the distance between the quartiles; in **bold** what we lose:`,
    table(['', ...ours, ...alone, 'fastest of those that threads can share'], SHOWN.flatMap(rowOf)),
  ]
  if (results.matrix !== undefined) {
    parts.push(
      'Which variant for which work, and by how much it leads the next one (mean over all sizes, uniform and Zipf):',
      decisionTable(results),
    )
  }
  return marked(BLOCK, parts.join('\n\n'))
}

interface Section {
  readonly title: string
  readonly part: (typeof PARTS)[number]
  readonly text: string
  readonly charts: string
  readonly body: (results: Results) => string
}

const SECTIONS: readonly Section[] = [
  {
    title: 'Which variant for which work',
    part: 'matrix',
    text: 'Millions of operations a second of all threads together, on one map; what is no read is a `set` of a key that is there. `take` names the fastest variant and by how much the next one is slower, where the quartiles leave no doubt. More threads than the machine has cores stand for a pool larger than the machine.',
    charts: 'matrix-',
    body: matrixSection,
  },
  {
    title: 'Node, one thread: single operations',
    part: 'node',
    text: 'Nanoseconds an operation (of bulk operations, a key), median over the rounds ± half the distance between the quartiles. The first table of each pair has what one thread keeps for itself, and the floor, which is a native call that looks nothing up; the second what threads can share. The last column is our speed by the best other one, round by round: below 1 we are slower, and the row is **bold**.',
    charts: 'node-(get|set|add|mixed)',
    body: threadSection,
  },
  {
    title: 'Node, one and two workers',
    part: 'node',
    text: 'Millions of operations a second of all workers together. Private maps have no "one map": with two workers each has its own, and those rows say how well the machine itself runs two threads. A contestant that is faster than our better variant on one map is **bold**. `shareable-map` only reads here: two writers corrupt it.',
    charts: 'node-workers',
    body: workerSection,
  },
  {
    title: 'Node: targets',
    part: 'node',
    text: 'What was aimed at, at 1,000 keys, uniform. Reported, never asserted.',
    charts: '-',
    body: targetSection,
  },
  {
    title: 'Node: the slowest inserts',
    part: 'latency',
    text: 'Microseconds of single `set` calls while a map grows from empty, one thread, each timed on its own (some 30 ns of each are the clock), up to the very slowest: median of the rounds at each percentile. Who has a shorter worst insert than our better variant is **bold**.',
    charts: 'node-latency',
    body: latencySection,
  },
  {
    title: 'Node: memory of a process',
    part: 'resident',
    text: 'What becomes resident when all workers can reach all entries (16-character keys, numbers): in one shared store, or in a private one in each worker. Each in a process of its own, garbage collected; servers and owner threads are counted. Who needs less than our smaller variant is **bold**.',
    charts: 'node-memory',
    body: residentSection,
  },
  {
    title: 'The core alone: means',
    part: 'core',
    text: 'The Rust core without Node against maps of Rust, Go and Java: our speed by theirs, geometric means over the grid below. Above 1 we are faster.',
    charts: 'core-(strings|numbers)',
    body: meansSection,
  },
  {
    title: 'The core alone: the grid',
    part: 'core',
    text: "Nanoseconds an operation and thread (wall time x threads / operations), median ± half the distance between the quartiles. What is no read is half upserts, half removals over twice the live keys; with 100% reads all hit. All languages draw the same keys and operations from the same seed (their fingerprints are compared) and take turns with each group of rows; Rust's contestants take turns within each round. Java is warmed until its loops are compiled; its strings keep their hash, its numbers are boxed. Eight threads stand for a pool larger than the machine. Where our better variant is slower than the best other map the row is **bold**.",
    charts: '-',
    body: gridSection,
  },
  {
    title: 'The core alone: the slowest inserts',
    part: 'core',
    text: 'Microseconds of single inserts while a map grows from empty, up to the very slowest. Who has a shorter worst insert than our better variant is **bold**.',
    charts: 'core-latency',
    body: tailSection,
  },
  {
    title: 'The core alone: bytes',
    part: 'core',
    text: 'Bytes an entry as asked from the allocator, full, at the peak of growing, and after all entries were removed; drained by the empty map; and what the system counts as resident. Rust only. Who is smaller when full than our smaller variant is **bold**.',
    charts: '-',
    body: weightSection,
  },
]

const HEAD = `# Benchmarks

Written by \`npm run bench:all\` from the raw figures in [${RESULTS}](${RESULTS}); no figure here is written by hand.
Repeat it with \`npm run bench:all\` (half an hour), \`-- --quick\` (minutes) or \`-- --full\` (hours). Contestants take
turns in each round, in an order that turns too, since machines drift; ratios are taken within a round. **Bold** rows
are those that we lose.`

export interface Page {
  readonly text: string
  /** Charts by path. */
  readonly charts: ReadonlyMap<string, string>
}

export const makePage = (results: Results): Page => {
  const charts = [...nodeCharts(results), ...matrixCharts(results), ...coreCharts(results)]
  const sections = SECTIONS.map(({ title, part, text, charts: names, body }) => {
    const head = `## ${title}`
    if (results[part] === undefined) return `${head}\n\nNot measured in this run.`
    const pattern = new RegExp(`^${names}`)
    const shown = charts
      .filter(([name]) => pattern.test(name))
      .map(([name]) => `![${name}](${CHARTS}/${name}.svg)`)
    return [head, text, ...shown, body(results)].join('\n\n')
  })
  const { run } = results
  const parts = [
    HEAD,
    `${NOTE[run.mode]} ${busy(run)}`,
    facts(results),
    contestants(results),
    '## In short',
    ...(results.node === undefined ? [] : [block(results)]),
    ...sections,
  ]
  return {
    text: `${parts.join('\n\n')}\n`,
    charts: new Map(charts.map(([name, svg]) => [`${CHARTS}/${name}.svg`, svg])),
  }
}

/** Writes the page and its charts below a folder; charts that it no longer has are removed. */
export const writePage = (root: string, { text, charts }: Page): void => {
  rmSync(join(root, CHARTS), { recursive: true, force: true })
  mkdirSync(join(root, CHARTS), { recursive: true })
  writeFileSync(join(root, PAGE), text)
  for (const [path, svg] of charts) writeFileSync(join(root, path), svg)
}

/** Paths of what is not as the figures have it. */
export const stale = (root: string, { text, charts }: Page): string[] => {
  const wanted = new Map([[PAGE, text], ...charts])
  const there = existsSync(join(root, CHARTS))
    ? readdirSync(join(root, CHARTS)).map((name) => `${CHARTS}/${name}`)
    : []
  const differs = [...wanted].filter(([path, content]) => {
    const file = join(root, path)
    return !existsSync(file) || readFileSync(file, 'utf8') !== content
  })
  return [...differs.map(([path]) => path), ...there.filter((path) => !wanted.has(path))]
}

/** The root of the project that this file is in. */
export const ROOT: string = dirname(dirname(import.meta.dirname))
