// Options, names and handles that are wrong: refused with a typed error, and no map is made.
import { describe, expect, it } from 'vitest'
import { ConcurrentMap, type MapOptions } from '../index.ts'
import { thrownBy } from './support/thrown.ts'
import { wrong } from './support/wrong.ts'

describe('options', () => {
  const badOptions: readonly (readonly [string, unknown, string, string])[] = [
    ...[null, 1, 'sharded', true, Symbol('s'), () => {}].map(
      (bag) => [`${String(bag)} as options`, bag, 'TypeError', 'THREADMAP_INVALID_OPTION'] as const,
    ),
    ...[0, -1, 3, 6, 1.5, 4_097, 8_192, 2 ** 31, 2 ** 32, 2 ** 53, Number.NaN, Infinity, -Infinity, -0].map(
      (shards) => [`shards: ${shards}`, { shards }, 'RangeError', 'THREADMAP_OUT_OF_RANGE'] as const,
    ),
    ...['maxKeyBytes', 'maxValueBytes'].flatMap((name) =>
      [0, -1, 1.5, 2 ** 32, 2 ** 53, Number.NaN, Infinity, -Infinity].map(
        (bytes) => [`${name}: ${bytes}`, { [name]: bytes }, 'RangeError', 'THREADMAP_OUT_OF_RANGE'] as const,
      ),
    ),
    ...['shards', 'maxKeyBytes', 'maxValueBytes'].flatMap((name) =>
      [null, '4', 4n, true, {}, [4], Symbol('s'), () => 4, { valueOf: () => 4 }].map(
        (value) =>
          [
            `${name}: ${typeof value} ${kind(value)}`,
            { [name]: value },
            'TypeError',
            'THREADMAP_INVALID_OPTION',
          ] as const,
      ),
    ),
    ...[null, 1, '', 'Sharded', 'hash', {}, Symbol('s'), ['sharded'], Object('sharded')].map(
      (variant) =>
        [
          `variant: ${typeof variant} ${kind(variant)}`,
          { variant },
          'TypeError',
          'THREADMAP_INVALID_OPTION',
        ] as const,
    ),
    ...[
      ...[
        null,
        1,
        'xml',
        '',
        {},
        [],
        Symbol('s'),
        () => {},
        { name: 'mine' },
        { name: 'mine', encode: () => '' },
      ],
      ...[codec({ name: 1 }), codec({ name: '' }), codec({ encode: 'x' }), codec({ decode: null })],
      ...[codec({ name: 'clone' }), codec({ name: 'json' })],
    ].map(
      (codec) =>
        [
          `codec: ${typeof codec} ${kind(codec)}`,
          { codec },
          'TypeError',
          'THREADMAP_INVALID_OPTION',
        ] as const,
    ),
    ...['near', 'freeze'].flatMap((name) =>
      [null, 1, 'yes', Symbol('s')].map(
        (value) =>
          [`${name}: ${kind(value)}`, { [name]: value }, 'TypeError', 'THREADMAP_INVALID_OPTION'] as const,
      ),
    ),
    ...[{}, [], { entries: null }, { entries: '8' }, { entry: 8 }, Object.create({ entries: 8 })].map(
      (near) => [`near: ${JSON.stringify(near)}`, { near }, 'TypeError', 'THREADMAP_INVALID_OPTION'] as const,
    ),
    ...[0, -1, 1.5, Number.NaN, Infinity, 2 ** 24 + 1].map(
      (entries) =>
        [
          `near: { entries: ${entries} }`,
          { near: { entries } },
          'RangeError',
          'THREADMAP_OUT_OF_RANGE',
        ] as const,
    ),
    ...['shard', 'Shards', 'maxSize', '__proto__x', 'constructor', ''].map(
      (name) =>
        [`the unknown option '${name}'`, { [name]: 1 }, 'TypeError', 'THREADMAP_INVALID_OPTION'] as const,
    ),
    ['shards of no shards', { variant: 'lock-free', shards: 4 }, 'TypeError', 'THREADMAP_INVALID_OPTION'],
    ['__proto__ as an own option', JSON.parse('{"__proto__": 1}'), 'TypeError', 'THREADMAP_INVALID_OPTION'],
  ]
  const makers: Record<string, (options: never) => unknown> = {
    'the constructor': (options) => new ConcurrentMap(undefined, options),
    'the constructor, with entries': (options) => new ConcurrentMap([['a', 1]], options),
    open: (options) => ConcurrentMap.open('bad options', options),
  }

  it.each(Object.keys(makers))('that are wrong are refused by %s, and no map is made', (maker) => {
    for (const [title, options, name, code] of badOptions) {
      expect(
        thrownBy(() => makers[maker]?.(options as never)),
        title,
      ).toMatchObject({ name, code })
    }
    expect(ConcurrentMap.has('bad options')).toBe(false)
    expect(ConcurrentMap.names()).toEqual([])
  })

  it('that are undefined count as left out', () => {
    const undefinedOptions = {
      variant: undefined,
      shards: undefined,
      codec: undefined,
      maxKeyBytes: undefined,
    }
    using map = new ConcurrentMap(undefined, undefinedOptions as never)
    expect(map.variant).toBe('sharded')
  })

  it('are read once, own properties only', () => {
    let reads = 0
    const options = {
      get shards() {
        reads += 1
        return reads === 1 ? 2 : 3
      },
    }
    using map = new ConcurrentMap(undefined, options)
    expect(map.stats().shards).toBe(2)
    expect(reads).toBe(1)
    using inherited = new ConcurrentMap(undefined, Object.create({ shards: 3, unknown: 1 }) as MapOptions)
    expect(inherited.variant).toBe('sharded')
  })

  it('whose getter throws pass the error on, and one that opens the same name is no trouble', () => {
    const failing = {
      get shards(): number {
        throw new Error('from the getter')
      },
    }
    expect(() => ConcurrentMap.open('bad options', failing)).toThrow('from the getter')
    expect(ConcurrentMap.has('bad options')).toBe(false)
    const reentrant = {
      get shards(): number {
        ConcurrentMap.open('by the getter', { shards: 2 })
        return 2
      },
    }
    expect(ConcurrentMap.open('by the getter', reentrant).stats().shards).toBe(2)
    expect(ConcurrentMap.delete('by the getter')).toBe(true)
  })

  it('on a polluted Object.prototype change no map', () => {
    const pollution = {
      shards: 3,
      codec: 'xml',
      variant: 'hash',
      maxKeyBytes: -1,
      near: true,
      kind: 'x',
    }
    for (const [name, value] of Object.entries(pollution)) {
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true })
    }
    try {
      using map = new ConcurrentMap<string, unknown>([['a', { b: 1 }]], {})
      using same = ConcurrentMap.attach<string, unknown>(map.handle)
      same.set('c', 2)
      expect(map.get('a')).toEqual({ b: 1 })
      expect(map.getEntry('c')?.value).toBe(2)
      expect(map.variant).toBe('sharded')
      expect(map.stats().codec).toBe('clone')
    } finally {
      for (const name of Object.keys(pollution)) Reflect.deleteProperty(Object.prototype, name)
    }
  })

  function kind(value: unknown): string {
    return typeof value === 'object' ? JSON.stringify(value) : String(value)
  }

  function codec(wrong: object): object {
    return { name: 'mine', encode: () => '', decode: () => ({}), ...wrong }
  }
})

describe('statics', () => {
  const invalid = { name: 'TypeError', code: 'THREADMAP_INVALID_ARGUMENT' }
  const wrongNames = [
    undefined,
    null,
    1,
    1n,
    true,
    {},
    [],
    ['name'],
    Symbol('s'),
    () => {},
    '',
    Object('name'),
    '\ud800',
  ]

  it.each(['open', 'has', 'delete'] as const)('%s refuses a name that is none', (name) => {
    for (const wrongName of wrongNames) {
      expect(thrownBy(() => Reflect.apply(ConcurrentMap[name], ConcurrentMap, [wrongName]))).toMatchObject(
        invalid,
      )
    }
    expect(ConcurrentMap.names()).toEqual([])
  })

  it('open takes odd names as they are', () => {
    for (const name of ['__proto__', 'constructor', ' ', '\0', '\u4e2d\ud83d\ude00', 'x'.repeat(10_000)]) {
      const map = ConcurrentMap.open<string, number>(name)
      map.set('a', 1)
      expect(map.name).toBe(name)
      expect(ConcurrentMap.names()).toEqual([name])
      expect(ConcurrentMap.open<string, number>(name).get('a')).toBe(1)
      expect(ConcurrentMap.delete(name)).toBe(true)
    }
  })

  it('attach refuses everything that is no handle', () => {
    using map = new ConcurrentMap()
    const { handle } = map
    const strange = [
      undefined,
      null,
      1,
      'handle',
      true,
      Symbol('s'),
      () => {},
      {},
      [],
      map,
      JSON.stringify(handle),
    ]
    const forged = [
      ...[-1, 1.5, Number.NaN, Infinity, 2 ** 53, 2 ** 32, '1', null, {}, 1n].flatMap((value) => [
        { ...handle, id: value },
        { ...handle, generation: value },
      ]),
      ...[
        { ...handle, kind: 'other' },
        { ...handle, process: 'other' },
        { ...handle, process: undefined },
      ],
      ...[Object.create(handle), new Proxy({}, {})],
    ]
    for (const wrongHandle of [...strange, ...forged]) {
      expect(thrownBy(() => ConcurrentMap.attach(wrongHandle as never))).toMatchObject({
        code: 'THREADMAP_INVALID_HANDLE',
      })
    }
  })

  it('the constructor needs new', () => {
    expect(() => Reflect.apply(ConcurrentMap as never, undefined, [])).toThrow(TypeError)
  })

  it('the constructor refuses everything that is no iterable of entries, and leaves no map behind', () => {
    for (const { title, error, make } of wrong.entries) {
      if (['undefined', 'null'].includes(title)) continue
      expect(
        thrownBy(() => new ConcurrentMap(make() as never)),
        title,
      ).toMatchObject(error)
    }
  })
})
