// Exactness across threads: nothing is lost, nothing is doubled, and each contest has exactly one winner.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, type MapOptions } from '../index.ts'
import { createSeats } from './support/barrier.ts'
import type { Contest, Counting, Place } from './support/contest.ts'
import { Crew } from './support/crew.ts'
import { variants } from './support/variants.ts'

const parties = 4
const crew = new Crew<typeof import('./support/contest.ts')>(
  new URL('./support/contest.ts', import.meta.url),
  parties,
)
afterAll(() => crew.close())

const rounds = { rounds: 250, keysPerRound: 16 }
const keyCount = rounds.rounds * rounds.keysPerRound
const keys = Array.from({ length: keyCount }, (_, key) => key)

const overFreeKeys: readonly Contest[] = ['setIfAbsent', 'compareAndSetAbsent']
const overwriting: readonly Contest[] = ['compareAndSet', 'setIfVersion', 'update']
const removing: readonly Contest[] = ['take', 'delete', 'deleteMany', 'compareAndDelete', 'deleteIfVersion']
const countings: readonly Counting[] = [
  ...(['add of 1', 'add of 1n', 'addMany of two deltas', 'update with an increment'] as const),
  ...(['compareAndSet in a loop', 'setIfVersion in a loop'] as const),
]

describe.each(variants)('a $title map under four workers', ({ options }) => {
  it.each(countings)('counts exactly by %s, and tells every number once', async (how) => {
    const times = 15_000
    using map = new ConcurrentMap<string, number | bigint>(undefined, options)
    const told = (await crew.all('count', placesOf(map).and(how, times))).flat()
    const total = parties * times * (how === 'addMany of two deltas' ? 2 : 1)
    expect(Number(map.get('n'))).toBe(total)
    expect(told.length).toBe(total)
    expect(new Set(told.map(Number)).size).toBe(total)
    expect(told.map(Number).reduce((most, each) => Math.max(most, each))).toBe(total)
  })

  it.each(overFreeKeys)('lets exactly one caller of %s insert', async (contest) => {
    using map = new ConcurrentMap<number, unknown>(undefined, options)
    const winners = await winnersOf(map, contest)
    expect(map.getMany(keys)).toEqual(winners)
  })

  it.each(overwriting)('lets exactly one caller of %s overwrite', async (contest) => {
    using map = freeMap(options)
    const winners = await winnersOf(map, contest)
    expect(map.getMany(keys)).toEqual(winners)
  })

  it.each([...removing, 'updateToRemove'] as const)(
    'lets exactly one caller of %s remove',
    async (contest) => {
      using map = freeMap(options)
      await winnersOf(map, contest)
      expect(map.size).toBe(0)
    },
  )

  it('gives the old value to exactly one caller of swap', async () => {
    using map = freeMap(options)
    await winnersOf(map, 'swap')
    expect(map.size).toBe(keyCount)
  })

  it.each([
    ['getOrInsert', false],
    ['getOrInsertComputed', true],
  ] as const)('stores one value by %s, and every caller gets that one', async (_, computed) => {
    using map = new ConcurrentMap<number, number>(undefined, options)
    const answers = await crew.all('insertOnce', placesOf(map).and(computed, rounds))
    const stored = map.getMany(keys)
    for (const answer of answers) expect(answer).toEqual(stored)
  })

  it.each([...removing, 'updateToRemove'] as const)(
    'lets out by %s exactly what went in',
    async (remover) => {
      using map = new ConcurrentMap<number, unknown>(undefined, options)
      const balances = await crew.all('insertAndRemove', placesOf(map).and(remover, 2, 50_000))
      expect(balances.reduce((sum, each) => sum + each, 0)).toBe(map.size)
    },
  )

  it.each(['max', 'min'] as const)('never goes back by %s, and ends at the exact extreme', async (how) => {
    using map = new ConcurrentMap<number, number>(undefined, options)
    const times = 100_000
    const stepsBack = await crew.all('stretch', placesOf(map).and(how, 2, times))
    expect(stepsBack).toEqual(Array(parties).fill(undefined))
    const last = [times, times - 1].map((time) => (time * parties + parties) * (how === 'max' ? 1 : -1))
    expect(map.getMany([0, 1])).toEqual(last)
  })

  it('hands every value that was swapped in out again exactly once', async () => {
    using map = new ConcurrentMap<number, string>(undefined, options)
    const times = 25_000
    const out = (await crew.all('swapChain', placesOf(map).and(2, times))).flat()
    const everything = [...out, ...map.values()]
    expect(everything.length).toBe(parties * times)
    expect(new Set(everything).size).toBe(parties * times)
  })

  it('loses no add to a take of the same key', async () => {
    using map = new ConcurrentMap<number, number>(undefined, options)
    const times = 20_000
    const taken = await crew.all('addOrTake', placesOf(map).and(2, times))
    const left = [...map.values()].reduce((sum, each) => sum + each, 0)
    expect(taken.reduce((sum, each) => sum + each, 0) + left).toBe((parties - 1) * 2 * times)
  })
})

function freeMap(options: MapOptions): ConcurrentMap<number, unknown> {
  return new ConcurrentMap<number, unknown>(
    keys.map((key) => [key, 'free']),
    options,
  )
}

/** Runs the contest and returns, key by key, the number of its one winner. */
async function winnersOf(map: ConcurrentMap<number, unknown>, contest: Contest): Promise<number[]> {
  const won = await crew.all('win', placesOf(map).and(contest, rounds))
  const winners = keys.map((key) =>
    won.flatMap((keysWon, worker) => (keysWon[key] === 1 ? [worker + 1] : [])),
  )
  expect(winners.filter((list) => list.length !== 1)).toEqual([])
  return winners.map(([winner]) => winner as number)
}

/** The workers' first argument: one place each at the same map and barrier. Workers count from 1. */
function placesOf(map: { readonly handle: Place['handle'] }): {
  and<Rest extends unknown[]>(...rest: Rest): (worker: number) => [Place, ...Rest]
} {
  const { handle } = map
  const seats = createSeats()
  return {
    and:
      (...rest) =>
      (worker) => [{ handle, seats, me: worker + 1, parties }, ...rest],
  }
}
