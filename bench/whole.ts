// The whole map at once: going over it, and keeping its content of one moment, which others do by copying.
// Invariant: each lane has code of its own (loop.ts), and all lanes of a scene run in the same rounds.
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { enableMapSet, produce } from 'immer'
import { Map as ImmutableMap } from 'immutable'
import { open } from 'lmdb'
import { ConcurrentMap, FrozenMap } from '../index.ts'
import { contentOf, keyAt } from './keys.ts'
import { fresh } from './loop.ts'
import type { Plan } from './plan.ts'
import { interleave, type Lane } from './rounds.ts'
import { sink } from './thread.ts'

/** One line of a scene: the price of an entry, or of all that is done once, in each round. */
export interface Whole {
  readonly scene: string
  readonly size: number
  readonly peer: string
  readonly prices: readonly number[]
}

type Entries = Iterable<readonly [string, number]>
type Work = (subject: never, key: string) => number
type Runner = readonly [peer: string, subject: unknown, work: (subject: never, key: string) => number]

/** Entries of the maps, unless a plan says otherwise. */
const SIZES: readonly number[] = [1_000, 100_000]
const VARIANTS = ['sharded', 'lock-free', 'snapshot'] as const
const WARM_ROUNDS = 3

const runScene = async (
  scene: string,
  size: number,
  divisor: number,
  plan: Plan,
  runners: readonly Runner[],
): Promise<Whole[]> => {
  const key = keyAt(size >> 1)
  let slot = plan.warm
  const lanes = runners.map(([, subject, given]): Lane => {
    const work = fresh(given) as Work
    return {
      measure: () => {
        const start = process.hrtime.bigint()
        const end = start + BigInt(slot * 1e6)
        let now = start
        let runs = 0
        while (now < end) {
          sink.sum += work(subject as never, key)
          runs += 1
          now = process.hrtime.bigint()
        }
        return Number(now - start) / runs / divisor
      },
    }
  })
  await interleave(lanes, WARM_ROUNDS)
  slot = plan.slot
  const prices = await interleave(lanes, plan.rounds)
  return runners.map(([peer], place) => ({ scene, size, peer, prices: prices[place] as number[] }))
}

// Compiled afresh for each competitor: they use nothing but their parameters.
const walk = (map: Entries): number => {
  let sum = 0
  for (const [, value] of map) sum += value
  return sum
}

interface Ordered {
  getRange(): Iterable<{ readonly key: string; readonly value: number }>
}
const walkRange = (database: Ordered): number => {
  let sum = 0
  for (const { value } of database.getRange()) sum += value
  return sum
}

interface Locked {
  readonly lockWrite: true
}
interface Table {
  keys(options?: Locked): Iterable<string>
  get(key: string, options?: Locked): string
  set(key: string, value: number): void
}
const walkKeys = (table: Table): number => {
  let sum = 0
  for (const key of table.keys()) sum += Number(table.get(key))
  return sum
}

const hold = (map: ConcurrentMap<string, number>, key: string): number => {
  const held = map.snapshot()
  map.set(key, 1)
  held.close()
  return 1
}
const clone = (
  { map, copy }: { map: Map<string, number>; copy: typeof structuredClone },
  key: string,
): number => {
  const held = copy(map)
  map.set(key, 1)
  return held.size
}
const copyLocked = (
  { map, lock }: { map: Map<string, number>; lock: Int32Array<SharedArrayBuffer> },
  key: string,
): number => {
  while (Atomics.compareExchange(lock, 0, 0, 1) !== 0) Atomics.wait(lock, 0, 1)
  const held = new Map(map)
  map.set(key, 1)
  Atomics.store(lock, 0, 0)
  Atomics.notify(lock, 0)
  return held.size
}
const copyTable = (table: Table, key: string): number => {
  const held = new Map<string, number>()
  for (const one of table.keys({ lockWrite: true }))
    held.set(one, Number(table.get(one, { lockWrite: true })))
  table.set(key, 1)
  return held.size
}
const changeImmutable = (map: ImmutableMap<string, number>, key: string): number =>
  map.set(key, (map.get(key) ?? 0) + 1).size
const changeImmer = (
  { map, change }: { map: ReadonlyMap<string, number>; change: typeof produce },
  key: string,
): number =>
  change(map, (draft) => {
    ;(draft as Map<string, number>).set(key, (draft.get(key) ?? 0) + 1)
  }).size

const scenesOf = async (size: number, plan: Plan): Promise<Whole[]> => {
  enableMapSet()
  const content = contentOf(size, 'number') as [string, number][]
  const numbers = content.map(([, value], at): [number, number] => [at, value])
  const ours = VARIANTS.map((variant) => [variant, new ConcurrentMap(content, { variant })] as const)
  const ofNumbers = VARIANTS.map((variant) => [variant, new ConcurrentMap(numbers, { variant })] as const)
  const snapshots = ours.map(([variant, map]) => [`snapshot() of ${variant}`, map.snapshot()] as const)
  const folder = mkdtempSync(join(tmpdir(), 'threadmap-whole-'))
  ours[0]?.[1].freeze(join(folder, 'frozen.tmf'))
  const frozen = FrozenMap.open<string, number>(join(folder, 'frozen.tmf'))
  const database = open<number, string>({
    path: join(folder, 'lmdb'),
    noSync: true,
    encoding: 'ordered-binary',
  })
  await database.transaction(() => {
    for (const [key, value] of content) database.put(key, value)
  })
  const SharedMap = createRequire(import.meta.url)('sharedmap')
  const table: Table = new SharedMap(2 * size, 20, 12)
  for (const [key, value] of content) table.set(key, value)
  const local = new Map(content)
  const lock = new Int32Array(new SharedArrayBuffer(4))
  const series = [
    ...(await runScene('iterate string16 -> number, an entry', size, size, plan, [
      ['Map', local, walk],
      ...[...ours, ...snapshots].map(([name, map]): Runner => [name, map, walk]),
      ['FrozenMap', frozen, walk],
      ['lmdb getRange', database, walkRange],
      ['sharedmap keys, get', table, walkKeys],
    ])),
    ...(await runScene('iterate number -> number, an entry', size, size, plan, [
      ['Map', new Map(numbers), walk],
      ...ofNumbers.map(([name, map]): Runner => [name, map, walk]),
    ])),
    ...(await runScene('keep the content of a moment and change one entry', size, 1, plan, [
      ...[...ours].reverse().map(([name, map]): Runner => [`snapshot() of ${name}`, map, hold]),
      ['immutable: set', ImmutableMap(content), changeImmutable],
      ['immer: produce', { map: local, change: produce }, changeImmer],
      ['structuredClone of a Map', { map: local, copy: structuredClone }, clone],
      ['new Map(map) under a lock', { map: local, lock }, copyLocked],
      ['sharedmap, copied under its lock', table, copyTable],
    ])),
  ]
  for (const [, map] of [...snapshots, ...ours, ...ofNumbers]) map.close()
  frozen.close()
  await database.close()
  rmSync(folder, { recursive: true })
  return series
}

/** All scenes about whole maps. */
export const runWhole = async (plan: Plan, sizes: readonly number[] = SIZES): Promise<Whole[]> => {
  const series: Whole[] = []
  for (const size of sizes) series.push(...(await scenesOf(size, plan)))
  return series
}
