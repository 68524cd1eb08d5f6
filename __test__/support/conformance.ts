// The conformance suite: what every Map-like must do, written once and run on each map in each setting.
// Invariant: it sees a map only through awaited steps, and never asks for an order of entries.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AsyncMap, Setting } from './settings.ts'
import { absent, callback, itself } from './steps.ts'

export function conformance(setting: Setting): void {
  describe(setting.title, () => {
    beforeAll(() => setting.start())
    afterAll(() => setting.stop())
    likeMap(setting)
    iterates(setting)
    if (setting.concurrent || 'getOrInsert' in Map.prototype) upserts(setting)
    if (!setting.concurrent) return
    comparesByContent(setting)
    exchanges(setting)
    isConditional(setting)
    counts(setting)
    updates(setting)
    keepsVersions(setting)
    worksInBulk(setting)
    givesCopies(setting)
  })
}

const ascending = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1)

async function sorted(list: Promise<unknown>): Promise<unknown[]> {
  return ((await list) as unknown[]).sort(ascending)
}

async function versionOf(map: AsyncMap, key: unknown): Promise<unknown> {
  return ((await map.getEntry(key)) as { version: unknown } | undefined)?.version
}

function likeMap({ create }: Setting): void {
  it('starts empty', async () => {
    const map = await create()
    expect(await map.size()).toBe(0)
    expect(await map.get('a')).toBeUndefined()
    expect(await map.has('a')).toBe(false)
    expect(await map.delete('a')).toBe(false)
    expect(await map.entries()).toEqual([])
  })

  it('takes its first entries from an iterable, the last of equal keys winning', async () => {
    const map = await create([
      ['a', 1],
      ['b', 2],
      ['a', 3],
    ])
    expect(await map.size()).toBe(2)
    expect(await map.get('a')).toBe(3)
    expect(await map.get('b')).toBe(2)
  })

  it('gives back what was set, and set returns the map', async () => {
    const map = await create()
    expect(await map.set('a', 1)).toBe(itself)
    expect(await map.set('b', 2)).toBe(itself)
    expect(await map.get('a')).toBe(1)
    expect(await map.get('b')).toBe(2)
    expect(await map.size()).toBe(2)
  })

  it('overwrites without growing', async () => {
    const map = await create(Object.entries({ a: 1 }))
    await map.set('a', 'two')
    expect(await map.get('a')).toBe('two')
    expect(await map.size()).toBe(1)
  })

  it('keeps a stored undefined apart from no entry', async () => {
    const map = await create(Object.entries({ a: undefined }))
    expect(await map.has('a')).toBe(true)
    expect(await map.get('a')).toBeUndefined()
    expect(await map.size()).toBe(1)
    expect(await map.delete('a')).toBe(true)
    expect(await map.has('a')).toBe(false)
  })

  it('deletes an entry once', async () => {
    const map = await create(Object.entries({ a: 1, b: 2 }))
    expect(await map.delete('a')).toBe(true)
    expect(await map.delete('a')).toBe(false)
    expect(await map.has('a')).toBe(false)
    expect(await map.get('b')).toBe(2)
    expect(await map.size()).toBe(1)
  })

  it('takes an entry again after its delete', async () => {
    const map = await create(Object.entries({ a: 1 }))
    await map.delete('a')
    await map.set('a', 2)
    expect(await map.get('a')).toBe(2)
    expect(await map.size()).toBe(1)
  })

  it('is empty after clear, and usable', async () => {
    const map = await create(Object.entries({ a: 1, b: 2 }))
    expect(await map.clear()).toBeUndefined()
    expect(await map.size()).toBe(0)
    expect(await map.has('a')).toBe(false)
    expect(await map.keys()).toEqual([])
    await map.set('b', 3)
    expect(await map.entries()).toEqual([['b', 3]])
  })

  it('compares keys by SameValueZero and never across types', async () => {
    const map = await create([
      [1, 'number'],
      ['1', 'string'],
      [1n, 'bigint'],
      [true, 'boolean'],
    ])
    expect(await map.size()).toBe(4)
    expect(await map.get(1)).toBe('number')
    expect(await map.get('1')).toBe('string')
    expect(await map.get(1n)).toBe('bigint')
    expect(await map.get(true)).toBe('boolean')
    await map.set(Number.NaN, 'nan')
    await map.set(-0, 'zero')
    expect(await map.get(Number.NaN)).toBe('nan')
    expect(await map.get(0)).toBe('zero')
    expect(await map.get(null)).toBeUndefined()
    expect(await map.get(undefined)).toBeUndefined()
  })

  it('gives every kind of primitive value back exactly', async () => {
    const map = await create()
    const values = [
      undefined,
      null,
      true,
      false,
      0,
      -0,
      Number.NaN,
      2 ** 53,
      -1.5,
      0n,
      -(2n ** 70n),
      '',
      '\ud800',
      'é',
      '中',
    ]
    for (const [key, value] of values.entries()) await map.set(key, value)
    for (const [key, value] of values.entries()) expect(await map.get(key)).toBe(value)
  })

  it('stays right over growth and shrinking', async () => {
    const map = await create(Array.from({ length: 3_000 }, (_, index) => [`key ${index}`, index] as const))
    expect(await map.size()).toBe(3_000)
    for (let index = 0; index < 120; index += 1) expect(await map.delete(`key ${index * 25}`)).toBe(true)
    expect(await map.size()).toBe(2_880)
    const keys = (await map.keys()) as string[]
    const left = Array.from({ length: 3_000 }, (_, index) => index).filter((index) => index % 25 !== 0)
    expect(keys.sort()).toEqual(left.map((index) => `key ${index}`).sort())
    for (let index = 1; index < 3_000; index += 170) {
      expect(await map.get(`key ${index}`)).toBe(index % 25 === 0 ? undefined : index)
    }
  })
}

function iterates({ create }: Setting): void {
  const entries = Object.entries({ a: 1, b: 2, c: undefined })

  it('iterates over entries, keys and values, each entry once', async () => {
    const map = await create(entries)
    expect(await sorted(map.entries())).toEqual(entries)
    expect(await sorted(map.spread())).toEqual(entries)
    expect(await sorted(map.keys())).toEqual(['a', 'b', 'c'])
    expect(await sorted(map.values())).toEqual([1, 2, undefined])
  })

  it('calls forEach with value, key and the map, and returns nothing', async () => {
    const map = await create(entries)
    const calls = await sorted(map.forEach())
    expect(calls).toEqual(entries.map(([key, value]) => [key, value, true]))
  })
}

function upserts({ create }: Setting): void {
  it('getOrInsert inserts where there is no entry and otherwise returns what is there', async () => {
    const map = await create(Object.entries({ a: 1, u: undefined }))
    expect(await map.getOrInsert('a', 2)).toBe(1)
    expect(await map.getOrInsert('b', 3)).toBe(3)
    expect(await map.getOrInsert('b', 4)).toBe(3)
    expect(await map.getOrInsert('u', 5)).toBeUndefined()
    expect(await map.get('b')).toBe(3)
    expect(await map.size()).toBe(3)
  })

  it('getOrInsertComputed calls back with the key, and only where there is no entry', async () => {
    const map = await create(Object.entries({ a: 1, u: undefined }))
    expect(await map.getOrInsertComputed('b', callback('nameTheKey'))).toBe('computed for b')
    expect(await map.get('b')).toBe('computed for b')
    expect(await map.getOrInsertComputed('a', callback('fail'))).toBe(1)
    expect(await map.getOrInsertComputed('b', callback('fail'))).toBe('computed for b')
    expect(await map.getOrInsertComputed('u', callback('fail'))).toBeUndefined()
  })

  it('getOrInsertComputed changes nothing when its callback throws', async () => {
    const map = await create()
    await expect(map.getOrInsertComputed('a', callback('fail'))).rejects.toThrow('the callback failed')
    expect(await map.has('a')).toBe(false)
    expect(await map.size()).toBe(0)
  })
}

function comparesByContent({ create }: Setting): void {
  it('finds buffers and tuples by content', async () => {
    const map = await create()
    await map.set(new Uint8Array([1, 2]), 'bytes')
    await map.set(['a', 1, null], 'tuple')
    expect(await map.get(Buffer.from([1, 2]))).toBe('bytes')
    expect(await map.get(['a', 1, null])).toBe('tuple')
    expect(await map.has(new Uint8Array([1, 2, 0]))).toBe(false)
    expect(await map.has(['a', 1])).toBe(false)
    expect(await map.delete(new Uint8Array([1, 2]))).toBe(true)
    expect(await map.keys()).toEqual([['a', 1, null]])
  })

  it('gives every kind of object back as an equal one', async () => {
    const map = await create()
    const values = [
      { a: [1, { b: null }], c: undefined },
      new Map<unknown, unknown>([['k', new Set([1, 'two'])]]),
      new Date(86_400_000),
      /x+/giu,
      new Float32Array([0.5, -0]),
    ]
    for (const [key, value] of values.entries()) await map.set(key, value)
    for (const [key, value] of values.entries()) expect(await map.get(key)).toEqual(value)
  })
}

function exchanges({ create }: Setting): void {
  it('swap stores the new value and returns the old one', async () => {
    const map = await create(Object.entries({ a: 1 }))
    expect(await map.swap('a', 2)).toBe(1)
    expect(await map.swap('a', 'three')).toBe(2)
    expect(await map.get('a')).toBe('three')
    expect(await map.swap('b', 4)).toBeUndefined()
    expect(await map.get('b')).toBe(4)
    expect(await map.size()).toBe(2)
  })

  it('take removes the entry and returns its value, once', async () => {
    const map = await create(Object.entries({ a: 'mine', b: 2 }))
    expect(await map.take('a')).toBe('mine')
    expect(await map.take('a')).toBeUndefined()
    expect(await map.has('a')).toBe(false)
    expect(await map.size()).toBe(1)
  })
}

function isConditional({ create }: Setting): void {
  it('setIfAbsent writes only where there is no entry', async () => {
    const map = await create(Object.entries({ u: undefined }))
    expect(await map.setIfAbsent('a', 1)).toBe(true)
    expect(await map.setIfAbsent('a', 2)).toBe(false)
    expect(await map.setIfAbsent('u', 3)).toBe(false)
    expect(await map.get('a')).toBe(1)
    expect(await map.get('u')).toBeUndefined()
  })

  it('replace writes only where there is an entry', async () => {
    const map = await create(Object.entries({ u: undefined }))
    expect(await map.replace('a', 1)).toBe(false)
    expect(await map.has('a')).toBe(false)
    expect(await map.replace('u', 2)).toBe(true)
    expect(await map.get('u')).toBe(2)
  })

  it('compareAndSet writes only over the expected value', async () => {
    const map = await create(Object.entries({ a: 1, u: undefined }))
    expect(await map.compareAndSet('a', 2, 3)).toBe(false)
    expect(await map.compareAndSet('a', '1', 3)).toBe(false)
    expect(await map.compareAndSet('a', absent, 3)).toBe(false)
    expect(await map.get('a')).toBe(1)
    expect(await map.compareAndSet('a', 1, 3)).toBe(true)
    expect(await map.get('a')).toBe(3)
    expect(await map.compareAndSet('none', undefined, 4)).toBe(false)
    expect(await map.has('none')).toBe(false)
    expect(await map.compareAndSet('none', absent, 4)).toBe(true)
    expect(await map.get('none')).toBe(4)
    expect(await map.compareAndSet('u', absent, 5)).toBe(false)
    expect(await map.compareAndSet('u', undefined, 5)).toBe(true)
    expect(await map.get('u')).toBe(5)
  })

  it('compareAndDelete removes only the expected value', async () => {
    const map = await create(Object.entries({ a: 1, u: undefined }))
    expect(await map.compareAndDelete('a', 2)).toBe(false)
    expect(await map.compareAndDelete('a', absent)).toBe(false)
    expect(await map.compareAndDelete('none', undefined)).toBe(false)
    expect(await map.size()).toBe(2)
    expect(await map.compareAndDelete('a', 1)).toBe(true)
    expect(await map.compareAndDelete('a', 1)).toBe(false)
    expect(await map.compareAndDelete('u', undefined)).toBe(true)
    expect(await map.size()).toBe(0)
  })

  it('compares what it expects by content', async () => {
    const map = await create(
      Object.entries({ bytes: new Uint8Array([1, 2]), object: { a: [1] }, nan: Number.NaN }),
    )
    expect(await map.compareAndSet('bytes', new Uint8Array([1, 3]), 1)).toBe(false)
    expect(await map.compareAndSet('bytes', new Uint8Array([1, 2]), 1)).toBe(true)
    expect(await map.compareAndSet('object', { a: [2] }, 1)).toBe(false)
    expect(await map.compareAndSet('object', { a: [1] }, 1)).toBe(true)
    expect(await map.compareAndSet('nan', Number.NaN, -0)).toBe(true)
    expect(await map.compareAndDelete('nan', 0)).toBe(true)
  })
}

function counts({ create }: Setting): void {
  it('add starts from its initial value and returns the new one', async () => {
    const map = await create()
    expect(await map.add('a', 5)).toBe(5)
    expect(await map.add('a', -7)).toBe(-2)
    expect(await map.add('b', 1, 10)).toBe(11)
    expect(await map.add('b', 1, 10)).toBe(12)
    expect(await map.add('big', 2n)).toBe(2n)
    expect(await map.add('big', 2n ** 62n)).toBe(2n ** 62n + 2n)
    expect(await map.get('big')).toBe(2n ** 62n + 2n)
  })

  it('add beyond int64 throws and changes nothing', async () => {
    const map = await create(Object.entries({ a: 2n ** 63n - 1n }))
    await expect(map.add('a', 1n)).rejects.toMatchObject({ name: 'RangeError', code: 'THREADMAP_OVERFLOW' })
    expect(await map.get('a')).toBe(2n ** 63n - 1n)
  })

  it('add, max and min on another type of value throw and change nothing', async () => {
    const map = await create(Object.entries({ s: 'text', n: 1, b: 1n, u: undefined }))
    for (const operation of ['add', 'max', 'min'] as const) {
      for (const [key, operand] of [
        ['s', 1],
        ['n', 1n],
        ['b', 1],
        ['u', 1],
      ]) {
        const attempt = map[operation](key, operand)
        await expect(attempt).rejects.toMatchObject({ name: 'TypeError', code: 'THREADMAP_WRONG_CELL' })
      }
    }
    expect(await map.getMany(['s', 'n', 'b', 'u'])).toEqual(['text', 1, 1n, undefined])
  })

  it('max and min keep the greater and the lesser, and store where there is no entry', async () => {
    const map = await create()
    expect(await map.max('a', 3)).toBe(3)
    expect(await map.max('a', 1)).toBe(3)
    expect(await map.max('a', 7.5)).toBe(7.5)
    expect(await map.min('b', 3n)).toBe(3n)
    expect(await map.min('b', 5n)).toBe(3n)
    expect(await map.min('b', -(2n ** 63n))).toBe(-(2n ** 63n))
    expect(await map.getMany(['a', 'b'])).toEqual([7.5, -(2n ** 63n)])
  })
}

function updates({ create }: Setting): void {
  it('update stores what its function makes of the old value', async () => {
    const map = await create(Object.entries({ a: 4 }))
    expect(await map.update('a', callback('double'))).toBe(8)
    expect(await map.get('a')).toBe(8)
    expect(await map.update('b', callback('increment'))).toBe(1)
    expect(await map.update('b', callback('increment'))).toBe(2)
    expect(await map.update('c', callback('undefined'))).toBeUndefined()
    expect(await map.has('c')).toBe(true)
  })

  it('update removes the entry when its function returns ABSENT', async () => {
    const map = await create(Object.entries({ a: 4 }))
    expect(await map.update('a', callback('remove'))).toBeUndefined()
    expect(await map.update('none', callback('remove'))).toBeUndefined()
    expect(await map.size()).toBe(0)
  })

  it('update changes nothing when its function throws or returns a promise', async () => {
    const map = await create(Object.entries({ a: 4 }))
    await expect(map.update('a', callback('fail'))).rejects.toThrow('the callback failed')
    await expect(map.update('none', callback('fail'))).rejects.toThrow('the callback failed')
    await expect(map.update('a', callback('promise'))).rejects.toMatchObject({ name: 'TypeError' })
    await expect(map.update('none', callback('promise'))).rejects.toMatchObject({ name: 'TypeError' })
    expect(await map.entries()).toEqual([['a', 4]])
  })
}

function keepsVersions({ create }: Setting): void {
  it('getEntry gives value and version together, or undefined', async () => {
    const map = await create(Object.entries({ u: undefined }))
    expect(await map.getEntry('none')).toBeUndefined()
    expect(await map.getEntry('u')).toEqual({ value: undefined, version: await versionOf(map, 'u') })
  })

  it('a version lets through one change, and none after another write', async () => {
    const map = await create(Object.entries({ a: 1 }))
    const first = await versionOf(map, 'a')
    expect(await map.setIfVersion('a', 2, first)).toBe(true)
    expect(await map.setIfVersion('a', 3, first)).toBe(false)
    expect(await map.deleteIfVersion('a', first)).toBe(false)
    expect(await map.get('a')).toBe(2)
    const second = await versionOf(map, 'a')
    expect(second).not.toBe(first)
    expect(await map.deleteIfVersion('a', second)).toBe(true)
    expect(await map.deleteIfVersion('a', second)).toBe(false)
    expect(await map.setIfVersion('a', 4, second)).toBe(false)
    expect(await map.size()).toBe(0)
  })

  it('a version never comes back, also after delete and insert', async () => {
    const map = await create(Object.entries({ a: 1 }))
    const seen = new Set([await versionOf(map, 'a')])
    for (let round = 0; round < 10; round += 1) {
      await map.delete('a')
      await map.set('a', 1)
      seen.add(await versionOf(map, 'a'))
    }
    expect(seen.size).toBe(11)
  })

  it('version grows with each change and stands still without one', async () => {
    const map = await create(Object.entries({ a: 1 }))
    const start = Number(await map.version())
    await map.get('a')
    await map.setIfAbsent('a', 2)
    await map.delete('none')
    expect(Number(await map.version())).toBe(start)
    await map.set('a', 2)
    const afterSet = Number(await map.version())
    expect(afterSet).toBeGreaterThan(start)
    await map.delete('a')
    expect(Number(await map.version())).toBeGreaterThan(afterSet)
  })
}

function worksInBulk({ create }: Setting): void {
  it('getMany answers in order, undefined for a miss', async () => {
    const map = await create([
      ['a', 1],
      [['t', 2], 'tuple'],
    ])
    expect(await map.getMany(['none', 'a', ['t', 2], 'a'])).toEqual([undefined, 1, 'tuple', 1])
    expect(await map.getMany([])).toEqual([])
  })

  it('setMany stores every entry, the last of equal keys winning, and returns the map', async () => {
    const map = await create(Object.entries({ a: 1 }))
    expect(
      await map.setMany([
        ['a', 2],
        ['b', { c: 3 }],
        ['a', 4],
      ]),
    ).toBe(itself)
    expect(await map.get('a')).toBe(4)
    expect(await map.get('b')).toEqual({ c: 3 })
    expect(await map.size()).toBe(2)
  })

  it('deleteMany returns how many entries it removed', async () => {
    const map = await create(Object.entries({ a: 1, b: 2, c: 3 }))
    expect(await map.deleteMany(['a', 'none', 'a', 'c'])).toBe(2)
    expect(await map.deleteMany(['a', 'none'])).toBe(0)
    expect(await map.keys()).toEqual(['b'])
  })

  it('addMany adds each delta and returns the new values in order', async () => {
    const map = await create(Object.entries({ a: 10 }))
    expect(
      await map.addMany([
        ['a', 1],
        ['b', 2],
        ['a', 3],
        ['big', 4n],
      ]),
    ).toEqual([11, 2, 14, 4n])
    expect(await map.getMany(['a', 'b', 'big'])).toEqual([14, 2, 4n])
  })
}

function givesCopies({ create }: Setting): void {
  it('stores a copy and gives each reader its own', async () => {
    const map = await create()
    const mine = { list: [1] }
    const bytes = new Uint8Array([1])
    await map.set('object', mine)
    await map.set('bytes', bytes)
    mine.list.push(2)
    bytes[0] = 2
    const read = (await map.get('object')) as typeof mine
    expect(read).toEqual({ list: [1] })
    read.list.push(3)
    ;((await map.get('bytes')) as Uint8Array)[0] = 3
    expect(await map.get('object')).toEqual({ list: [1] })
    expect(await map.get('bytes')).toEqual(new Uint8Array([1]))
  })
}
