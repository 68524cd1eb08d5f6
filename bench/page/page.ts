// The whole page: BENCHMARKS.md, its charts, and the block that the README repeats, from the raw figures alone.
// Invariant: the same figures give the same bytes, so `npm run check` can tell a page that is not theirs.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { coreCharts, gridSection, meansSection, tailSection, weightSection } from './core.ts'
import { coreTargetSection } from './core-targets.ts'
import { type Row, table } from './markdown.ts'
import { matrixCharts, matrixSection } from './matrix.ts'
import {
  latencySection,
  nodeCharts,
  residentSection,
  targetSection,
  threadSection,
  workerSection,
} from './node.ts'
import type { PARTS, Results } from './results.ts'
import { refSection, wholeSection } from './scenes.ts'
import { busy, inShort, NOTE, PAGE } from './short.ts'

/** From the root of the project. */
export const RESULTS = 'bench/results'
const CHARTS = `${RESULTS}/charts`
const facts = ({ run, core }: Results): string => {
  // What both halves tell is told by the one that began the run.
  const all = { ...run.machine, ...core?.facts, ...run.machine }
  const lines = Object.entries(all).filter(([name]) => name !== 'load' && name !== 'run')
  const command: Row = { cells: ['command', `\`${run.command}\` (${Math.round(run.seconds)} s)`] }
  const { thread, workers, matrix } = run.rounds
  const rounds: Row = {
    cells: ['rounds', `${thread} on one thread, ${workers} with workers, ${matrix} of the matrix`],
  }
  const more = lines.map(([name, value]): Row => ({ cells: [name, value] }))
  return table(['', ''], [command, rounds, ...more], 2)
}

const contestants = ({ run }: Results): string => {
  const here = run.contestants.map(({ name, note }): Row => ({ cells: [name, note] }))
  const missing = Object.entries(run.missing).map(
    ([name, why]): Row => ({ cells: [name, `not measured: ${why}`] }),
  )
  return table(['contestant', 'what it is'], [...here, ...missing], 2)
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
    title: 'Node: refs and the near cache',
    part: 'refs',
    text: 'Reads of an entry that nobody has changed, without a native call (`map.ref(key).get()`, `map.get` with `near`), and what a ref makes of writes. Nanoseconds an operation; a contestant that is faster than the best of ours is **bold**.',
    charts: '-',
    body: refSection,
  },
  {
    title: 'Node: whole maps',
    part: 'whole',
    text: 'Going over all entries, in nanoseconds an entry; and keeping the content of one moment while one entry changes, in nanoseconds for all of it, against what programs do instead: persistent collections, a structured clone, a copy under a lock. A contestant that is faster than the best of ours is **bold**.',
    charts: '-',
    body: wholeSection,
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
    title: 'The core alone: targets',
    part: 'core',
    text: 'What was aimed at. Reported, never asserted.',
    charts: '-',
    body: coreTargetSection,
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
    inShort(results),
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
