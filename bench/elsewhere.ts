// The core against the maps of Rust, Go and Java: one grid, a program for each language, and their raw figures in one
// list. Invariant: the languages take turns with each group of rows, so that a machine that drifts favours none; a
// language whose tools are missing is named with the reason, but Rust, which this package is built with, must be there.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AllPlan } from './all-plan.ts'
import { atTheEnd } from './leftovers.ts'
import type { Missing } from './thread.ts'

export interface CoreRow {
  readonly name: string
  readonly threads: number
  /** The part of the machine that another program had meanwhile, as Rust's program saw it. */
  readonly disturbed: number
  /** Nanoseconds an operation and thread, by contestant and round. */
  readonly ns: Readonly<Record<string, readonly number[]>>
}
export interface CoreTail {
  readonly name: string
  /** Nanoseconds of single inserts at each of the quantiles, by contestant and round. */
  readonly ns: Readonly<Record<string, readonly (readonly number[])[]>>
}
export interface CoreWeight {
  readonly row: string
  readonly map: string
  readonly entries: number
  readonly empty: number
  readonly full: number
  readonly peak: number
  readonly drained: number
  readonly residentFull: number
  readonly residentDrained: number
}
export interface Core {
  readonly facts: Readonly<Record<string, string>>
  readonly ours: readonly string[]
  /** Contestants in the order of their columns. */
  readonly names: readonly string[]
  readonly quantiles: readonly string[]
  readonly rows: readonly CoreRow[]
  readonly tails: readonly CoreTail[]
  readonly weights: readonly CoreWeight[]
  /** Fingerprints of what was drawn, by language and kind of key: all the same, or the languages did other work. */
  readonly drawn: Readonly<Record<string, Readonly<Record<string, string>>>>
}

interface CorePlan {
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly sliceMs: number
  readonly growTo: readonly number[]
  readonly growThreads: readonly number[]
  readonly growRounds: number
  readonly iterated: number
  readonly churned: number
}

/** What each of the programs writes; only Rust's tells all of it. */
interface Told {
  readonly facts: Record<string, string>
  readonly drawn: Record<string, string>
  readonly rows: CoreRow[]
  readonly tails: CoreTail[]
  readonly quantiles: string[]
  readonly ours?: string[]
  readonly plan?: CorePlan
}

type Program = (only: string, json: string) => void

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROOM = join(ROOT, 'target', 'bench')
const START_OF_ROOM = join(ROOM, 'run-')

const run = (command: string, parameters: readonly string[], folder: string = ROOT): string => {
  const options = { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 28 } as const
  const { status, stdout, stderr, error } = spawnSync(command, parameters, options)
  if (error !== undefined) throw new Error(`${command} ${parameters[0]}: ${error.message}`)
  if (status === 0) return stdout
  const said = stderr.trim().split('\n')
  const told = said.find((line) => line.startsWith('error')) ?? said.at(-1)
  throw new Error(`${command} ${parameters[0]}: ${told || status}`)
}

/** Paths of the benchmark programs by name; a smoke run takes those that `cargo test` has half built already. */
const buildRust = (smoke: boolean): ReadonlyMap<string, string> => {
  const kind = smoke ? 'test' : 'bench'
  const targets = ['--bench', 'peers', '--bench', 'memory']
  const said = run('cargo', [kind, '-p', 'threadmap-core', ...targets, '--no-run', '--message-format=json'])
  const built = said
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { executable?: string; target?: { name: string; kind: string[] } })
    .filter(({ executable, target }) => executable && target?.kind.includes('bench'))
  return new Map(built.map(({ executable, target }) => [target?.name ?? '', executable ?? '']))
}

const optionsOf = (plan: CorePlan, warm: number): string[] =>
  Object.entries({
    sizes: plan.sizes,
    rounds: plan.rounds,
    'slice-ms': plan.sliceMs,
    'warm-ms': warm,
    'grow-to': plan.growTo,
    'grow-threads': plan.growThreads,
    'grow-rounds': plan.growRounds,
    iterated: plan.iterated,
    churned: plan.churned,
  }).flatMap(([name, value]) => [`--${name}`, String(value)])

const buildGo = (room: string, options: readonly string[]): Program => {
  const program = join(room, 'go')
  run('go', ['build', '-o', program, '.'], join(import.meta.dirname, 'go'))
  return (only, json) => run(program, [...options, '--only', only, '--json', json])
}

const buildJava = (room: string, options: readonly string[]): Program => {
  const folder = join(import.meta.dirname, 'java')
  const classes = join(room, 'java')
  const sources = readdirSync(folder).map((name) => join(folder, name))
  run('javac', ['-encoding', 'UTF-8', '-d', classes, ...sources])
  return (only, json) => run('java', ['-cp', classes, 'Main', ...options, '--only', only, '--json', json])
}

const scientific = (size: number): string => size.toExponential().replace('+', '')

/** What the languages run in turns: substrings of the names of rows. */
const groupsOf = ({ sizes }: CorePlan): string[] => [
  ...['u64', 'str16'].flatMap((kind) =>
    sizes.flatMap((size) => ['uniform', 'zipf'].map((law) => `${kind} ${scientific(size)} ${law}`)),
  ),
  ...['iterate', 'churn', 'counter', 'grow'],
]

const readTold = (file: string): Told => JSON.parse(readFileSync(file, 'utf8')) as Told

/** Rows of the same name become one, in the order in which they came. */
const merged = <T extends { name: string; ns: Readonly<Record<string, unknown>> }>(
  rows: readonly T[],
): T[] => {
  const byName = new Map<string, T>()
  for (const row of rows) {
    const there = byName.get(row.name)
    byName.set(row.name, there === undefined ? row : { ...there, ns: { ...there.ns, ...row.ns } })
  }
  return [...byName.values()]
}

export const runElsewhere = (
  plan: AllPlan,
  smoke: boolean,
  say: (text: string) => void,
  missing: Missing,
): Core => {
  mkdirSync(ROOM, { recursive: true })
  // Of its own: two runs at a time, as a test beside a measurement, must not read one another's figures.
  const room = mkdtempSync(START_OF_ROOM)
  const leave = atTheEnd(() => rmSync(room, { recursive: true, force: true }))
  say('building the program in Rust')
  const rust = buildRust(smoke)
  const file = (language: string): string => join(room, `${language}.json`)
  const runRust = (program: string, only: string, patience = 0): void => {
    const options = [...plan.core, '--patience', String(Math.round(patience)), '--only', only]
    run(rust.get(program) as string, ['--bench', ...options, '--json', file('rust')])
  }
  runRust('peers', 'no row is called so')
  const first = readTold(file('rust'))
  const corePlan = first.plan as CorePlan
  const options = optionsOf(corePlan, plan.javaWarm)
  const groups = smoke ? [''] : groupsOf(corePlan)
  const programs = new Map<string, Program>([
    ['rust', (only) => runRust('peers', only, plan.patience / groups.length)],
  ])
  for (const [language, build] of [['go', buildGo] as const, ['java', buildJava] as const]) {
    try {
      programs.set(language, build(room, options))
    } catch (error) {
      missing(`maps of ${language === 'go' ? 'Go' : 'Java'}`, error)
    }
  }
  const told: Told[] = []
  const drawn: Record<string, Record<string, string>> = {}
  const facts: Record<string, string> = { ...first.facts }
  for (const group of groups) {
    for (const [language, program] of programs) {
      say(`${language}: ${group || 'all rows'}`)
      program(group, file(language))
      const one = readTold(file(language))
      told.push(one)
      drawn[language] = one.drawn
      if (language !== 'rust') Object.assign(facts, one.facts)
    }
  }
  for (const [language, fingerprints] of Object.entries(drawn)) {
    const same = Object.entries(first.drawn).every(([kind, print]) => fingerprints[kind] === print)
    if (!same) throw new Error(`${language} has drawn other keys than rust: its figures compare nothing`)
  }
  say('rust: bytes')
  runRust('memory', '')
  const { weights } = JSON.parse(readFileSync(file('rust'), 'utf8')) as { weights: CoreWeight[] }
  leave()
  const rows = merged(told.flatMap((one) => one.rows))
  return {
    facts,
    ours: first.ours ?? [],
    names: [...new Set(rows.flatMap((row) => Object.keys(row.ns)))],
    quantiles: first.quantiles,
    rows,
    tails: merged(told.flatMap((one) => one.tails)),
    weights,
    drawn,
  }
}
