// Odd keys: each pair of the table is two keys, in every thread, through every operation that takes or gives keys.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { Crew } from './support/crew.ts'
import { describeKey } from './support/describe.ts'
import { equalKeys, oddKeys } from './support/odd.ts'
import { variants } from './support/variants.ts'

const crew = new Crew<typeof import('./support/odd-checks.ts')>(
  new URL('./support/odd-checks.ts', import.meta.url),
  1,
)
afterAll(() => crew.close())

const keys = oddKeys as never[]
const positions = keys.map((_, index) => index)

it('the table has at least 60 keys, and no two with one description', () => {
  expect(keys.length).toBeGreaterThanOrEqual(60)
  expect(new Set(keys.map(describeKey)).size).toBe(keys.length)
})

describe.each(variants)('odd keys in a $title map', ({ options }) => {
  const filled = () =>
    new ConcurrentMap<never, unknown>(
      positions.map((index) => [keys[index] as never, index]),
      options,
    )

  it('are all distinct', () => {
    using map = new ConcurrentMap<never, unknown>(undefined, options)
    for (const index of positions) {
      expect(map.has(keys[index] as never)).toBe(false)
      map.set(keys[index] as never, index)
      expect(map.size).toBe(index + 1)
    }
    expect(map.getMany(keys)).toEqual(positions)
  })

  it('are readable from a second worker', async () => {
    using map = filled()
    expect(await crew.run(0, 'misreadKeys', map.handle)).toEqual([])
  })

  it('come back exactly from keys() in both threads', async () => {
    using map = filled()
    const given = new Set(Array.from(map.keys(), describeKey))
    expect(given.size).toBe(keys.length)
    expect(keys.filter((key) => !given.has(describeKey(key)))).toEqual([])
    expect(await crew.run(0, 'lostKeys', map.handle)).toEqual([])
  })

  it('come back from keys() as the same kind of thing', () => {
    using map = filled()
    const kinds = (list: Iterable<unknown>) => Array.from(list, kindOf).sort()
    expect(kinds(map.keys())).toEqual(kinds(keys))
  })

  it('overwritten one by one by a second worker leave the others alone', async () => {
    using map = filled()
    const expected: unknown[] = [...positions]
    for (const index of positions) {
      await crew.run(0, 'setKey', map.handle, index, `new ${index}`)
      expected[index] = `new ${index}`
      expect(map.getMany(keys)).toEqual(expected)
    }
    expect(map.size).toBe(keys.length)
  })

  it('deleted one by one by a second worker leave the others alone', async () => {
    using map = filled()
    const expected: unknown[] = [...positions]
    for (const index of positions) {
      expect(await crew.run(0, 'deleteKey', map.handle, index)).toBe(true)
      expected[index] = undefined
      expect(map.getMany(keys)).toEqual(expected)
      expect(map.size).toBe(keys.length - index - 1)
    }
  })

  it('go through every operation that writes', () => {
    using map = new ConcurrentMap<never, unknown>(undefined, options)
    for (const [index, key] of keys.entries()) {
      expect(map.setIfAbsent(key, 'first')).toBe(true)
      expect(map.replace(key, index)).toBe(true)
      expect(map.compareAndSet(key, index, 1)).toBe(true)
      expect(map.add(key, index)).toBe(index + 1)
      expect(map.update(key, (old) => [old])).toEqual([index + 1])
      expect(map.swap(key, 'last')).toEqual([index + 1])
      expect(map.getOrInsert(key, 'never')).toBe('last')
      expect(map.getOrInsertComputed(key, () => 'never')).toBe('last')
      const version = map.getEntry(key)?.version as never
      expect(map.setIfVersion(key, index, version)).toBe(true)
    }
    expect(map.getMany(keys)).toEqual(positions)
    for (const [index, key] of keys.entries()) expect(map.take(key)).toBe(index)
    expect(map.size).toBe(0)
  })

  it('reach the function of getOrInsertComputed as they are', () => {
    using map = new ConcurrentMap<never, unknown>(undefined, options)
    const computed = keys.map((key) => map.getOrInsertComputed(key, describeKey))
    expect(computed).toEqual(keys.map(describeKey))
  })
})

describe.each(variants)('equal keys in a $title map', ({ options }) => {
  it.each(equalKeys)('%s are one key', (_, first, second) => {
    using map = new ConcurrentMap<never, unknown>(undefined, options)
    map.set(first as never, 1)
    expect(map.get(second as never)).toBe(1)
    map.set(second as never, 2)
    expect(map.size).toBe(1)
    expect(map.get(first as never)).toBe(2)
    expect(map.delete(second as never)).toBe(true)
    expect(map.size).toBe(0)
  })

  it('a key of -0 comes back as 0', () => {
    using map = new ConcurrentMap<number, unknown>([[-0, 1]], options)
    expect([...map.keys()]).toEqual([0])
    expect(map.getOrInsertComputed(-0, () => 2)).toBe(1)
  })
})

function kindOf(key: unknown): string {
  if (Array.isArray(key)) return 'tuple'
  if (key instanceof Uint8Array) return 'bytes'
  return key === null ? 'null' : typeof key
}
