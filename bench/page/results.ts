// The raw figures of one run of `npm run bench:all`, as files: bench/results/*.json, one for each part. The page, its
// charts and the block in the README are drawn from them and from nothing else.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mode } from '../all-plan.ts'
import type { Core } from '../elsewhere.ts'
import type { LatencyPlan, Tail } from '../latency.ts'
import type { Machine } from '../machine.ts'
import type { Cell } from '../matrix.ts'
import type { Kind } from '../peer.ts'
import type { ResidentPlan, Weight } from '../resident.ts'
import type { Series } from '../series.ts'
import type { Result } from '../targets.ts'
import type { Whole } from '../whole.ts'

export interface Contestant {
  readonly name: string
  readonly note: string
  readonly kind: Kind
}

export interface Run {
  readonly mode: Mode
  readonly command: string
  readonly machine: Machine
  readonly seconds: number
  /** The load of the machine when the run ended. */
  readonly loadAfter: string
  /** The variant that a map without options gets. */
  readonly variant: string
  readonly contestants: readonly Contestant[]
  /** Who could not take part, and why. */
  readonly missing: Readonly<Record<string, string>>
  readonly rounds: Readonly<Record<'thread' | 'workers' | 'matrix', number>>
}

export interface Results {
  readonly run: Run
  readonly node?: { readonly series: readonly Series[]; readonly targets: readonly Result[] }
  readonly refs?: readonly Series[]
  readonly whole?: readonly Whole[]
  readonly matrix?: readonly Cell[]
  readonly latency?: { readonly plan: LatencyPlan; readonly tails: readonly Tail[] }
  readonly resident?: { readonly plan: ResidentPlan; readonly weights: readonly Weight[] }
  readonly core?: Core
}

export const PARTS = ['node', 'refs', 'whole', 'matrix', 'latency', 'resident', 'core'] as const
export type Part = (typeof PARTS)[number]

/** Four digits: more than any clock here deserves, and files that stay small. */
const short = (_key: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value

/** One line for each member of a list, so that two runs can be compared line by line. */
const textOf = (value: unknown): string =>
  `${JSON.stringify(value, short, 1).replace(/\[\s+([-\d.,\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, '')}]`)}\n`

/** Writes all parts; those that were not run are removed, so that no page mixes two runs. */
export const writeResults = (folder: string, results: Results): void => {
  mkdirSync(folder, { recursive: true })
  for (const part of ['run', ...PARTS] as const) {
    const file = join(folder, `${part}.json`)
    const value = results[part]
    if (value === undefined) rmSync(file, { force: true })
    else writeFileSync(file, textOf(value))
  }
}

export const readResults = (folder: string): Results => {
  const there = (['run', ...PARTS] as const).filter((part) => existsSync(join(folder, `${part}.json`)))
  const parts = there.map((part) => [part, JSON.parse(readFileSync(join(folder, `${part}.json`), 'utf8'))])
  return Object.fromEntries(parts) as Results
}
