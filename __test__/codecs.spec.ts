// Codecs: what happens to values that are neither primitives nor bytes.
// Invariant under test: a value that cannot be encoded changes nothing, and a codec never runs while the map is locked.
import { describe, expect, it } from 'vitest'
import { type Codec, ConcurrentMap, type MapOptions } from '../index.ts'
import { describeContent } from './support/describe.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}

const dataClone = { name: 'DataCloneError' }
const codecError = { name: 'TypeError', code: 'THREADMAP_CODEC' }

describe.each(variants)('the clone codec of a $title map', ({ options }) => {
  it('is the default', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    map.set('k', new Map([[{ deep: new Date(5) }, new Set([1n])]]))
    expect(map.get('k')).toEqual(new Map([[{ deep: new Date(5) }, new Set([1n])]]))
    expect(map.stats().codec).toBe('clone')
  })

  it('keeps cycles and shared references within one value', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    const shared = { n: 1 }
    const node: Record<string, unknown> = { left: shared, right: shared }
    node.self = node
    map.set('k', node)
    const read = map.get('k') as typeof node
    expect(read.self).toBe(read)
    expect(read.left).toBe(read.right)
    expect(read.left).not.toBe(shared)
  })

  it('makes plain objects of class instances, own fields only', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    map.set('k', new Point(1))
    expect(map.get('k')).toEqual({ x: 1 })
    expect(Object.getPrototypeOf(map.get('k'))).toBe(Object.prototype)
  })

  it('keeps errors as errors', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    map.set('k', new RangeError('too far'))
    const read = map.get('k') as Error
    expect(read).toBeInstanceOf(RangeError)
    expect(read.message).toBe('too far')
  })

  it.each([
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('s')],
    ['ABSENT', () => ConcurrentMap.ABSENT],
    ['an object with a method', () => ({ method() {} })],
    ['an object with a symbol as a field', () => ({ field: Symbol('s') })],
    ['a function in a list in a Map', () => new Map([['k', [() => 1]]])],
    ['a WeakMap', () => new WeakMap()],
    ['a Proxy', () => new Proxy({}, {})],
    ['a SharedArrayBuffer in an object', () => ({ shared: new SharedArrayBuffer(8) })],
    ['a map of this package', () => new ConcurrentMap()],
  ])('refuses %s with a DataCloneError and stores nothing', (_, make) => {
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], options)
    const before = [map.version, describeContent(map)]
    for (const write of writesOf(map, make())) expect(thrownBy(write)).toMatchObject(dataClone)
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('passes on what a getter throws, and stores nothing', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], options)
    const before = [map.version, describeContent(map)]
    const value = {
      get field() {
        throw new Error('from the getter')
      },
    }
    for (const write of writesOf(map, value)) expect(write).toThrow('from the getter')
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('lets a getter use the map, also the same key', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    const value = {
      get field() {
        map.set('k', 'by the getter').set('other', 1)
        return map.get('k')
      },
    }
    map.set('k', value)
    expect(map.get('k')).toEqual({ field: 'by the getter' })
    expect(map.size).toBe(2)
  })

  it('tells objects apart by their encoded bytes', () => {
    using map = new ConcurrentMap<string, unknown>([['k', { a: 1, b: [true] }]], options)
    expect(map.compareAndSet('k', { a: 1 }, 1)).toBe(false)
    expect(map.compareAndSet('k', { a: 1, b: [false] }, 1)).toBe(false)
    expect(map.compareAndSet('k', new Map(), 1)).toBe(false)
    expect(map.compareAndSet('k', { a: 1, b: [true] }, 'matched')).toBe(true)
    expect(map.get('k')).toBe('matched')
  })
})

describe.each(variants)('the json codec of a $title map', ({ options }) => {
  const json: MapOptions = { ...options, codec: 'json' }

  it('stores objects as JSON and everything native as it is', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, json)
    map.set('object', { a: [1, null], date: new Date(0), gone: undefined })
    map
      .set('nan', Number.NaN)
      .set('big', 2n ** 70n)
      .set('bytes', new Uint8Array([1]))
      .set('nothing', undefined)
    expect(map.get('object')).toEqual({ a: [1, null], date: '1970-01-01T00:00:00.000Z' })
    expect(map.getMany(['nan', 'big', 'bytes', 'nothing'])).toEqual([
      Number.NaN,
      2n ** 70n,
      new Uint8Array([1]),
      undefined,
    ])
    expect(map.has('nothing')).toBe(true)
    expect(map.stats().codec).toBe('json')
  })

  it('keeps "__proto__" as plain data', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, json)
    map.set('k', JSON.parse('{"__proto__": {"polluted": true}}'))
    const read = map.get('k') as Record<string, unknown>
    expect(Object.getOwnPropertyNames(read)).toEqual(['__proto__'])
    expect(read.polluted).toBeUndefined()
  })

  it('refuses what JSON cannot hold, and stores nothing', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], json)
    const before = [map.version, describeContent(map)]
    const circular: Record<string, unknown> = {}
    circular.self = circular
    for (const value of [circular, { big: 1n }]) {
      for (const write of writesOf(map, value)) expect(thrownBy(write)).toMatchObject({ name: 'TypeError' })
    }
    for (const value of [() => 1, Symbol('s')]) {
      for (const write of writesOf(map, value)) expect(thrownBy(write)).toMatchObject(dataClone)
    }
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('keeps lone surrogates and long two-byte text', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, json)
    const value = { text: '\ud800', long: '\u4e2d'.repeat(10_000), '\udfff': 1 }
    map.set('k', value)
    expect(map.get('k')).toEqual(value)
  })

  it('refuses a value whose JSON is not there at all', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], json)
    const value = { toJSON: () => undefined }
    for (const write of writesOf(map, value))
      expect(thrownBy(write)).toMatchObject({ name: expect.any(String) })
    expect(map.get('k')).toBe('before')
  })
})

describe.each(variants)('a codec of the user in a $title map', ({ options }) => {
  const points: Codec<Point> = {
    name: 'points',
    encode: ({ x }) => String(x),
    decode: (text) => new Point(Number(text)),
  }
  const withCodec = (codec: MapOptions['codec'] & object): MapOptions => ({ ...options, codec })

  it('turns objects into text and back', () => {
    using map = new ConcurrentMap<string, Point>([['k', new Point(7)]], withCodec(points))
    expect(map.get('k')).toBeInstanceOf(Point)
    expect(map.get('k')).toEqual(new Point(7))
    expect(map.stats().codec).toBe('points')
    expect(map.compareAndSet('k', new Point(8), new Point(9))).toBe(false)
    expect(map.compareAndSet('k', new Point(7), new Point(9))).toBe(true)
    expect([...map.values()]).toEqual([new Point(9)])
  })

  it('turns objects into bytes and back, every byte kept', () => {
    const seen: unknown[] = []
    const bytes: Codec<{ list: number[] }> = {
      name: 'bytes',
      encode: ({ list }) => new Uint8Array(list),
      decode: (stored) => {
        seen.push(stored)
        return { list: [...(stored as Uint8Array)] }
      },
    }
    const list = Array.from({ length: 256 }, (_, byte) => byte)
    using map = new ConcurrentMap<string, { list: number[] }>(undefined, withCodec(bytes))
    map.set('k', { list }).set('empty', { list: [] })
    expect(map.get('k')).toEqual({ list })
    expect(map.get('empty')).toEqual({ list: [] })
    expect(seen.every((stored) => stored instanceof Uint8Array)).toBe(true)
  })

  it('gets text back as the text it gave, lone surrogates and NUL too', () => {
    const text: Codec<{ text: string }> = {
      name: 'text',
      encode: (value) => value.text,
      decode: (stored) => ({ text: stored as string }),
    }
    using map = new ConcurrentMap<string, { text: string }>(undefined, withCodec(text))
    for (const value of ['', '\0', '\ud800', '\xff', '\u4e2d', 'x'.repeat(100_000)]) {
      map.set('k', { text: value })
      expect(map.get('k')?.text).toBe(value)
    }
  })

  it('sees objects only: primitives and bytes stay native', () => {
    const never: Codec<never> = {
      name: 'never',
      encode: () => expect.fail('nothing to encode'),
      decode: () => expect.fail('nothing to decode'),
    }
    using map = new ConcurrentMap<string, unknown>(undefined, withCodec(never))
    const values = [undefined, null, true, -0, 1n, 'text', new Uint8Array([1]), Buffer.from('b')]
    for (const value of values) {
      map.set('k', value)
      expect(map.get('k')).toEqual(value)
    }
  })

  it('keeps coded values apart from native ones of the same bytes', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, withCodec(points))
    map.set('text', '7').set('point', new Point(7))
    expect(map.get('text')).toBe('7')
    expect(map.get('point')).toEqual(new Point(7))
    expect(map.compareAndSet('text', new Point(7), 1)).toBe(false)
    expect(map.compareAndSet('point', '7', 1)).toBe(false)
  })

  it('that throws in encode passes its error on, and nothing is stored', () => {
    const failing: Codec<Point> = {
      ...points,
      encode: () => {
        throw new Error('cannot encode')
      },
    }
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], withCodec(failing))
    const before = [map.version, describeContent(map)]
    for (const write of writesOf(map, new Point(1))) expect(write).toThrow('cannot encode')
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('that throws in decode passes its error on, and the entry stays', () => {
    const failing: Codec<Point> = {
      ...points,
      decode: () => {
        throw new Error('cannot decode')
      },
    }
    using map = new ConcurrentMap<string, unknown>([['k', new Point(1)]], withCodec(failing))
    const version = map.version
    const reads = [
      ...[() => map.get('k'), () => map.getMany(['k']), () => map.getEntry('k'), () => [...map]],
      ...[() => [...map.values()], () => map.forEach(() => {}), () => map.getOrInsert('k', 1)],
      ...[() => map.getOrInsertComputed('k', () => 1), () => map.update('k', () => 1)],
    ]
    for (const read of reads) expect(read).toThrow('cannot decode')
    expect(map.has('k')).toBe(true)
    expect([...map.keys()]).toEqual(['k'])
    expect([map.size, map.version]).toEqual([1, version])
    expect(map.delete('k')).toBe(true)
  })

  it.each([
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['an object', {}],
    ['a list', [1, 2]],
    ['a promise', Promise.resolve('text')],
    ['a DataView', new DataView(new ArrayBuffer(1))],
    ['a symbol', Symbol('s')],
  ])('whose encode returns %s is refused with THREADMAP_CODEC, and nothing is stored', (_, result) => {
    const wrong = { ...points, encode: () => result } as never as Codec
    using map = new ConcurrentMap<string, unknown>([['k', 'before']], withCodec(wrong))
    const before = [map.version, describeContent(map)]
    for (const write of writesOf(map, new Point(1))) expect(thrownBy(write)).toMatchObject(codecError)
    expect([map.version, describeContent(map)]).toEqual(before)
  })

  it('may use the map while it encodes and decodes', () => {
    const reentrant: Codec<Point> = {
      name: 'reentrant',
      encode: (point) => {
        map.set('encoded', point.x).delete('victim')
        return points.encode(point)
      },
      decode: (stored) => {
        map.add('decoded', 1)
        return points.decode(stored)
      },
    }
    const map: ConcurrentMap<string, unknown> = new ConcurrentMap<string, unknown>(
      undefined,
      withCodec(reentrant),
    )
    map.set('victim', 1)
    map.set('k', new Point(3))
    expect(map.get('k')).toEqual(new Point(3))
    expect(new Map(map.entries()).get('k')).toEqual(new Point(3))
    expect(map.getMany(['encoded', 'victim'])).toEqual([3, undefined])
    expect(map.get('decoded')).toBeGreaterThanOrEqual(2)
    map.close()
  })

  it('may close the map while it encodes: the write then throws MapClosedError', () => {
    const closing: Codec<Point> = {
      ...points,
      encode: (point) => {
        map.close()
        return points.encode(point)
      },
    }
    const map: ConcurrentMap<string, unknown> = new ConcurrentMap<string, unknown>(
      undefined,
      withCodec(closing),
    )
    expect(thrownBy(() => map.set('k', new Point(1)))).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
  })

  it('gives its own object to every read, never a kept one', () => {
    using map = new ConcurrentMap<string, Point>([['k', new Point(1)]], withCodec(points))
    expect(map.get('k')).not.toBe(map.get('k'))
  })

  it('is needed again to attach, under the same name', () => {
    using map = new ConcurrentMap<string, Point>([['k', new Point(1)]], withCodec(points))
    using same = ConcurrentMap.attach<string, Point>(map.handle, { codec: points })
    expect(same.get('k')).toEqual(new Point(1))
    const other = { codec: { ...points, name: 'other' } }
    expect(thrownBy(() => ConcurrentMap.attach(map.handle, other))).toMatchObject({
      code: 'THREADMAP_OPTIONS_CONFLICT',
    })
  })
})

/** Every way of writing one value under 'k'; bulk ones put a good entry before it. */
function writesOf(map: ConcurrentMap<string, unknown>, value: unknown): (() => unknown)[] {
  const version = map.getEntry('k')?.version as never
  return [
    () => map.set('k', value),
    () => map.swap('k', value),
    () => map.replace('k', value),
    () => map.setIfAbsent('new', value),
    () => map.compareAndSet('k', 'before', value),
    () => map.getOrInsert('new', value),
    () => map.getOrInsertComputed('new', () => value),
    () => map.setIfVersion('k', value, version),
    () => map.setMany(Object.entries({ good: 1, k: value })),
    // ABSENT is a good result for update: it removes the entry.
    ...(value === ConcurrentMap.ABSENT ? [] : [() => map.update('k', () => value)]),
  ]
}
