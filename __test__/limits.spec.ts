// Limits: keys and values up to the limit fit, one byte more is a LimitError, checked before anything changes.
import { describe, expect, it } from 'vitest'
import { ConcurrentMap, LimitError, type MapOptions } from '../index.ts'
import { describeContent } from './support/describe.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

const kib64 = 65_536
const mib64 = 64 * 1_024 * 1_024
const limit = { code: 'THREADMAP_LIMIT' }

type TestMap = ConcurrentMap<never, unknown>
const open = (options: MapOptions) => new ConcurrentMap<never, unknown>(undefined, options)

describe.each(variants)('key limits of a $title map', ({ options }) => {
  const fitting: [string, unknown][] = [
    ['Latin-1 text', 'x'.repeat(kib64)],
    ['two-byte text', '\u4e2d'.repeat(kib64 / 2)],
    ['bytes', Buffer.alloc(kib64, 1)],
    ['a bigint', 1n << BigInt(kib64 * 7)],
  ]
  const tooLong: [string, unknown][] = [
    ['Latin-1 text', 'x'.repeat(kib64 + 1)],
    ['two-byte text', '\u4e2d'.repeat(kib64 / 2 + 1)],
    ['bytes', Buffer.alloc(kib64 + 1, 1)],
    ['a bigint', 1n << BigInt(kib64 * 8 + 64)],
    ['a tuple of long texts', ['x'.repeat(kib64 / 2), 'y'.repeat(kib64 / 2 + 1)]],
    ['a tuple of very many parts', Array.from({ length: kib64 + 1 }, () => 'z')],
    ['text of ten million characters', 'x'.repeat(10_000_000)],
  ]

  it.each(fitting)('%s of 64 KiB is a key', (_, key) => {
    using map = open(options)
    map.set(key as never, 1)
    expect(map.get(key as never)).toBe(1)
    expect(map.size).toBe(1)
  })

  it.each(tooLong)('%s of more is refused by every write, and nothing changes', (_, key) => {
    using map = open(options)
    map.set('k' as never, 1)
    const before = [map.version, describeContent(map)]
    for (const write of writesOf(map, key as never, 1)) {
      expect(write).toThrow(LimitError)
      expect(thrownBy(write)).toMatchObject(limit)
    }
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it.each(tooLong)('%s of more is a plain miss to reads and deletes', (_, longKey) => {
    using map = open(options)
    const key = longKey as never
    expect(map.get(key)).toBeUndefined()
    expect(map.has(key)).toBe(false)
    expect(map.delete(key)).toBe(false)
    expect(map.take(key)).toBeUndefined()
    expect(map.getEntry(key)).toBeUndefined()
    expect(map.getMany([key])).toEqual([undefined])
    expect(map.deleteMany([key])).toBe(0)
    expect(map.compareAndDelete(key, 1)).toBe(false)
  })

  it('maxKeyBytes moves the limit in both directions', () => {
    using small = open({ ...options, maxKeyBytes: 8 })
    small.set('12345678' as never, 1)
    expect(thrownBy(() => small.set('123456789' as never, 1))).toMatchObject(limit)
    using large = open({ ...options, maxKeyBytes: 1_000_000 })
    large.set('x'.repeat(1_000_000) as never, 1)
    expect(large.has('x'.repeat(1_000_000) as never)).toBe(true)
    expect(thrownBy(() => large.set('x'.repeat(1_000_001) as never, 1))).toMatchObject(limit)
  })

  it('setMany with one key too long stores none of its entries', () => {
    using map = open({ ...options, maxKeyBytes: 8 })
    const entries = [
      ['good', 1],
      ['far too long', 2],
      ['fine', 3],
    ] as never
    expect(thrownBy(() => map.setMany(entries))).toMatchObject(limit)
    expect(thrownBy(() => map.addMany(entries))).toMatchObject(limit)
    expect(map.size).toBe(0)
  })
})

describe.each(variants)('value limits of a $title map', ({ options }) => {
  const small = { ...options, maxValueBytes: 1_024 }
  const fitting: [string, unknown][] = [
    ['Latin-1 text', 'x'.repeat(1_024)],
    ['two-byte text', '\u4e2d'.repeat(512)],
    ['bytes', Buffer.alloc(1_024, 1)],
    ['an object', { text: 'x'.repeat(900) }],
    ['a number', 1],
  ]
  const tooLong: [string, unknown][] = [
    ['Latin-1 text', 'x'.repeat(1_025)],
    ['two-byte text', '\u4e2d'.repeat(513)],
    ['bytes', Buffer.alloc(1_025, 1)],
    ['an object', { text: 'x'.repeat(1_025) }],
    ['a bigint', 1n << 10_000n],
  ]

  it.each(fitting)('%s up to maxValueBytes is stored', (_, value) => {
    using map = open(small)
    map.set('k' as never, value)
    expect(map.get('k' as never)).toEqual(value)
  })

  it.each(tooLong)('%s of more is refused by every write, and nothing changes', (_, value) => {
    using map = open(small)
    map.set('k' as never, 1)
    const before = [map.version, describeContent(map)]
    const writes = [
      ...writesOf(map, 'new' as never, value),
      ...[() => map.replace('k' as never, value), () => map.compareAndSet('k' as never, 1, value)],
      () => map.setIfVersion('k' as never, value, map.getEntry('k' as never)?.version as never),
      () => map.update('k' as never, () => value),
      () =>
        map.setMany([
          ['good', 1],
          ['k', value],
        ] as never),
    ]
    for (const write of writes) {
      if (write.name === 'addsNumbers') continue
      expect(write).toThrow(LimitError)
    }
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('the default limit is 64 MiB', () => {
    using map = open(options)
    map.set('k' as never, Buffer.alloc(mib64))
    expect((map.get('k' as never) as Buffer).length).toBe(mib64)
    expect(thrownBy(() => map.set('k' as never, Buffer.alloc(mib64 + 1)))).toMatchObject(limit)
    expect((map.get('k' as never) as Buffer).length).toBe(mib64)
  })
})

describe.each(variants)('toJSON of a $title map', ({ options }) => {
  it('gives every entry up to 100,000 of them', () => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    expect(JSON.stringify({ map })).toBe('{"map":[["a",1]]}')
    map.setMany(Array.from({ length: 99_999 }, (_, index) => [String(index), index]))
    expect(map.toJSON().length).toBe(100_000)
  })

  it('refuses more with a LimitError', () => {
    using map = new ConcurrentMap<number, number>(undefined, options)
    map.setMany(Array.from({ length: 100_001 }, (_, index) => [index, index]))
    expect(() => map.toJSON()).toThrow(LimitError)
    expect(() => JSON.stringify(map)).toThrow(LimitError)
  })
})

/** Every operation that writes under `key`, whatever is there. */
function writesOf(map: TestMap, key: never, value: unknown): (() => unknown)[] {
  const addsNumbers = () => map.add(key, 1 as never)
  return [
    () => map.set(key, value),
    () => map.swap(key, value),
    () => map.setIfAbsent(key, value),
    () => map.getOrInsert(key, value),
    () => map.getOrInsertComputed(key, () => value),
    () => map.compareAndSet(key, ConcurrentMap.ABSENT, value),
    () => map.update(key, () => value),
    () =>
      map.setMany([
        ['good', 1],
        [key, value],
      ] as never),
    addsNumbers,
  ]
}
