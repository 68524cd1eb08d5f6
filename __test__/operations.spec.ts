// Each operation in detail, group by group as in the contract: what the conformance suite cannot ask of every map.
import { afterEach, describe, expect, it } from 'vitest'
import { ABSENT, ConcurrentMap, type MapOptions } from '../index.ts'
import { describeContent } from './support/describe.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)
const overflow = { name: 'RangeError', code: 'THREADMAP_OVERFLOW' }
const wrongCell = { name: 'TypeError', code: 'THREADMAP_WRONG_CELL' }
const closed = { code: 'THREADMAP_MAP_CLOSED' }

type TestMap = ConcurrentMap<string, unknown>

describe.each(variants)('a $title map', ({ options }) => {
  const open: TestMap[] = []
  const mapOf = (content: object = {}, more: MapOptions = {}): TestMap => {
    const map = new ConcurrentMap<string, unknown>(Object.entries(content), {
      ...options,
      ...more,
    }) as TestMap
    open.push(map)
    return map
  }
  afterEach(() => {
    for (const map of open.splice(0)) map.close()
  })
  /** Runs what must throw and change nothing. */
  const refused = (map: TestMap, action: () => unknown) => {
    const before = [map.version, describeContent(map)]
    const thrown = thrownBy(action)
    expect([map.version, describeContent(map)]).toEqual(before)
    return thrown
  }

  describe('the Map group', () => {
    it('is made from any iterable of pairs, and from null', () => {
      function* pairs(): Generator<[string, number]> {
        yield ['a', 1]
        yield ['b', 2]
      }
      expect(new ConcurrentMap(pairs(), options).size).toBe(2)
      expect(new ConcurrentMap(new Map([['a', 1]]), options).get('a')).toBe(1)
      expect(new ConcurrentMap(mapOf({ a: 1 }), options).get('a')).toBe(1)
      expect(new ConcurrentMap(null, options).size).toBe(0)
    })

    it('can be extended by a class', () => {
      class Scores extends ConcurrentMap<string, number> {
        best(): number {
          return Math.max(...this.values())
        }
      }
      using scores = new Scores(Object.entries({ a: 1, b: 7 }), options)
      expect(scores).toBeInstanceOf(ConcurrentMap)
      expect(scores.best()).toBe(7)
    })

    it('chains set', () => {
      expect(
        mapOf()
          .set('a', 1)
          .set('b', 2)
          .setMany([['c', 3]]).size,
      ).toBe(3)
    })

    it('keeps every kind of value apart in size and has', () => {
      const map = mapOf({ a: undefined, b: null, c: false, d: 0, e: '', f: Number.NaN })
      expect(map.size).toBe(6)
      for (const key of ['a', 'b', 'c', 'd', 'e', 'f']) expect(map.has(key)).toBe(true)
    })

    it('getOrInsertComputed stores what another write made first, and returns that', () => {
      const map = mapOf()
      const answer = map.getOrInsertComputed('a', () => {
        map.set('a', 'by the callback')
        return 'computed'
      })
      expect(answer).toBe(map.get('a'))
      expect(answer).toBe('by the callback')
    })

    it('getOrInsertComputed may delete, clear and nest in its callback', () => {
      const map = mapOf({ other: 1 })
      const nested = () => map.getOrInsertComputed('b', () => map.clear() ?? 'inner')
      expect(map.getOrInsertComputed('a', () => `outer, ${nested()}`)).toBe('outer, inner')
      expect(map.getMany(['a', 'b', 'other'])).toEqual(['outer, inner', 'inner', undefined])
    })

    it('getOrInsertComputed stores under the key as it was when called', () => {
      const map = mapOf()
      const key = new Uint8Array([1])
      map.getOrInsertComputed(key as never, () => {
        key[0] = 2
        return 'computed'
      })
      expect(map.get(new Uint8Array([1]) as never)).toBe('computed')
      expect(map.size).toBe(1)
    })

    it('getOrInsertComputed throws MapClosedError when its callback closes the map', () => {
      const map = mapOf()
      expect(thrownBy(() => map.getOrInsertComputed('a', () => map.close()))).toMatchObject(closed)
    })

    it('clear in one call removes far more than one chunk', () => {
      const map = mapOf()
      map.setMany(Array.from({ length: 50_000 }, (_, index) => [`${index}`, index]))
      map.clear()
      expect(map.size).toBe(0)
      expect([...map]).toEqual([])
    })
  })

  describe('exchange', () => {
    it('swap and take answer undefined for a stored undefined, as for no entry', () => {
      const map = mapOf({ a: undefined, b: undefined })
      expect(map.swap('a', 1)).toBeUndefined()
      expect(map.get('a')).toBe(1)
      expect(map.take('b')).toBeUndefined()
      expect(map.has('b')).toBe(false)
    })

    it('swap gives back what it stored, over every kind of value', () => {
      const map = mapOf()
      const values = [1, 'text', 2n ** 80n, null, true, new Uint8Array([1]), { a: 1 }, undefined, 'end']
      let before: unknown
      for (const value of values) {
        expect(map.swap('k', value)).toEqual(before)
        before = value
      }
      expect(map.take('k')).toBe('end')
      expect(map.size).toBe(0)
    })
  })

  describe('conditional', () => {
    it('replace never brings back what was deleted', () => {
      const map = mapOf({ a: 1 })
      map.delete('a')
      expect(map.replace('a', 2)).toBe(false)
      expect(map.size).toBe(0)
    })

    it.each([
      ['a number and its bigint', 1, 1n],
      ['a number and its string', 1, '1'],
      ['a boolean and a number', true, 1],
      ['null and undefined', null, undefined],
      ['the empty string and empty bytes', '', new Uint8Array(0)],
      ['text and its bytes', 'a', new Uint8Array([97])],
      ['an empty object and an empty list', {}, []],
      ['two strings that UTF-8 merges', '\ud800', '\udfff'],
      ['two strings that Latin-1 merges', '-', '\u4e2d'],
      ['a Date and its number', new Date(1), 1],
    ])('compareAndSet tells apart %s', (_, value, other) => {
      const map = mapOf({ a: value, b: other })
      expect(map.compareAndSet('a', other, 'no')).toBe(false)
      expect(map.compareAndSet('b', value, 'no')).toBe(false)
      expect(map.compareAndDelete('a', other)).toBe(false)
      expect(map.compareAndSet('a', value, 'yes')).toBe(true)
    })

    it.each([
      ['NaN', Number.NaN, Number.NaN],
      ['0 and -0', 0, -0],
      ['a Buffer and a Uint8Array of the same bytes', Buffer.from([1]), new Uint8Array([1])],
      ['text of another shape', 'ab', '\u0100ab'.slice(1)],
      ['a bigint beyond 64 bits', 2n ** 70n, 2n ** 71n / 2n],
      ['equal objects', { a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    ])('compareAndSet matches %s', (_, value, same) => {
      const map = mapOf({ a: value })
      expect(map.compareAndSet('a', same, 'yes')).toBe(true)
      map.set('a', value)
      expect(map.compareAndDelete('a', same)).toBe(true)
    })

    it.each([
      ['a list', [1, 2]],
      ['a list in an object', { list: ['a', { deep: [1] }] }],
      ['a Map of lists', new Map([['k', [1]]])],
      ['a number computed into an object', { half: 0.5 + 0.5 }],
      ['bytes in an object', { bytes: new Uint8Array([1]) }],
      ['a Date', new Date(5)],
    ])('compareAndSet matches what get gave: %s', (_, value) => {
      const map = mapOf({ a: value })
      expect(map.compareAndSet('a', map.get('a'), 'second')).toBe(true)
      map.set('a', value)
      map.set('a', map.get('a'))
      expect(map.compareAndDelete('a', value)).toBe(true)
    })

    it('compareAndDelete of ABSENT removes nothing', () => {
      const map = mapOf({ a: undefined })
      expect(map.compareAndDelete('a', ABSENT as never)).toBe(false)
      expect(map.has('a')).toBe(true)
      map.compareAndDelete('none', ABSENT as never)
      expect(map.size).toBe(1)
    })

    it('ABSENT is one symbol in all copies and cannot be stored', () => {
      const map = mapOf({ a: 1 })
      expect(ConcurrentMap.ABSENT).toBe(ABSENT)
      expect(ABSENT).toBe(Symbol.for('threadmap.absent'))
      expect(refused(map, () => map.set('a', ABSENT))).toMatchObject({ name: 'DataCloneError' })
      expect(refused(map, () => map.compareAndSet('a', 1, ABSENT))).toMatchObject({ name: 'DataCloneError' })
    })

    it('a match over an equal value is a change all the same', () => {
      const map = mapOf({ a: 1 })
      const before = map.version
      expect(map.compareAndSet('a', 1, 1)).toBe(true)
      expect(map.version).toBeGreaterThan(before)
    })
  })

  describe('numbers', () => {
    it('add is IEEE addition on numbers', () => {
      const map = mapOf({ a: 0.1, huge: Number.MAX_VALUE, negativeZero: -0 })
      expect(map.add('a', 0.2)).toBe(0.1 + 0.2)
      expect(map.add('huge', Number.MAX_VALUE)).toBe(Number.POSITIVE_INFINITY)
      expect(map.add('huge', Number.NEGATIVE_INFINITY)).toBeNaN()
      expect(map.add('negativeZero', -0)).toBe(-0)
      expect(map.add('big', 2 ** 53)).toBe(2 ** 53)
      expect(map.add('big', 1)).toBe(2 ** 53)
    })

    it('add is exact over all of int64 on bigints', () => {
      const map = mapOf({ a: int64Min })
      expect(map.add('a', int64Max)).toBe(-1n)
      expect(map.add('a', 2n ** 53n + 1n)).toBe(2n ** 53n)
      expect(map.add('b', int64Min)).toBe(int64Min)
      expect(map.add('c', 1n, int64Max - 1n)).toBe(int64Max)
      let sum = 0n
      for (let bit = 0n; bit < 62n; bit += 1n) {
        sum += 3n ** 39n - 2n ** bit
        sum = BigInt.asIntN(62, sum)
        map.set('d', sum)
        expect(map.add('d', -sum)).toBe(0n)
      }
    })

    it.each([
      ['over the top', int64Max, 1n],
      ['under the bottom', int64Min, -1n],
      ['by a delta beyond int64', 0n, 2n ** 63n],
      ['by a delta far beyond int64', -1n, 2n ** 64n],
      ['from a cell beyond int64', 2n ** 64n, 1n],
    ])('add %s throws RangeError and changes nothing', (_, start, delta) => {
      const map = mapOf({ a: start })
      expect(refused(map, () => map.add('a', delta))).toMatchObject(overflow)
      expect(
        refused(map, () =>
          map.addMany([
            ['other', 1n],
            ['a', delta],
          ]),
        ),
      ).toMatchObject(overflow)
    })

    it('add beyond int64 from its initial value throws and creates nothing', () => {
      const map = mapOf()
      expect(refused(map, () => map.add('a', 1n, int64Max))).toMatchObject(overflow)
      expect(refused(map, () => map.add('a', 1n, 2n ** 63n))).toMatchObject(overflow)
      expect(map.has('a')).toBe(false)
    })

    it('the initial value counts only where there is no entry', () => {
      const map = mapOf({ a: 1 })
      expect(map.add('a', 1, 100)).toBe(2)
      expect(map.add('b', 1, 100)).toBe(101)
      expect(map.add('c', 1n, 100n)).toBe(101n)
      expect(map.add('d', 1, undefined)).toBe(1)
    })

    it('an initial value of another type than the delta is a TypeError, with and without an entry', () => {
      const map = mapOf({ a: 1, b: 1n })
      for (const key of ['a', 'none']) {
        const thrown = refused(map, () => map.add(key, 1, 1n as never))
        expect(thrown).toMatchObject({ name: 'TypeError', code: expect.stringMatching(/^THREADMAP_/) })
      }
      for (const key of ['b', 'none']) {
        const thrown = refused(map, () => map.add(key, 1n, 1 as never))
        expect(thrown).toMatchObject({ name: 'TypeError', code: expect.stringMatching(/^THREADMAP_/) })
      }
    })

    it.each(['add', 'max', 'min'] as const)(
      '%s on any value that is no number throws TypeError',
      (operation) => {
        const content = {
          text: '1',
          nothing: null,
          undef: undefined,
          yes: true,
          list: [1],
          bytes: Buffer.from([1]),
        }
        const map = mapOf(content)
        for (const key of Object.keys(content)) {
          for (const operand of [1, 1n]) {
            expect(refused(map, () => Reflect.apply(map[operation], map, [key, operand]))).toMatchObject(
              wrongCell,
            )
          }
        }
      },
    )

    it('max and min order numbers as Math.max and Math.min do', () => {
      const numbers = [
        0,
        -0,
        1,
        -1,
        0.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY,
        5e-324,
      ]
      const map = mapOf()
      for (const a of numbers) {
        for (const b of numbers) {
          expect(map.set('k', a).max('k', b)).toBe(Math.max(a, b))
          expect(map.get('k')).toBe(Math.max(a, b))
          expect(map.set('k', a).min('k', b)).toBe(Math.min(a, b))
          expect(map.get('k')).toBe(Math.min(a, b))
        }
      }
    })

    it('max and min order bigints over all of int64', () => {
      const bigints = [0n, 1n, -1n, int64Max, int64Min, 2n ** 53n + 1n, 2n ** 53n, -(2n ** 47n), 2n ** 47n]
      const map = mapOf()
      for (const a of bigints) {
        for (const b of bigints) {
          expect(map.set('k', a).max('k', b)).toBe(a > b ? a : b)
          expect(map.set('k', a).min('k', b)).toBe(a < b ? a : b)
        }
      }
    })

    it('max and min of an operand beyond int64 throw RangeError', () => {
      const map = mapOf({ a: 1n })
      for (const key of ['a', 'none']) {
        expect(refused(map, () => map.max(key, 2n ** 63n))).toMatchObject(overflow)
        expect(refused(map, () => map.min(key, -(2n ** 64n)))).toMatchObject(overflow)
      }
    })
  })

  describe('read-modify-write', () => {
    it('update calls its function once when nobody else writes', () => {
      const map = mapOf({ a: 1 })
      let calls = 0
      map.update('a', (old) => {
        calls += 1
        return old
      })
      expect(calls).toBe(1)
    })

    it('update runs its function again on what another write put there meanwhile', () => {
      const map = mapOf({ a: 1 })
      const seen: unknown[] = []
      const result = map.update('a', (old) => {
        seen.push(old)
        if (seen.length === 1) map.set('a', 'another')
        if (seen.length === 2) map.delete('a')
        if (seen.length === 3) map.set('a', { deep: [1] })
        return 'mine'
      })
      expect(seen).toEqual([1, 'another', undefined, { deep: [1] }])
      expect(result).toBe('mine')
      expect(map.get('a')).toBe('mine')
    })

    it('update to ABSENT runs again, too', () => {
      const map = mapOf({ a: 1 })
      const seen: unknown[] = []
      map.update('a', (old) => {
        seen.push(old)
        if (seen.length === 1) map.set('a', 2)
        return ABSENT
      })
      expect(seen).toEqual([1, 2])
      expect(map.has('a')).toBe(false)
    })

    it('update settles when its function changes the bytes or the object that it is shown', () => {
      const map = mapOf({ bytes: Buffer.from([1, 2]), object: { list: [1] } })
      const calls = { bytes: 0, object: 0 }
      map.update('bytes', (old) => {
        if ((calls.bytes += 1) > 5) throw new Error('again and again')
        return (old as Uint8Array).fill(9)
      })
      map.update('object', (old) => {
        if ((calls.object += 1) > 5) throw new Error('again and again')
        ;(old as { list: number[] }).list.push(2)
        return old
      })
      expect(calls).toEqual({ bytes: 1, object: 1 })
      expect(map.get('bytes')).toEqual(Buffer.from([9, 9]))
      expect(map.get('object')).toEqual({ list: [1, 2] })
    })

    it.each([
      ['turns the bytes around that it is given', (payload: Uint8Array) => [...payload.reverse()].reverse()],
      ['hands on the bytes themselves', (payload: Uint8Array) => payload],
    ])('update settles when decode() of the codec %s', (_, decode) => {
      const codec = {
        name: 'bytes in an object',
        encode: (value: { bytes: Iterable<number> }) => Uint8Array.from(value.bytes),
        decode: (payload: Uint8Array | string) => ({ bytes: decode(payload as Uint8Array) }),
      }
      const map = mapOf({ a: { bytes: [1, 2] } }, { codec })
      let calls = 0
      map.update('a', (old) => {
        if ((calls += 1) > 5) throw new Error('again and again')
        const { bytes } = old as { bytes: number[] }
        bytes[0] = 7
        return old
      })
      expect(calls).toBe(1)
      expect([...(map.get('a') as { bytes: number[] }).bytes]).toEqual([7, 2])
    })

    it('update changes the key as it was when called', () => {
      const map = mapOf()
      const key = new Uint8Array([1])
      map.set(key as never, 'old')
      let calls = 0
      map.update(key as never, () => {
        if ((calls += 1) > 5) throw new Error('again and again')
        key[0] = 2
        return 'new'
      })
      expect(describeContent(map)).toEqual(['bytes 01 => string "new"'])
    })

    it('update may call any method of any map, also update of the same key', () => {
      const map = mapOf({ a: 1 })
      const other = mapOf({ total: 0 })
      const result = map.update('a', (old) => {
        other.add('total', 1)
        map.getOrInsert('b', 2)
        for (const _ of map) map.has('a')
        return (old as number) + (map.update('b', (inner) => inner) as number)
      })
      expect(result).toBe(3)
      expect(other.get('total')).toBe(1)
      let nested = 0
      map.update('a', (old) => {
        nested += 1
        if (nested === 1) map.update('a', () => 10)
        return (old as number) + 1
      })
      expect([nested, map.get('a')]).toEqual([2, 11])
    })

    it('update throws MapClosedError when its function closes the map', () => {
      const map = mapOf({ a: 1 })
      expect(thrownBy(() => map.update('a', () => map.close()))).toMatchObject(closed)
    })

    it('update stores a returned undefined, which is not ABSENT', () => {
      const map = mapOf({ a: 1 })
      expect(map.update('a', () => undefined)).toBeUndefined()
      expect(map.has('a')).toBe(true)
    })

    it('update keeps the entry when its result cannot be stored', () => {
      const map = mapOf({ a: 1 })
      expect(refused(map, () => map.update('a', () => () => 1))).toMatchObject({ name: 'DataCloneError' })
      expect(refused(map, () => map.update('a', async () => 1))).toMatchObject({
        name: 'TypeError',
        code: 'THREADMAP_INVALID_ARGUMENT',
      })
    })
  })

  describe('bulk', () => {
    it('takes any iterable: lists, sets, generators, maps, iterator helpers', () => {
      const map = mapOf()
      map.setMany(new Map([['a', 1]]))
      map.setMany(new Map([['b', 2]]).entries().map(([key, value]) => [key, value * 10] as const))
      map.setMany(mapOf({ c: 3 }))
      expect(map.getMany(new Set(['a', 'b', 'c']))).toEqual([1, 20, 3])
      expect(map.getMany(map.keys()).length).toBe(3)
      expect(map.addMany(new Map([['a', 5]]))).toEqual([6])
      expect(map.deleteMany(map.keys())).toBe(3)
    })

    it('takes a string as the iterable of characters that it is', () => {
      const map = mapOf({ a: 1, b: 2 })
      expect(map.getMany('ab-')).toEqual([1, 2, undefined])
    })

    it('does nothing for nothing', () => {
      const map = mapOf({ a: 1 })
      expect(map.getMany([])).toEqual([])
      expect(map.setMany([])).toBe(map)
      expect(map.deleteMany([])).toBe(0)
      expect(map.addMany([])).toEqual([])
      expect(map.size).toBe(1)
    })

    it('handles a hundred thousand keys in one call', () => {
      const map = mapOf()
      const keys = Array.from({ length: 100_000 }, (_, index) => `key ${index}`)
      map.setMany(keys.map((key, index) => [key, index]))
      expect(map.size).toBe(100_000)
      expect(map.getMany(keys)).toEqual(keys.map((_, index) => index))
      expect(map.addMany(keys.map((key) => [key, 1]))).toEqual(keys.map((_, index) => index + 1))
      expect(map.deleteMany(keys)).toBe(100_000)
      expect(map.size).toBe(0)
    })

    it('takes every key before it changes anything, so an iterable may look at the map', () => {
      const map = mapOf({ a: 1, b: 2 })
      function* growing(): Generator<[string, unknown]> {
        yield ['c', map.size]
        yield ['d', map.size]
      }
      map.setMany(growing())
      expect(map.getMany(['c', 'd'])).toEqual([2, 2])
      expect(map.deleteMany(map.keys())).toBe(4)
    })

    it.each([
      [
        'a wrong key',
        [
          ['good', 1],
          [Symbol('s'), 1],
        ],
        { code: 'THREADMAP_INVALID_KEY' },
      ],
      [
        'a value that cannot be cloned',
        [
          ['good', 1],
          ['bad', () => 1],
        ],
        { name: 'DataCloneError' },
      ],
      ['no pair', [['good', 1], 7], { code: 'THREADMAP_INVALID_ARGUMENT' }],
    ])('setMany with %s in the middle stores nothing', (_, entries, error) => {
      const map = mapOf({ a: 1 })
      expect(refused(map, () => map.setMany([...entries, ['after', 1]] as never))).toMatchObject(error)
    })

    it.each([
      [
        'a wrong cell',
        [
          ['n', 1],
          ['text', 1],
        ],
        wrongCell,
      ],
      [
        'another type of delta',
        [
          ['n', 1],
          ['n', 1n],
        ],
        wrongCell,
      ],
      [
        'an overflow',
        [
          ['big', 1n],
          ['big', int64Max],
        ],
        overflow,
      ],
      [
        'no number',
        [
          ['n', 1],
          ['n', '1'],
        ],
        { code: 'THREADMAP_INVALID_ARGUMENT' },
      ],
    ])('addMany with %s in the middle adds nothing', (_, deltas, error) => {
      const map = mapOf({ n: 1, big: 1n, text: 'x' })
      expect(refused(map, () => map.addMany(deltas as never))).toMatchObject(error)
    })

    it('getMany and deleteMany with a wrong key in the middle change nothing', () => {
      const map = mapOf({ a: 1, b: 2 })
      const keys = ['a', {}, 'b'] as never
      expect(refused(map, () => map.getMany(keys))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
      expect(refused(map, () => map.deleteMany(keys))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
    })
  })

  describe('life', () => {
    it('stats() reports the figures of the map', () => {
      const map = mapOf({ a: 1, b: 'text' })
      const before = map.stats()
      expect(before).toMatchObject({ name: undefined, variant: options.variant, codec: 'clone', entries: 2 })
      expect(before.shards).toBeGreaterThanOrEqual(1)
      expect(before.version).toBe(map.version)
      map.set('c', Buffer.alloc(1_000_000))
      const { bytes, indexBytes } = map.stats()
      expect(bytes - before.bytes).toBeGreaterThanOrEqual(1_000_000)
      expect(indexBytes).toBeLessThan(bytes)
      map.clear()
      expect(map.stats().bytes).toBeLessThan(1_000_000)
      expect(map.stats().entries).toBe(0)
    })

    it('takes the shards that it is given, if its variant has any', () => {
      const counts = options.variant === 'sharded' ? [1, 2, 64, 4_096] : []
      for (const shards of counts) expect(mapOf({}, { shards }).stats().shards).toBe(shards)
      if (options.variant === 'lock-free') expect(mapOf().stats().shards).toBe(1)
    })

    it('has no name, and a variant', () => {
      const map = mapOf()
      expect(map.name).toBeUndefined()
      expect(map.variant).toBe(options.variant)
    })

    it('toJSON gives the entries', () => {
      const map = mapOf({ a: { b: 1 } })
      expect(map.toJSON()).toEqual([['a', { b: 1 }]])
      expect(JSON.parse(JSON.stringify({ map }))).toEqual({ map: [['a', { b: 1 }]] })
    })

    it('after close every operation throws MapClosedError, and close itself does not', () => {
      const map = mapOf({ a: 1 })
      map.close()
      for (const use of usesOf(map)) expect(thrownBy(use), use.toString()).toMatchObject(closed)
      expect(() => map.close()).not.toThrow()
      expect(() => map[Symbol.dispose]()).not.toThrow()
    })
  })
})

function usesOf(map: TestMap): (() => unknown)[] {
  return [
    ...[
      () => map.get('a'),
      () => map.has('a'),
      () => map.set('a', 1),
      () => map.delete('a'),
      () => map.clear(),
    ],
    ...[() => map.size, () => map.version, () => map.handle, () => map.stats(), () => map.name],
    ...[() => map.entries(), () => map.keys(), () => map.values(), () => [...map], () => map.toJSON()],
    ...[
      () => map.forEach(() => {}),
      () => map.getOrInsert('a', 1),
      () => map.getOrInsertComputed('a', () => 1),
    ],
    ...[
      () => map.swap('a', 1),
      () => map.take('a'),
      () => map.setIfAbsent('a', 1),
      () => map.replace('a', 1),
    ],
    ...[() => map.compareAndSet('a', 1, 2), () => map.compareAndDelete('a', 1), () => map.add('a', 1)],
    ...[
      () => map.max('a', 1),
      () => map.min('a', 1),
      () => map.update('a', () => 1),
      () => map.getEntry('a'),
    ],
    ...[() => map.setIfVersion('a', 1, 1), () => map.deleteIfVersion('a', 1), () => map.getMany(['a'])],
    ...[() => map.setMany([['a', 1]]), () => map.deleteMany(['a']), () => map.addMany([['a', 1]])],
    ...[() => map.getMany([]), () => map.setMany([]), () => map.deleteMany([]), () => map.addMany([])],
  ]
}
