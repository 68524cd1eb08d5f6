// Iteration: no key twice, every key that stays exactly once, whatever other threads or the loop itself do meanwhile.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, type MapOptions } from '../index.ts'
import { begun, createFlag, raise } from './support/churn.ts'
import { Crew } from './support/crew.ts'
import { variants } from './support/variants.ts'

const crew = new Crew<typeof import('./support/churn.ts')>(new URL('./support/churn.ts', import.meta.url), 3)
afterAll(() => crew.close())

const stable = 3_000

type Forms = Record<string, (map: ConcurrentMap<string, number>) => Iterable<string>>
const forms: Forms = {
  'entries()': (map) => map.entries().map(([key]) => key),
  'keys()': (map) => map.keys(),
  'for..of': (map) => Array.from(map, ([key]) => key),
  'forEach()': (map) => keysOfForEach(map),
}

function keysOfForEach(map: ConcurrentMap<string, number>): string[] {
  const keys: string[] = []
  map.forEach((_, key) => keys.push(key))
  return keys
}

function numbered(count: number, options: MapOptions): ConcurrentMap<string, number> {
  return new ConcurrentMap<string, number>(
    Array.from({ length: count }, (_, index) => [`stable ${index}`, index]),
    options,
  )
}

function expectEachOnce(keys: readonly string[], expected: number): void {
  expect(new Set(keys).size).toBe(keys.length)
  expect(keys.filter((key) => key.startsWith('stable')).length).toBe(expected)
}

describe.each(variants)('iteration over a $title map while other threads write', ({ options }) => {
  it.each(Object.keys(forms))('%s gives each key that stays exactly once and none twice', async (form) => {
    using map = numbered(stable, options)
    const flag = createFlag()
    const writers = [
      crew.run(0, 'growAndShrink', map.handle, flag, 0),
      crew.run(1, 'writeSingleKeys', map.handle, flag, stable),
    ]
    await begun(flag, writers.length)
    const visits: string[][] = []
    for (let round = 0; round < 25; round += 1) visits.push([...(forms[form]?.(map) ?? [])])
    raise(flag)
    await Promise.all(writers)
    for (const keys of visits) expectEachOnce(keys, stable)
  })

  it('holds in several iterating threads at once', async () => {
    using map = numbered(stable, options)
    const flag = createFlag()
    const writer = crew.run(0, 'growAndShrink', map.handle, flag, 0)
    const readers = [crew.run(1, 'countVisits', map.handle, 15), crew.run(2, 'countVisits', map.handle, 15)]
    const visits = await Promise.all(readers)
    raise(flag)
    await writer
    for (const { rounds, twice } of visits) {
      expect(twice).toEqual([])
      expect(rounds).toEqual(Array(15).fill(stable))
    }
  })

  it('finds the values of whole writes only', async () => {
    using map = numbered(stable, options)
    const flag = createFlag()
    const writer = crew.run(0, 'writeSingleKeys', map.handle, flag, stable)
    await begun(flag, 1)
    for (let round = 0; round < 10; round += 1) {
      for (const [key, value] of map) {
        if (typeof value !== 'number' || !Number.isInteger(value)) expect.fail(`${key} holds ${value}`)
      }
    }
    raise(flag)
    await writer
  })
})

describe.each(variants)('iteration over a $title map that its own loop changes', ({ options }) => {
  it('gives each key that stays once while the loop makes the map grow a hundredfold', () => {
    using map = numbered(300, options)
    const visited: string[] = []
    let added = 0
    for (const key of map.keys()) {
      visited.push(key)
      for (let extra = 0; extra < 100 && added < 30_000; extra += 1) map.set(`added ${added++}`, 0)
    }
    expectEachOnce(visited, 300)
    expect(added).toBe(30_000)
  })

  it('gives each key that stays once while the loop makes the map shrink to a hundredth', () => {
    using map = numbered(300, options)
    map.setMany(Array.from({ length: 30_000 }, (_, index) => [`passing ${index}`, index]))
    const visited: string[] = []
    let passing = 0
    for (const key of map.keys()) {
      visited.push(key)
      for (let extra = 0; extra < 10; extra += 1) map.delete(`passing ${passing++}`)
    }
    expectEachOnce(visited, 300)
    expect(map.size).toBe(Math.max(300, 30_300 - passing))
  })

  it('gives each key once when the loop deletes what it is given', () => {
    using map = numbered(5_000, options)
    const visited: string[] = []
    for (const [key] of map) {
      visited.push(key)
      expect(map.delete(key)).toBe(true)
    }
    expectEachOnce(visited, 5_000)
    expect(map.size).toBe(0)
  })

  it('gives each key once when the loop deletes and inserts what it is given', () => {
    using map = numbered(5_000, options)
    const visited: string[] = []
    for (const key of map.keys()) {
      visited.push(key)
      map.delete(key)
      map.set(key, -1)
    }
    expectEachOnce(visited, 5_000)
    expect(map.size).toBe(5_000)
  })

  it('never gives an entry that was deleted before the loop began', () => {
    using map = numbered(2_000, options)
    for (let index = 0; index < 2_000; index += 2) map.delete(`stable ${index}`)
    expectEachOnce([...map.keys()], 1_000)
  })

  it('ends soon after a clear in the loop, and forEach survives one in its callback', () => {
    using map = numbered(20_000, options)
    let visited = 0
    for (const _ of map) {
      visited += 1
      map.clear()
    }
    // What was fetched before the clear may still come: one chunk, not the map.
    expect(visited).toBeGreaterThan(0)
    // The snapshot variant goes over one moment: all that there was then comes.
    if (options.variant === 'snapshot') expect(visited).toBe(20_000)
    else expect(visited).toBeLessThan(20_000)
    expect(map.size).toBe(0)
    map.set('a', 1).set('b', 2)
    map.forEach(() => map.clear())
    expect(map.size).toBe(0)
  })

  it('nests, each loop complete in itself', () => {
    using map = numbered(60, options)
    const inner: number[] = []
    for (const _ of map.keys()) inner.push([...map.values()].reduce((sum, value) => sum + value, 0))
    expect(inner).toEqual(Array(60).fill((60 * 59) / 2))
  })

  it('interleaves two iterators of one map', () => {
    using map = numbered(1_000, options)
    const [first, second] = [map.keys(), map.keys()]
    const seen: [string[], string[]] = [[], []]
    for (let step = first.next(); !step.done; step = first.next()) {
      seen[0].push(step.value)
      const other = second.next()
      if (!other.done) seen[1].push(other.value)
    }
    for (const keys of seen) expectEachOnce(keys, 1_000)
  })

  it('stops forEach at a throw of its callback, which reaches the caller', () => {
    using map = numbered(100, options)
    let calls = 0
    const failing = () => {
      calls += 1
      throw new Error('enough')
    }
    expect(() => map.forEach(failing)).toThrow('enough')
    expect(calls).toBe(1)
    expect(map.size).toBe(100)
    map.set('usable', 1)
    expect(map.get('usable')).toBe(1)
  })
})

describe.each(variants)('iterators of a $title map', ({ options }) => {
  it('are real iterators with the helpers of Iterator.prototype', () => {
    using map = numbered(100, options)
    for (const iterator of [map.entries(), map.keys(), map.values(), map[Symbol.iterator]()]) {
      expect(iterator).toBeInstanceOf(Iterator)
      expect(iterator[Symbol.iterator]()).toBe(iterator)
    }
    const picked = map
      .keys()
      .filter((key) => key.endsWith('7'))
      .take(4)
      .toArray()
    expect(picked.length).toBe(4)
    expect(new Set(picked).size).toBe(4)
    expect(map.values().drop(90).toArray().length).toBe(10)
    expect(map.entries().reduce((sum, [, value]) => sum + value, 0)).toBe((100 * 99) / 2)
    expect(map.values().some((value) => value === 99)).toBe(true)
  })

  it('stay done once they are done', () => {
    using map = numbered(1, options)
    const iterator = map.keys()
    expect(iterator.next()).toEqual({ done: false, value: 'stable 0' })
    expect(iterator.next()).toEqual({ done: true, value: undefined })
    map.set('later', 1)
    expect(iterator.next()).toEqual({ done: true, value: undefined })
  })

  it('left in the middle, by break, return or neglect, disturb nobody', () => {
    using map = numbered(2_000, options)
    const abandoned = []
    for (let time = 0; time < 5_000; time += 1) {
      const iterator = map.keys()
      iterator.next()
      abandoned.push(iterator)
    }
    for (const _ of map) break
    map.values().return?.(undefined)
    expectEachOnce([...map.keys()], 2_000)
    map.clear()
    map.set('usable', 1)
    expect([...map.keys()]).toEqual(['usable'])
    for (const iterator of abandoned) expect(iterator.next().done).toBeTypeOf('boolean')
  })

  it('over an empty map are done at once', () => {
    using map = new ConcurrentMap<string, number>(undefined, options)
    expect([[...map], [...map.keys()], [...map.values()]]).toEqual([[], [], []])
    map.forEach(() => expect.fail('there is nothing to call back for'))
  })

  it('throw MapClosedError once their map is closed', () => {
    const map = numbered(10_000, options)
    const started = map.keys()
    started.next()
    const fresh = map.keys()
    map.close()
    expect(() => fresh.next()).toThrow(expect.objectContaining({ code: 'THREADMAP_MAP_CLOSED' }))
    expect(() => [...started]).toThrow(expect.objectContaining({ code: 'THREADMAP_MAP_CLOSED' }))
  })

  it('let forEach close the map in its callback, which then throws MapClosedError', () => {
    const map = numbered(10_000, options)
    expect(() => map.forEach(() => map.close())).toThrow(
      expect.objectContaining({ code: 'THREADMAP_MAP_CLOSED' }),
    )
  })

  it('forEach binds its second argument as this', () => {
    using map = numbered(2, options)
    const self = {}
    const seen: unknown[] = []
    map.forEach(function (this: unknown) {
      seen.push(this)
    }, self)
    expect(seen).toEqual([self, self])
    expect(seen[0]).toBe(self)
  })
})
