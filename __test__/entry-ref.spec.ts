// Refs and near caches: what is read without a native call, and what ends that. That they do what the map does is for
// the conformance suite, and that they are never late for the histories of real workers.
import { afterAll, describe, expect, it } from 'vitest'
import { ABSENT, ConcurrentMap, EntryRef, type Key, MapClosedError, type MapOptions } from '../index.ts'
import { native } from '../lib/native.ts'
import { Crew } from './support/crew.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'
import { operationsOfRefs } from './support/ways.ts'

const crew = new Crew<typeof import('./workers/ref-user.ts')>(
  new URL('./workers/ref-user.ts', import.meta.url),
  1,
)
afterAll(() => crew.close())

/** How many native reads `work` makes. */
function readsOf(work: () => unknown): number {
  const { get, getKept, refGet } = native
  let reads = 0
  const counted =
    <A extends unknown[]>(read: (...args: A) => unknown) =>
    (...args: A) => {
      reads += 1
      return read(...args)
    }
  Object.assign(native, { get: counted(get), getKept: counted(getKept), refGet: counted(refGet) })
  try {
    work()
  } finally {
    Object.assign(native, { get, getKept, refGet })
  }
  return reads
}

const primitives = [
  ...[undefined, null, true, false, 0, -0, 1.5, Number.NaN, Infinity, 2 ** 53],
  ...[0n, 1n, -(2n ** 63n), 2n ** 100n, '', 'é', '中', '\ud800', 'a text of many characters'.repeat(50)],
]
const keys: readonly Key[] = [
  ...['', 'k', 'a key of sixteen', 'a key of more than sixteen characters', '中文', '\ud800'],
  ...[0, -0, 7, 1.5, Number.NaN, 7n, 2n ** 90n, true, false, null, undefined],
  ...[new Uint8Array([1, 2]), Buffer.from('bytes'), ['sku', 7], [], [null, 'x'.repeat(40), 1n]],
]

/** Each reads one key of a map: through a ref, or with a near cache in front. */
type Reader = (map: ConcurrentMap<Key, unknown>, key: Key) => () => unknown
const throughRef: Reader = (map, key) => {
  const ref = map.ref(key)
  return () => ref.get()
}
const near: Reader = (map, key) => () => map.get(key)

const readers: readonly [title: string, reader: Reader, options: MapOptions][] = [
  ['a ref', throughRef, {}],
  ['a near cache', near, { near: true }],
]

describe.each(variants)('on a $title map', ({ options }) => {
  describe.each(readers)('%s', (_, reader, more) => {
    const open = (): ConcurrentMap<Key, unknown> => new ConcurrentMap(undefined, { ...options, ...more })

    it('reads an unchanged primitive of every kind without a native call', () => {
      using map = open()
      for (const value of primitives) {
        map.set('k', value)
        const read = reader(map, 'k')
        read()
        expect(
          readsOf(() => {
            for (let i = 0; i < 10; i += 1) expect(read()).toBe(value)
          }),
          String(value),
        ).toBe(0)
      }
    })

    it('reads a miss without a native call, until there is an entry', () => {
      using map = open()
      const read = reader(map, 'k')
      read()
      expect(readsOf(() => expect(read()).toBeUndefined())).toBe(0)
      map.set('k', 1)
      expect(readsOf(() => expect(read()).toBe(1))).toBe(1)
    })

    const changes: Record<string, (map: ConcurrentMap<Key, unknown>) => unknown> = {
      set: (map) => map.set('k', 2),
      'set of the same': (map) => map.set('k', 1),
      delete: (map) => map.delete('k'),
      clear: (map) => map.clear(),
      swap: (map) => map.swap('k', 'text'),
      take: (map) => map.take('k'),
      replace: (map) => map.replace('k', 2),
      compareAndSet: (map) => map.compareAndSet('k', 1, 2),
      compareAndDelete: (map) => map.compareAndDelete('k', 1),
      add: (map) => map.add('k', 1),
      max: (map) => map.max('k', 2),
      min: (map) => map.min('k', 0),
      update: (map) => map.update('k', () => ABSENT),
      setIfVersion: (map) => map.setIfVersion('k', 2, map.getEntry('k')?.version ?? 0),
      deleteIfVersion: (map) => map.deleteIfVersion('k', map.getEntry('k')?.version ?? 0),
      setMany: (map) => map.setMany([['k', 2]]),
      deleteMany: (map) => map.deleteMany(['k']),
      addMany: (map) => map.addMany([['k', 1]]),
      'set by a ref': (map) => map.ref('k').set(2),
      'set by another opening': (map) => ConcurrentMap.attach(map.handle).set('k', 2),
    }

    it.each(Object.keys(changes))('reads anew after %s', (name) => {
      using map = open()
      map.set('k', 1)
      const read = reader(map, 'k')
      expect(read()).toBe(1)
      changes[name]?.(map)
      expect(readsOf(() => expect(read()).toBe(ConcurrentMap.attach(map.handle).get('k')))).toBeGreaterThan(0)
      expect(readsOf(read)).toBe(0)
    })

    it('reads anew after a change by another thread', async () => {
      using map = open()
      map.set('k', 1)
      const read = reader(map, 'k')
      expect(read()).toBe(1)
      await crew.run(0, 'set', map.handle, 'k', 'from there')
      expect(read()).toBe('from there')
      expect(readsOf(read)).toBe(0)
    })

    it('gives bytes and objects as copies of their own', () => {
      using map = open()
      for (const value of [new Uint8Array([1]), { a: [1] }, new Map([[1, 2]])]) {
        map.set('k', value)
        const read = reader(map, 'k')
        const first = read()
        expect(first).toEqual(value)
        expect(read()).not.toBe(first)
      }
    })

    it('shares objects that are deep-frozen, where the map was opened with freeze', () => {
      using plain = open()
      plain.set('k', { a: [{ b: 1 }], text: 'x' })
      using map = ConcurrentMap.attach<Key, unknown>(plain.handle, { ...more, freeze: true })
      const read = reader(map, 'k')
      const value = read() as { a: [{ b: number }] }
      expect(value).toEqual({ a: [{ b: 1 }], text: 'x' })
      expect([value, value.a, value.a[0]].every(Object.isFrozen)).toBe(true)
      expect(readsOf(() => expect(read()).toBe(value))).toBe(0)
      plain.set('k', { a: [{ b: 2 }] })
      expect(read()).toEqual({ a: [{ b: 2 }] })
      // What cannot be frozen is nobody else's.
      for (const changeable of [
        new Date(5),
        { deep: [new Map([[1, 2]])] },
        new Uint8Array(3),
        { d: new Set() },
      ]) {
        plain.set('k', changeable)
        expect(read()).toEqual(changeable)
        expect(read()).not.toBe(read())
      }
    })

    it('is closed with the map, and others stay open', () => {
      const map = open()
      using other = ConcurrentMap.attach<Key, unknown>(map.handle, more)
      map.set('k', 1)
      const [read, otherRead] = [reader(map, 'k'), reader(other, 'k')]
      expect([read(), otherRead()]).toEqual([1, 1])
      map.close()
      expect(() => read()).toThrow(MapClosedError)
      expect(otherRead()).toBe(1)
      other.set('k', 2)
      expect(otherRead()).toBe(2)
    })

    it('ends with the name of the map', async () => {
      const name = `ends with its name: ${options.variant} ${options.shards} ${JSON.stringify(more)}`
      const map = ConcurrentMap.open<Key, unknown>(name, { ...options, ...more })
      map.set('k', 1)
      const reads = [reader(map, 'k'), reader(map, 'none')]
      expect(reads.map((read) => read())).toEqual([1, undefined])
      await crew.run(0, 'drop', name)
      for (const read of reads) expect(() => read()).toThrow(MapClosedError)
      using again = ConcurrentMap.open<Key, unknown>(name, { ...options, ...more })
      expect(again.get('k')).toBeUndefined()
      for (const read of reads) expect(() => read()).toThrow(MapClosedError)
      ConcurrentMap.delete(name)
    })
  })

  it('a ref of a key of any kind is that key', () => {
    using map = new ConcurrentMap<Key, unknown>(undefined, options)
    for (const [index, key] of keys.entries()) {
      const ref = map.ref(key)
      ref.set(index)
      expect(map.get(key)).toBe(index)
      expect(ref.get()).toBe(index)
      map.set(key, 'by the map')
      expect(ref.get()).toBe('by the map')
      expect(ref.getOrInsertComputed(() => 0)).toBe('by the map')
      expect(ref.take()).toBe('by the map')
      expect(map.has(key)).toBe(false)
      const told: unknown[] = []
      ref.getOrInsertComputed((given) => told.push(given))
      expect(told).toEqual([key === 0 ? 0 : key])
      expect(ref.delete()).toBe(true)
    }
    expect(map.size).toBe(0)
  })

  it('refs of all kinds of values exchange them with the map', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    const ref = map.ref('k')
    for (const value of [...primitives, new Uint8Array([1, 2]), { a: [1] }, new Date(7)]) {
      ref.set(value)
      expect(map.get('k')).toEqual(value)
      map.delete('k')
      expect(ref.get()).toBeUndefined()
      map.set('k', value)
      expect(ref.get()).toEqual(value)
      expect(ref.compareAndSet(value, 'other')).toBe(true)
      expect(ref.swap(value)).toBe('other')
      expect(ref.compareAndDelete(value)).toBe(true)
    }
  })

  it('a loop that waits for another thread by a ref ends', async () => {
    using map = new ConcurrentMap<string, number>([['k', 0]], options)
    const waiting = crew.run(0, 'waitWhileZero', map.handle, 'k')
    await new Promise((resolve) => setTimeout(resolve, 50))
    map.set('k', 5)
    expect(await waiting).toBe(5)
  })
})

describe.each(readers)('%s of a map of the snapshot variant', (_, reader, more) => {
  it('reads anew after what changes many keys by one store', () => {
    using map = new ConcurrentMap<Key, unknown>(undefined, { variant: 'snapshot', ...more })
    const read = reader(map, 'k')
    const other = ConcurrentMap.attach<Key, unknown>(map.handle)
    const changes: [change: () => unknown, value: unknown][] = [
      [() => other.transact((tx) => tx.set('k', 1).set('l', 1)), 1],
      [() => other.transact((tx) => tx.delete('k')), undefined],
      [() => other.replaceAll([['k', 2]]), 2],
      [() => other.clear(), undefined],
      [() => other.replaceAll([['l', 2]]), undefined],
    ]
    for (const [change, value] of changes) {
      read()
      change()
      expect(readsOf(() => expect(read()).toBe(value))).toBe(1)
      expect(readsOf(() => expect(read()).toBe(value))).toBe(0)
    }
    other.close()
  })
})

describe('a ref', () => {
  it('has every operation of the map on one key', () => {
    const ofMap = Object.getOwnPropertyNames(ConcurrentMap.prototype)
    const several =
      /Many$|^(clear|close|constructor|entries|forEach|freeze|handle|keys|name|ref|replaceAll|size|snapshot|stats|toJSON|transact|values|variant|version)$/
    expect(ofMap.filter((name) => !several.test(name)).sort()).toEqual([...operationsOfRefs].sort())
    const ofRef = Object.getOwnPropertyNames(EntryRef.prototype).filter((name) => name !== 'constructor')
    expect(ofRef.sort()).toEqual([...operationsOfRefs].sort())
  })

  it('throws MapClosedError for every operation after close', () => {
    const map = new ConcurrentMap<string, number>([['k', 1]])
    const ref = map.ref('k') as unknown as Record<string, (...args: unknown[]) => unknown>
    map.close()
    const args: Record<string, unknown[]> = { getOrInsertComputed: [() => 1], update: [() => 1] }
    for (const name of operationsOfRefs) {
      expect(
        thrownBy(() => ref[name]?.(...(args[name] ?? [1, 1]))),
        name,
      ).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    }
    expect(() => map.ref('k')).toThrow(MapClosedError)
  })

  it('comes from the map alone, and of good keys', () => {
    using map = new ConcurrentMap()
    expect(thrownBy(() => new EntryRef({} as never, {} as never, 'k'))).toMatchObject({
      name: 'TypeError',
      code: 'THREADMAP_INVALID_ARGUMENT',
    })
    for (const key of [{}, Symbol('k'), () => {}, [[]]]) {
      expect(thrownBy(() => map.ref(key as never))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
    }
  })

  it('refuses bad values as the map does, and changes nothing', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], { maxValueBytes: 10 })
    const ref = map.ref('k')
    expect(thrownBy(() => ref.set('x'.repeat(11)))).toMatchObject({ code: 'THREADMAP_LIMIT' })
    expect(thrownBy(() => ref.set(() => {}))).toMatchObject({ name: 'DataCloneError' })
    expect(thrownBy(() => ref.add(1n))).toMatchObject({ code: 'THREADMAP_WRONG_CELL' })
    expect(thrownBy(() => ref.add('1' as never))).toMatchObject({ code: 'THREADMAP_INVALID_ARGUMENT' })
    expect(thrownBy(() => ref.update(async () => 1))).toMatchObject({ code: 'THREADMAP_INVALID_ARGUMENT' })
    expect(thrownBy(() => ref.update(1 as never))).toMatchObject({ code: 'THREADMAP_INVALID_ARGUMENT' })
    expect(ref.get()).toBe(1)
    // A key over the limit is one that no map has.
    using small = new ConcurrentMap<string, number>(undefined, { maxKeyBytes: 4 })
    const long = small.ref('too long')
    expect(long.get()).toBeUndefined()
    expect(thrownBy(() => long.set(1))).toMatchObject({ code: 'THREADMAP_LIMIT' })
  })

  it('keeps its key, whatever happens to the bytes that it was given', () => {
    using map = new ConcurrentMap<Key, number>()
    const bytes = new Uint8Array([1, 2])
    const tuple = ['a', bytes] as const
    const [ofBytes, ofTuple] = [map.ref(bytes).set(1), map.ref(tuple).set(2)]
    bytes.fill(9)
    expect(ofBytes.get()).toBe(1)
    expect(ofTuple.get()).toBe(2)
    expect(map.get(new Uint8Array([1, 2]))).toBe(1)
    expect(ofBytes.getOrInsertComputed(() => 5)).toBe(1)
    ofBytes.delete()
    ofBytes.getOrInsertComputed((key) => {
      ;(key as Uint8Array).fill(7)
      return 3
    })
    ofBytes.delete()
    ofBytes.getOrInsertComputed((key) => {
      expect(key).toEqual(new Uint8Array([1, 2]))
      return 3
    })
  })

  it('stays good when its codec or callback uses refs itself', () => {
    const inner: (() => unknown)[] = []
    const codec = {
      name: 'nested',
      encode: (value: unknown) => JSON.stringify(value),
      decode(payload: Uint8Array | string) {
        for (const read of inner) read()
        return JSON.parse(payload as string) as unknown
      },
    }
    using map = new ConcurrentMap<string, unknown>(undefined, { codec, freeze: true })
    const [object, number] = [map.ref('object'), map.ref('number')]
    object.set({ a: 1 })
    number.set(1)
    inner.push(() => number.set((number.get() as number) + 1).get())
    expect(object.get()).toEqual({ a: 1 })
    expect(number.get()).toBe(2)
    expect(readsOf(() => expect(object.get()).toEqual({ a: 1 }))).toBe(0)
    expect(object.update((old) => ({ ...(old as object), b: number.add(1) }))).toEqual({ a: 1, b: 4 })
    expect(object.get()).toEqual({ a: 1, b: 4 })
  })

  it('works where the engine refuses shared memory, by native calls', async () => {
    native.refuseBuffers(true)
    try {
      using map = new ConcurrentMap<string, number>([['k', 1]])
      const ref = map.ref('k')
      expect(readsOf(() => expect([ref.get(), ref.get()]).toEqual([1, 1]))).toBe(2)
      expect(ref.add(2)).toBe(3)
      expect(ref.set(7).get()).toBe(7)
      using cached = ConcurrentMap.attach<string, number>(map.handle, { near: true })
      expect(readsOf(() => expect([cached.get('k'), cached.get('k')]).toEqual([7, 7]))).toBe(2)
    } finally {
      native.refuseBuffers(false)
    }
    expect(await crew.run(0, 'workWithoutSharedMemory')).toEqual([0, 1.5, 4, 4, 4, undefined])
  })

  it('is not disturbed by a program that replaces the globals', () => {
    using map = new ConcurrentMap<string, number>([['k', 1]])
    const { load } = Atomics
    const taken: unknown[] = []
    Atomics.load = ((array: Int32Array, index: number) => {
      taken.push(array)
      return load(array, index)
    }) as never
    try {
      const ref = map.ref('k')
      expect([ref.get(), ref.get()]).toEqual([1, 1])
    } finally {
      Atomics.load = load
    }
    expect(taken).toEqual([])
  })

  it('survives that a program takes the memory of its stamps away', () => {
    using map = new ConcurrentMap<string, number>([['k', 1]])
    const ref = map.ref('k')
    const stamps = native.stamps(map.handle.id * 2 ** 12 + map.handle.generation) as ArrayBuffer
    // Where the engine lets it go at all.
    thrownBy(() => structuredClone(stamps, { transfer: [stamps] }))
    for (let i = 0; i < 100; i += 1) {
      map.set('k', i)
      expect(ref.get()).toBe(i)
    }
  })
})

describe('a near cache', () => {
  const entries = 64
  const open = (): ConcurrentMap<Key, unknown> => new ConcurrentMap(undefined, { near: { entries } })

  it('keeps up to its number of entries, those that recur', () => {
    using map = open()
    const all = Array.from({ length: 1_000 }, (_, index) => `key ${index}`)
    map.setMany(all.map((key, index) => [key, index]))
    for (const key of all) map.get(key)
    // Backwards: each miss takes the place of an older one.
    const kept = all.toReversed().filter((key) => readsOf(() => map.get(key)) === 0)
    expect(kept.length).toBeGreaterThan(0)
    expect(kept.length).toBeLessThanOrEqual(entries)
    // Half of them recur among all others, and stay.
    const recurring = all.slice(0, entries / 4)
    for (const key of all) {
      map.get(key)
      for (const each of recurring) map.get(each)
    }
    expect(readsOf(() => recurring.forEach((key) => void map.get(key)))).toBe(0)
  })

  it('of one entry keeps one', () => {
    using map = new ConcurrentMap<string, number>(
      [
        ['a', 1],
        ['b', 2],
      ],
      { near: { entries: 1 } },
    )
    expect([map.get('a'), map.get('b'), map.get('a')]).toEqual([1, 2, 1])
    expect(readsOf(() => expect(map.get('a')).toBe(1))).toBe(0)
  })

  it('tells keys of different kinds apart, and passes bytes and tuples by', () => {
    using map = open()
    for (const [index, key] of keys.entries()) map.set(key, index)
    for (let turn = 0; turn < 2; turn += 1) {
      for (const key of keys) expect(map.get(key)).toBe(keys.findLastIndex((other) => same(other, key)))
    }
    map.set([1, 'a'], 'tuple')
    expect(map.get([1, 'a'])).toBe('tuple')
    for (const key of [{}, Symbol('k'), () => {}]) {
      expect(thrownBy(() => map.get(key as never))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
    }
  })

  it('is off by default, and of one opening alone', () => {
    using map = new ConcurrentMap<string, number>([['k', 1]])
    using cached = ConcurrentMap.attach<string, number>(map.handle, { near: true })
    expect(readsOf(() => [map.get('k'), map.get('k')])).toBe(2)
    expect(readsOf(() => [cached.get('k'), cached.get('k')])).toBe(1)
    using off = ConcurrentMap.attach<string, number>(map.handle, { near: false })
    expect(readsOf(() => [off.get('k'), off.get('k')])).toBe(2)
  })
})

function same(a: Key, b: Key): boolean {
  return typeof a === 'object' && a !== null ? a === b : Object.is(a, b) || a === b
}
