// Maps over a frozen file: one map to look at, whatever lies in memory and whatever in the file.
// Invariant of every test: an entry moving between the two can be seen in the figures alone.
import { inspect } from 'node:util'
import { afterAll, beforeEach, describe, expect, it } from 'vitest'
import {
  ConcurrentMap,
  CorruptFileError,
  FileError,
  FrozenMap,
  OptionsConflictError,
  TieredMap,
  UnsupportedError,
} from '../index.ts'
import { Crew } from './support/crew.ts'
import { freshPath } from './support/scratch.ts'
import { thrownBy } from './support/thrown.ts'
import { tierOver } from './support/tiers.ts'
import { tierable } from './support/variants.ts'

const crew = new Crew<typeof import('./support/frozen-tasks.ts')>(
  new URL('./support/frozen-tasks.ts', import.meta.url),
)
afterAll(() => crew.close())

function* squares(count: number): Generator<[number, number]> {
  for (let key = 0; key < count; key++) yield [key, key * key]
}

const sorted = <K, V>(map: Iterable<readonly [K, V]>) => [...map].sort(([a], [b]) => Number(a) - Number(b))

describe.each(tierable())('a tiered map, $title', ({ options }) => {
  it('has what the file has, and what is written shadows it', () => {
    const map = tierOver(squares(100), options)
    expect([map.get(7), map.has(7), map.size, map.get(100)]).toEqual([49, true, 100, undefined])
    map.set(7, -7).set(100, -100)
    expect([map.get(7), map.get(100), map.size]).toEqual([-7, -100, 101])
    expect(map.swap(8, -8)).toBe(64)
    expect(map.add(9, 1)).toBe(82)
    expect(map.setIfAbsent(10, 0)).toBe(false)
    expect(map.compareAndSet(10, 100, 1)).toBe(true)
    expect([map.get(8), map.get(9), map.get(10), map.size]).toEqual([-8, 82, 1, 101])
  })

  it('hides what is deleted, for good', () => {
    const map = tierOver(squares(100), options)
    expect(map.delete(7)).toBe(true)
    expect([map.get(7), map.has(7), map.size, map.delete(7)]).toEqual([undefined, false, 99, false])
    expect(map.take(8)).toBe(64)
    expect([map.take(8), map.replace(8, 1), map.compareAndDelete(9, 80)]).toEqual([undefined, false, false])
    expect([map.compareAndDelete(9, 81), map.deleteMany([9, 10, 11])]).toEqual([true, 2])
    for (let turn = 0; turn < 5; turn++)
      expect(map.getMany([7, 8, 9, 10, 11])).toEqual(Array(5).fill(undefined))
    expect(map.size).toBe(95)
    expect(map.setIfAbsent(7, 1)).toBe(true)
    expect([map.get(7), map.size]).toEqual([1, 96])
  })

  it('gives each entry once, as it is now', () => {
    const map = tierOver(squares(1000), options)
    for (let turn = 0; turn < 3; turn++) for (let key = 0; key < 500; key++) map.get(key)
    for (let key = 0; key < 1000; key += 4) map.delete(key)
    for (let key = 1; key < 1000; key += 4) map.set(key, -key)
    for (let key = 1000; key < 1100; key++) map.set(key, key)
    const wanted = new Map(squares(1000))
    for (const key of [...wanted.keys()]) if (key % 4 === 0) wanted.delete(key)
    for (let key = 1; key < 1000; key += 4) wanted.set(key, -key)
    for (let key = 1000; key < 1100; key++) wanted.set(key, key)
    expect(sorted(map)).toEqual([...wanted])
    expect([...map.keys()].sort((a, b) => a - b)).toEqual([...wanted.keys()])
    expect(map.values().reduce((sum, value) => sum + value, 0)).toBe(
      wanted.values().reduce((sum, value) => sum + value, 0),
    )
    expect(map.size).toBe(wanted.size)
  })

  it('is empty after clear(), and filled again it has what was put in', () => {
    const map = tierOver(squares(1000), options)
    map.set(5000, 1)
    for (let turn = 0; turn < 3; turn++) map.get(7)
    map.clear()
    expect([map.size, [...map], map.get(7), map.get(8), map.get(5000)]).toEqual([
      0,
      [],
      undefined,
      undefined,
      undefined,
    ])
    map.set(7, 1)
    expect([...map]).toEqual([[7, 1]])
  })

  it('keeps versions of entries of the file', () => {
    const map = tierOver(squares(100), options)
    const { version, value } = map.getEntry(7) ?? { version: 0, value: 0 }
    expect(value).toBe(49)
    expect(map.getEntry(7)).toEqual({ value, version })
    expect(map.setIfVersion(7, 1, version)).toBe(true)
    expect(map.setIfVersion(7, 2, version)).toBe(false)
    expect(map.deleteIfVersion(7, version)).toBe(false)
    expect(map.getEntry(1000)).toBeUndefined()
    map.delete(8)
    expect(map.getEntry(8)).toBeUndefined()
    expect(map.version).toBe(2)
  })

  it('keeps in memory what is read often, within the bound, and it changes nothing', () => {
    const map = tierOver(squares(50_000), { ...options, hotBytes: 500_000 })
    for (let key = 0; key < 50_000; key++) map.get(key)
    expect(map.stats().promotions).toBe(0)
    for (let key = 0; key < 50_000; key++) {
      for (let turn = 0; turn < 3; turn++) if (map.get(key) !== key * key) expect(key).toBe('its square')
      if (key % 100 === 0) expect(map.stats().bytes).toBeLessThanOrEqual(500_000)
    }
    const { promotions, evictions, entries, version, bytes } = map.stats()
    expect(promotions).toBeGreaterThan(40_000)
    expect(evictions).toBeGreaterThan(promotions - 20_000)
    expect(bytes).toBeGreaterThan(250_000)
    expect([entries, version]).toEqual([50_000, 0])
  })

  it('freezes into a file of both', () => {
    const map = tierOver(squares(100), options)
    map.set(1, -1).set(200, 1).delete(2)
    const path = freshPath()
    map.freeze(path)
    expect(sorted(FrozenMap.open<number, number>(path))).toEqual(sorted(map))
    expect(FrozenMap.open(path).size).toBe(100)
  })

  it('loses no addition of any thread while entries come and go', async () => {
    const map = tierOver(squares(8000), { ...options, hotBytes: 350_000 })
    const { name = '', cold } = map.stats()
    await crew.all('addToAll', () => [name, cold, 8000, 5])
    for (const [key, square] of squares(8000)) {
      const wanted = key % 4 === 0 ? square + 5 * crew.size : square
      if (map.get(key) !== wanted) expect([key, map.get(key)]).toEqual([key, wanted])
    }
    expect(map.size).toBe(8000)
    expect(map.stats().promotions).toBeGreaterThan(0)
    expect(map.version).toBe(2000 * 5 * crew.size)
  })

  it('has one winner for each entry, and what is taken never comes back', async () => {
    const map = tierOver(squares(5000), { ...options, hotBytes: 2 ** 20 })
    const { name = '', cold } = map.stats()
    const taken = await crew.all('takeAll', () => [name, cold, 5000])
    expect(taken.reduce((sum, count) => sum + count)).toBe(5000)
    expect([map.size, [...map]]).toEqual([0, []])
    const put = await crew.all('putBack', () => [name, cold, 5000])
    expect(put.reduce((sum, count) => sum + count)).toBe(5000)
    expect(map.size).toBe(5000)
    for (const [key, value] of map) if (value !== -key) expect([key, value]).toEqual([key, -key])
  })
})

describe('a tiered map', () => {
  let cold = ''
  let name = ''
  let turn = 0
  beforeEach(() => {
    cold = freshPath()
    turn += 1
    name = `tiered ${turn}`
    new ConcurrentMap(squares(10)).freeze(cold)
  })

  it('is one for all who open the name, also by other ways', () => {
    const map = TieredMap.open<number, number>(name, { cold, hotBytes: 2 ** 20 })
    map.set(1, -1)
    expect(TieredMap.open<number, number>(name, { cold }).get(1)).toBe(-1)
    const plain = ConcurrentMap.open<number, number>(name)
    expect([plain.get(1), plain.get(2)]).toEqual([-1, 4])
    expect(ConcurrentMap.attach<number, number>(map.handle).get(3)).toBe(9)
    expect(ConcurrentMap.names()).toContain(name)
    expect(map).toBeInstanceOf(ConcurrentMap)
  })

  it('lives until its name is deleted; then the name may have another file', () => {
    const map = TieredMap.open<number, number>(name, { cold })
    map.set(1, -1)
    map.close()
    expect(thrownBy(() => map.get(1))).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    new ConcurrentMap([[1, 'new']]).freeze(cold)
    expect(TieredMap.open<number, unknown>(name, { cold }).getMany([1, 2])).toEqual([-1, 4])
    expect(ConcurrentMap.delete(name)).toBe(true)
    expect(TieredMap.open<number, unknown>(name, { cold }).getMany([1, 2])).toEqual(['new', undefined])
  })

  it('refuses a living map that is another, showing both', () => {
    TieredMap.open(name, { cold, hotBytes: 2 ** 20 })
    const other = freshPath()
    new ConcurrentMap().freeze(other)
    const conflict = (action: () => unknown, ...parts: string[]) => {
      expect(action).toThrow(OptionsConflictError)
      for (const part of parts) expect(thrownBy(action)?.message).toContain(part)
    }
    conflict(() => TieredMap.open(name, { cold: other }), cold, other)
    conflict(() => TieredMap.open(name, { cold, hotBytes: 2 ** 21 }), `${2 ** 20}`, `${2 ** 21}`)
    conflict(() => TieredMap.open(name, { cold, variant: 'lock-free' }), 'sharded', 'lock-free')
    conflict(() => TieredMap.open(name, { cold, codec: 'json' }), 'clone', 'json')
    ConcurrentMap.open(`${name} plain`)
    conflict(() => TieredMap.open(`${name} plain`, { cold }), 'without a file', cold)
  })

  it('reads and writes objects by the codec of the file', () => {
    const json = freshPath()
    new ConcurrentMap([['a', { b: 1 }]], { codec: 'json' }).freeze(json)
    const map = TieredMap.open<string, object>(name, { cold: json })
    expect(map.set('c', { d: 2 }).stats().codec).toBe('json')
    expect([map.get('a'), map.get('c')]).toEqual([{ b: 1 }, { d: 2 }])
    const wrong = () => TieredMap.open(`${name} wrong`, { cold: json, codec: 'clone' })
    expect(wrong).toThrow(OptionsConflictError)
    expect(ConcurrentMap.has(`${name} wrong`)).toBe(false)
  })

  it('is not made over what is no frozen map', () => {
    const open = (path: string) => () => TieredMap.open(name, { cold: path })
    expect(open(import.meta.filename)).toThrow(CorruptFileError)
    expect(open(`${cold} missing`)).toThrow(FileError)
    expect(ConcurrentMap.has(name)).toBe(false)
  })

  it('is refused with options that are none', () => {
    const bad = [undefined, null, 1, {}, { cold: '' }, { cold: 1 }, { cold, hotBytes: '1' }, { cold, hot: 1 }]
    for (const options of bad) {
      expect(
        thrownBy(() => TieredMap.open(name, options as never)),
        inspect(options),
      ).toMatchObject({
        name: 'TypeError',
      })
    }
    for (const hotBytes of [0, -1, 1.5, Number.NaN, 2 ** 60]) {
      expect(
        thrownBy(() => TieredMap.open(name, { cold, hotBytes })),
        `${hotBytes}`,
      ).toMatchObject({
        code: 'THREADMAP_OUT_OF_RANGE',
      })
    }
    const snapshot = { cold, variant: 'snapshot' } as const
    expect(thrownBy(() => TieredMap.open(name, snapshot))).toMatchObject({ code: 'THREADMAP_INVALID_OPTION' })
    expect(thrownBy(() => TieredMap.open('', { cold }))).toMatchObject({ code: 'THREADMAP_INVALID_ARGUMENT' })
    expect(() => new (TieredMap as never as new () => unknown)()).toThrow(TypeError)
    expect(ConcurrentMap.has(name)).toBe(false)
  })

  it('has figures, and is shown without its entries', () => {
    const map = TieredMap.open(name, { cold, hotBytes: 2 ** 20 })
    const figures = {
      name,
      cold,
      coldEntries: 10,
      hotBytes: 2 ** 20,
      promotions: 0,
      evictions: 0,
      entries: 10,
    }
    expect(map.stats()).toMatchObject(figures)
    expect(inspect(map)).toContain('TieredMap {')
    expect(inspect(map)).toContain('size: 10')
  })

  it('has no snapshot of its own, and says what to do instead', () => {
    const map = TieredMap.open<number, number>(name, { cold })
    expect(() => map.snapshot()).toThrow(UnsupportedError)
    expect(thrownBy(() => map.snapshot())?.message).toContain('freeze(path)')
    expect(map.get(3)).toBe(9)
  })

  it('is updated by functions that see what is there', () => {
    const map = TieredMap.open<number, number>(name, { cold })
    expect(map.update(3, (old) => (old ?? 0) + 1)).toBe(10)
    expect(map.update(4, () => TieredMap.ABSENT)).toBeUndefined()
    expect(map.update(4, (old) => (old === undefined ? 1 : 0))).toBe(1)
    expect(map.getOrInsertComputed(5, () => 0)).toBe(25)
    expect([map.get(3), map.get(4), map.size]).toEqual([10, 1, 10])
  })
})
