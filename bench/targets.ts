// The targets and how far they are reached. They are reported, never asserted: a benchmark that fails a build on
// a busy machine is soon switched off. Invariant: both sides of a ratio come from the same rounds of one scene.
import type { Draw } from './keys.ts'
import { type Spread, spread } from './rounds.ts'
import type { Series, Setting } from './series.ts'

interface Side {
  readonly operation: string
  readonly peer: string
  readonly setting: Setting
}

interface Target {
  readonly title: string
  /** Left out where a row is no target but what a target has to be read by. */
  readonly limit?: number
  readonly sense: 'at most' | 'at least'
  readonly scene: string
  readonly over: Side
  readonly under: Side
  /** Counts only the rounds in which two workers with private Maps reached this speedup themselves. */
  readonly machineGave?: number
}

export interface Result {
  readonly target: Target
  /** How many rounds the ratio stands on. */
  readonly rounds: number
  /** Undefined where one of the sides was not measured in this run. */
  readonly ratio: Spread | undefined
  /** Undefined too where there is no limit. */
  readonly met: boolean | undefined
}

const BASE: Draw = { distribution: 'uniform', origin: 'recurring', size: 1_000 }
const sceneOf = (section: 'thread' | 'workers', operation: string, draw: Partial<Draw> = {}): string => {
  const { distribution, origin, size } = { ...BASE, ...draw }
  return `${section} ${operation} ${distribution} ${origin} ${size}`
}
const side = (operation: string, peer: string, setting: Setting = '1 thread'): Side => ({
  operation,
  peer,
  setting,
})

const scaling = (operation: string): Target => ({
  title: `${operation}: two workers on two maps >= 1.9x one`,
  limit: 1.9,
  sense: 'at least',
  scene: sceneOf('workers', operation),
  over: side(operation, 'threadmap', '1 worker'),
  under: side(operation, 'threadmap', '2 workers, two maps'),
})

// Virtual machines lend their second core by the second. Two threads that share nothing at all say what it gave:
// where they do not double, no map can, and a target missed in such a run says nothing.
const MACHINE_DOUBLES = 1.9
const machine = (operation: string): Target[] => {
  const { limit, ...rest } = scaling(operation)
  const over = side(operation, 'Map', '1 worker')
  const under = side(operation, 'Map', '2 workers, two maps')
  return [
    { ...rest, title: '  (two private Maps, same rounds: the machine)', over, under },
    { ...rest, title: '  (rounds in which the machine gave 1.9x)', machineGave: MACHINE_DOUBLES },
  ]
}

const thanLmdb = (what: string, limit: number, operation: string, peer: string): Target => ({
  title: `${what} >= ${limit}x ${peer}`,
  limit,
  sense: 'at least',
  scene: sceneOf('thread', operation),
  over: side(operation, peer),
  under: side(operation, 'threadmap'),
})

/** All at 1,000 keys, uniform. The lmdb rows say how many times faster this map is. */
const TARGETS: readonly Target[] = [
  {
    title: 'get(string16) -> number <= 1.5x the floor',
    limit: 1.5,
    sense: 'at most',
    scene: sceneOf('thread', 'get'),
    over: side('get', 'threadmap'),
    under: side('get', 'floor'),
  },
  {
    title: 'the same, keys built per call <= 0.8x Map',
    limit: 0.8,
    sense: 'at most',
    scene: sceneOf('thread', 'get', { origin: 'built' }),
    over: side('get', 'threadmap'),
    under: side('get', 'Map'),
  },
  thanLmdb('string get', 4, 'getText', 'lmdb'),
  thanLmdb('string set', 10, 'setText', 'lmdb batched put'),
  // Not asked for; beside the batched put because the faster of the two depends on the machine.
  thanLmdb('string set', 10, 'setText', 'lmdb transaction'),
  {
    title: 'add <= 1.2x set',
    limit: 1.2,
    sense: 'at most',
    scene: sceneOf('thread', 'add'),
    over: side('add', 'threadmap'),
    under: side('set', 'threadmap'),
  },
  scaling('get'),
  ...machine('get'),
  scaling('set'),
  ...machine('set'),
]

// biome-ignore format: one target a line
const REFS: readonly (readonly [title: string, limit: number, scene: string, operation: string, over: string, under: string])[] = [
  ['ref.get() <= 0.7x Map.get', 0.7, 'get 1000', 'get', 'ref', 'Map'],
  ['a near hit <= 1.8x Map.get', 1.8, 'get 1000', 'get', 'near', 'Map'],
  ['ref.set(number) <= 0.7x map.set', 0.7, 'set 1000', 'set', 'ref', 'threadmap'],
  ['ref.add <= 0.7x map.add', 0.7, 'add 1000', 'add', 'ref', 'threadmap'],
  ['set of a map with refs <= 1.15x one without', 1.15, 'set 1000', 'set', 'threadmap', 'threadmap without refs'],
  ['add of a map with refs <= 1.15x one without', 1.15, 'add 1000', 'add', 'threadmap', 'threadmap without refs'],
  ['lock-free: ref.set(number) <= 0.7x map.set', 0.7, 'set lock-free 1000', 'set', 'ref', 'threadmap'],
  ['lock-free: ref.add <= 0.7x map.add', 0.7, 'add lock-free 1000', 'add', 'ref', 'threadmap'],
  ['ref.get() beside a writer <= 1.43x alone', 1.43, 'get beside a writer 10000', 'get', 'ref beside a writer', 'ref'],
]
const ofRefs = REFS.map(
  ([title, limit, scene, operation, over, under]): Target => ({
    title,
    limit,
    sense: 'at most',
    scene: `refs ${scene}`,
    over: side(operation, over),
    under: side(operation, under),
  }),
)
const inBulk = (['get', 'set', 'add'] as const).map(
  (operation): Target => ({
    title: `${operation}Many, for each key <= 0.6x ${operation}`,
    limit: 0.6,
    sense: 'at most',
    scene: sceneOf('thread', `${operation}Many`),
    over: side(`${operation}Many`, 'threadmap'),
    under: side(operation, 'threadmap'),
  }),
)

const NOTHING = { rounds: 0, ratio: undefined, met: undefined } as const

const judgeOne = (target: Target, series: readonly Series[]): Result => {
  const scene = series.filter((one) => one.scene === target.scene)
  const find = ({ operation, peer, setting }: Side): readonly number[] | undefined =>
    scene.find((one) => one.operation === operation && one.peer === peer && one.setting === setting)?.prices
  const speedups = (over: Side, under: Side): number[] => {
    const divisors = find(under)
    return divisors === undefined ? [] : (find(over) ?? []).map((price, i) => price / (divisors[i] as number))
  }
  let ratios = speedups(target.over, target.under)
  const { machineGave, limit, sense } = target
  if (machineGave !== undefined) {
    const given = speedups({ ...target.over, peer: 'Map' }, { ...target.under, peer: 'Map' })
    ratios = ratios.filter((_, round) => (given[round] ?? 0) >= machineGave)
  }
  if (ratios.length === 0) return { target, ...NOTHING }
  const measured = spread(ratios)
  const rounds = ratios.length
  if (limit === undefined) return { target, rounds, ratio: measured, met: undefined }
  const met = sense === 'at most' ? measured.median <= limit : measured.median >= limit
  return { target, rounds, ratio: measured, met }
}

export const judge = (series: readonly Series[]): Result[] =>
  [...TARGETS, ...ofRefs, ...inBulk].map((target) => judgeOne(target, series))
