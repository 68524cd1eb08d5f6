// Snapshots, as one thread sees them and as several do: one moment of the whole map, which stays.
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, MapClosedError, Snapshot, UnsupportedError } from '../index.ts'
import { Crew } from './support/crew.ts'
import { variants } from './support/variants.ts'

const crew = new Crew<typeof import('./workers/mover.ts')>(new URL('./workers/mover.ts', import.meta.url), 4)
afterAll(() => crew.close())

const sorted = <T>(items: Iterable<T>): T[] => [...items].sort((a, b) => (String(a) < String(b) ? -1 : 1))

describe.each(variants)('a snapshot of a $title map', ({ options }) => {
  it('holds what there was, whatever comes after it', () => {
    using map = new ConcurrentMap<string, unknown>(
      Object.entries({ a: 1, b: 'two', c: { three: 3 } }),
      options,
    )
    using snapshot = map.snapshot()
    map.set('a', 2).delete('b')
    map.set('d', 4)
    map.update('c', () => ({ other: true }))
    expect(snapshot.size).toBe(3)
    expect(snapshot.get('a')).toBe(1)
    expect(snapshot.get('b')).toBe('two')
    expect(snapshot.get('c')).toEqual({ three: 3 })
    expect(snapshot.has('d')).toBe(false)
    expect(snapshot.get('d')).toBeUndefined()
    map.clear()
    expect(sorted(snapshot.keys())).toEqual(['a', 'b', 'c'])
    expect(map.size).toBe(0)
  })

  it('can be gone through any number of times, in the same order', () => {
    const entries = Array.from({ length: 2_000 }, (_, i) => [`k${i}`, i] as [string, number])
    using map = new ConcurrentMap<string, number>(entries, options)
    using snapshot = map.snapshot()
    const first = [...snapshot]
    map.clear()
    expect([...snapshot.entries()]).toEqual(first)
    expect([...snapshot.keys()]).toEqual(first.map(([key]) => key))
    expect([...snapshot.values()]).toEqual(first.map(([, value]) => value))
    const seen: unknown[] = []
    snapshot.forEach((value, key, self) => seen.push([key, value, self === snapshot]))
    expect(seen).toEqual(first.map(([key, value]) => [key, value, true]))
    expect(JSON.parse(JSON.stringify(snapshot))).toEqual(first)
    expect(sorted(first)).toEqual(sorted(entries))
    expect(snapshot.keys().take(3).toArray()).toEqual(first.slice(0, 3).map(([key]) => key))
  })

  it('keeps a stored undefined apart from no entry, and every kind of key', () => {
    const keys = ['', 'ж', 1, 1n, true, null, undefined, Uint8Array.of(1, 2), ['sku', 7]] as const
    using map = new ConcurrentMap<never, undefined>(undefined, options)
    for (const key of keys) map.set(key as never, undefined)
    using snapshot = map.snapshot()
    map.clear()
    for (const key of keys)
      expect([snapshot.has(key as never), snapshot.get(key as never)]).toEqual([true, undefined])
    expect(snapshot.has(['sku', 8] as never)).toBe(false)
    expect(snapshot.size).toBe(keys.length)
    expect([...snapshot.keys()]).toEqual(expect.arrayContaining([...keys]))
  })

  it('outlives the map', () => {
    const map = new ConcurrentMap<string, number>([['a', 1]], options)
    using snapshot = map.snapshot()
    map.close()
    expect([...snapshot]).toEqual([['a', 1]])
  })

  it('tells the version that the map had', () => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    using snapshot = map.snapshot()
    expect(snapshot.version).toBe(map.version)
    map.set('a', 2)
    expect(snapshot.version).toBe(map.version - 1)
  })

  it('throws MapClosedError after close, which can be called twice', () => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    const snapshot = map.snapshot()
    const iterator = snapshot.keys()
    snapshot.close()
    snapshot.close()
    snapshot[Symbol.dispose]()
    for (const use of [
      () => snapshot.get('a'),
      () => snapshot.has('a'),
      () => snapshot.size,
      () => snapshot.version,
      () => snapshot.keys(),
      () => iterator.next(),
      () => [...snapshot],
    ]) {
      expect(use).toThrow(MapClosedError)
    }
    expect(inspect(snapshot)).toBe('Snapshot { closed: true }')
  })

  it('shows figures and no content to console.log, and cannot be posted or made by hand', () => {
    using map = new ConcurrentMap<string, string>([['secret key', 'secret value']], options)
    using snapshot = map.snapshot()
    expect(inspect(snapshot)).toMatch(/^Snapshot \{ size: 1, version: \d+ \}$/)
    expect(() => structuredClone(snapshot)).toThrow(expect.objectContaining({ name: 'DataCloneError' }))
    expect(() => new Snapshot({} as never)).toThrow(
      expect.objectContaining({ code: 'THREADMAP_INVALID_ARGUMENT' }),
    )
  })

  it('refuses bad keys as the map does', () => {
    using map = new ConcurrentMap<string, number>(undefined, options)
    using snapshot = map.snapshot()
    for (const key of [{}, Symbol('s'), () => {}]) {
      expect(() => snapshot.get(key as never)).toThrow(
        expect.objectContaining({ code: 'THREADMAP_INVALID_KEY' }),
      )
    }
  })

  it('cuts the writes of four threads at one place each, and loses no write', async () => {
    using map = new ConcurrentMap<string, number>(undefined, options)
    const rounds = 3_000
    const working = crew.all('row', (me) => [map.handle, me, rounds])
    let done = false
    working.finally(() => {
      done = true
    })
    let partly = 0
    while (!done) {
      using snapshot = map.snapshot()
      for (let writer = 0; writer < 4; writer += 1) {
        // Round after round a writer writes its number to one key after the other.
        const row = Array.from({ length: 8 }, (_, at) => snapshot.get(`${writer}:${at}`) ?? 0)
        const [first = 0, last = 0] = [row[0], row.at(-1)]
        expect(row, 'newer ones first').toEqual(row.toSorted((a, b) => b - a))
        expect(first - last).toBeLessThanOrEqual(1)
        if (first !== last) partly += 1
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    await working
    expect(partly).toBeGreaterThan(0)
    using end = map.snapshot()
    expect(new Set(end.values())).toEqual(new Set([rounds]))
  })

  it('of two threads never disagree about the order of two writes', async () => {
    using map = new ConcurrentMap<string, number>(undefined, options)
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const told = await crew.all('countOrLook', (me) => [map.handle, me, stop])
    const looks = told.flat().sort(([a], [b]) => (a as number) - (b as number))
    expect(looks.length).toBeGreaterThan(100)
    // A snapshot that saw more of the one count must not have seen less of the other.
    let most = 0
    let at = -1
    let before = 0
    for (const [one = 0, two = 0] of looks) {
      if (one > at) {
        before = most
        at = one
      }
      expect(two).toBeGreaterThanOrEqual(before)
      most = Math.max(most, two)
    }
  })
})

describe('the iteration of a snapshot map', () => {
  const big = (): ConcurrentMap<string, number> =>
    new ConcurrentMap(
      Array.from({ length: 3_000 }, (_, i) => [`k${i}`, 0] as [string, number]),
      { variant: 'snapshot' },
    )

  it('goes over one moment, also while its callback writes', () => {
    using map = big()
    let visits = 0
    map.forEach((value, key) => {
      visits += 1
      expect(value).toBe(0)
      map.set(key, 1)
      map.set(`new ${key}`, 1)
      if (visits === 5) map.delete('k17')
    })
    expect(visits).toBe(3_000)
    expect(map.size).toBe(5_999 + (map.has('k17') ? 1 : 0))
  })

  it('goes on over what there is when too many others have begun since', () => {
    using map = big()
    const first = map.keys()
    const begun = first.next().value
    const others = Array.from({ length: 100 }, () => map.keys())
    for (const other of others) other.next()
    map.set('later', 1)
    const seen = [begun, ...first]
    expect(new Set(seen).size).toBe(seen.length)
    const missing = [...map.keys()].filter((key) => key !== 'later' && !seen.includes(key))
    expect(missing).toEqual([])
    for (const other of others) other.return?.()
  })
})

describe('replaceAll', () => {
  const options = { variant: 'snapshot' } as const

  it('replaces everything, the last of equal keys winning', () => {
    using map = new ConcurrentMap<string, number>(Object.entries({ a: 1, b: 2 }), options)
    using before = map.snapshot()
    expect(
      map.replaceAll([
        ['b', 3],
        ['c', 4],
        ['b', 5],
      ]),
    ).toBe(true)
    expect(sorted(map)).toEqual([
      ['b', 5],
      ['c', 4],
    ])
    expect(sorted(before)).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    expect(map.replaceAll([])).toBe(true)
    expect(map.size).toBe(0)
  })

  it('with an expected snapshot replaces only if nothing has changed since', () => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    using old = map.snapshot()
    map.set('a', 2)
    map.set('a', 1)
    expect(map.replaceAll([['x', 1]], old)).toBe(false)
    expect([...map]).toEqual([['a', 1]])
    using now = map.snapshot()
    expect(map.replaceAll([['x', 1]], now)).toBe(true)
    expect(map.replaceAll([['y', 1]], now)).toBe(false)
    expect([...map]).toEqual([['x', 1]])
  })

  it('makes new versions of all entries', () => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    const version = map.getEntry('a')?.version as number
    map.replaceAll([['a', 1]])
    expect(map.setIfVersion('a', 2, version)).toBe(false)
  })

  it('throws what it does not take, and changes nothing then', () => {
    using map = new ConcurrentMap<string, unknown>([['a', 1]], { ...options, maxValueBytes: 64 })
    using other = new ConcurrentMap<string, unknown>(undefined, options)
    using sharded = new ConcurrentMap<string, unknown>(undefined)
    using foreign = other.snapshot()
    using copied = sharded.snapshot()
    const closed = map.snapshot()
    closed.close()
    const bad: [string, () => unknown, object][] = [
      [
        'a value over the limit',
        () =>
          map.replaceAll([
            ['b', 1],
            ['c', 'x'.repeat(65)],
          ]),
        { code: 'THREADMAP_LIMIT' },
      ],
      ['a function', () => map.replaceAll([['b', () => {}]]), { name: 'DataCloneError' }],
      ['a bad key', () => map.replaceAll([[{} as never, 1]]), { code: 'THREADMAP_INVALID_KEY' }],
      ['nothing', () => map.replaceAll(undefined as never), { code: 'THREADMAP_INVALID_ARGUMENT' }],
      ['what is no snapshot', () => map.replaceAll([], {} as never), { code: 'THREADMAP_INVALID_ARGUMENT' }],
      ['a closed snapshot', () => map.replaceAll([], closed), { code: 'THREADMAP_INVALID_ARGUMENT' }],
      [
        'a snapshot of another map',
        () => map.replaceAll([], foreign),
        { code: 'THREADMAP_INVALID_ARGUMENT' },
      ],
      [
        'a snapshot of another variant',
        () => map.replaceAll([], copied),
        { code: 'THREADMAP_INVALID_ARGUMENT' },
      ],
    ]
    for (const [what, call, error] of bad) {
      expect(call, what).toThrow(expect.objectContaining(error))
      expect([...map], what).toEqual([['a', 1]])
    }
    expect(() => sharded.replaceAll([])).toThrow(UnsupportedError)
  })
})
