// Odd values: what is read is bit for bit what was written, in every thread, by every operation that reads.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { Crew } from './support/crew.ts'
import { oddBytes, oddObjects, oddPrimitives } from './support/odd.ts'
import { isSame, type Table } from './support/odd-checks.ts'
import { variants } from './support/variants.ts'

const crew = new Crew<typeof import('./support/odd-checks.ts')>(
  new URL('./support/odd-checks.ts', import.meta.url),
  1,
)
afterAll(() => crew.close())

const tables: readonly (readonly [string, Table, readonly unknown[]])[] = [
  ['primitives', 'oddPrimitives', oddPrimitives],
  ['buffers', 'oddBytes', oddBytes],
  ['objects', 'oddObjects', oddObjects],
]

describe.each(variants)('odd values in a $title map', ({ options }) => {
  describe.each(tables)('%s', (_, table, values) => {
    const filled = () => new ConcurrentMap<number, unknown>(values.entries(), options)
    const misread = (read: (index: number) => unknown) =>
      values.flatMap((value, index) => (isSame(read(index), value) ? [] : [index]))

    it('come back exactly', () => {
      using map = filled()
      expect(map.size).toBe(values.length)
      expect(misread((index) => map.get(index))).toEqual([])
    })

    it('come back exactly in a second worker', async () => {
      using map = filled()
      expect(await crew.run(0, 'misreadValues', map.handle, table)).toEqual([])
    })

    it('come back exactly from getMany, getEntry, entries, values and forEach', () => {
      using map = filled()
      const many = map.getMany(values.keys())
      const entries = new Map(map.entries())
      const each = new Map<number, unknown>()
      map.forEach((value, key) => each.set(key, value))
      expect(misread((index) => many[index])).toEqual([])
      expect(misread((index) => map.getEntry(index)?.value)).toEqual([])
      expect(misread((index) => entries.get(index))).toEqual([])
      expect(misread((index) => each.get(index))).toEqual([])
      const remaining = [...map.values()]
      for (const value of values) {
        remaining.splice(
          remaining.findIndex((candidate) => isSame(candidate, value)),
          1,
        )
      }
      expect(remaining).toEqual([])
    })

    it('come back exactly from each operation that hands values on', () => {
      using map = new ConcurrentMap<number, unknown>(undefined, options)
      expect(misread((index) => map.getOrInsert(index, values[index]))).toEqual([])
      expect(misread((index) => map.getOrInsert(index, 'never'))).toEqual([])
      expect(misread((index) => map.swap(index, 'swapped'))).toEqual([])
      expect(misread((index) => map.update(index, () => values[index]))).toEqual([])
      expect(misread((index) => seenByUpdate(map, index))).toEqual([])
      expect(misread((index) => map.take(index))).toEqual([])
      expect(misread((index) => map.getOrInsertComputed(index, () => values[index]))).toEqual([])
      expect(misread((index) => map.getOrInsertComputed(index, () => 'never'))).toEqual([])
    })

    it('equal themselves as what compareAndSet and compareAndDelete expect', () => {
      using map = filled()
      values.forEach((value, index) => {
        expect(map.compareAndSet(index, 'something else', 1), `value ${index}`).toBe(false)
        expect(map.compareAndSet(index, value, value), `value ${index}`).toBe(true)
        expect(map.compareAndDelete(index, value), `value ${index}`).toBe(true)
      })
      expect(map.size).toBe(0)
    })
  })

  it('no two of them are equal as what compareAndSet expects', () => {
    // Long values only repeat what short ones show, and objects are compared by encoded bytes (codecs.spec.ts).
    const values = [...oddPrimitives, ...oddBytes].filter((value) => sizeOf(value) <= 16)
    using map = new ConcurrentMap<number, unknown>(values.entries(), options)
    const wronglyEqual: unknown[] = []
    values.forEach((value, index) => {
      values.forEach((expected, other) => {
        if (map.compareAndSet(index, expected, value) !== sameContent(value, expected)) {
          wronglyEqual.push([index, other])
        }
      })
    })
    expect(wronglyEqual).toEqual([])
  })

  it('keep -0 apart from 0 when read, though both match as expected', () => {
    using map = new ConcurrentMap<string, number>([['zero', -0]], options)
    expect(map.get('zero')).toBe(-0)
    expect(map.compareAndSet('zero', 0, 0)).toBe(true)
    expect(map.get('zero')).toBe(0)
    expect(map.compareAndSet('zero', -0, -0)).toBe(true)
    expect(map.get('zero')).toBe(-0)
  })
})

function seenByUpdate(map: ConcurrentMap<number, unknown>, key: number): unknown {
  let seen: unknown
  map.update(key, (old) => {
    seen = old
    return old
  })
  return seen
}

function sizeOf(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0
}

function sameContent(a: unknown, b: unknown): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0
  return a === b || Object.is(a, b)
}
