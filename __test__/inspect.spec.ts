// What a map tells about itself, and what its errors tell. Invariant: no key and no value ever shows in either.

import { format, inspect, stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import {
  ConcurrentMap,
  InternalError,
  InvalidHandleError,
  LimitError,
  MapClosedError,
  OptionsConflictError,
  ThreadmapError,
} from '../index.ts'

const SECRET = 'do-not-show-this'

const inspections: Record<string, (map: object) => string> = {
  'util.inspect': (map) => inspect(map),
  'util.inspect with everything on': (map) =>
    inspect(map, { showHidden: true, depth: null, getters: true, colors: true, maxArrayLength: null }),
  'depth 0': (map) => inspect(map, { depth: 0 }),
  'inside an object': (map) => inspect({ deep: [{ map }] }, { depth: null }),
  'console.log %s': (map) => format('%s', map),
  'console.log %o': (map) => format('%o', map),
  String: (map) => String(map),
}

test.each(Object.keys(inspections))('%s shows no key and no value', (way) => {
  const map = ConcurrentMap.open<string, unknown>('inspected')
  map.set(`${SECRET} key`, SECRET).set('object', { field: SECRET }).set('buffer', Buffer.from(SECRET))
  const shown = inspections[way]?.(map)
  expect(shown).toContain(way === 'String' ? '[object ' : 'ConcurrentMap')
  expect(shown).not.toContain(SECRET)
  expect(shown).not.toContain(Buffer.from(SECRET).toString('hex'))
  ConcurrentMap.delete('inspected')
})

test('inspect shows name, variant, size and bytes', () => {
  const map = ConcurrentMap.open<string, number>('sessions')
  map.setMany(Array.from({ length: 1234 }, (_, i): [string, number] => [`k${i}`, i]))
  const { bytes } = map.stats()
  for (const options of [{}, { depth: 0 }, { colors: true }, { compact: false }]) {
    const shown = stripVTControlCharacters(inspect(map, options))
    expect(shown).toMatch(/^ConcurrentMap\b/)
    expect(shown).toContain('sessions')
    expect(shown).toContain('sharded')
    expect(shown).toMatch(/\b1_?234\b/)
    expect(shown.replaceAll('_', '')).toMatch(new RegExp(`\\b${bytes}\\b`))
  }
  ConcurrentMap.delete('sessions')
})

test('inspect of an anonymous map, of a closed one and of a bare prototype throws nothing', () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  expect(inspect(map)).toContain('ConcurrentMap')
  expect(inspect(map)).not.toContain('undefined')
  map.close()
  expect(inspect(map)).toMatch(/ConcurrentMap.*closed/s)
  expect(() => inspect(ConcurrentMap.prototype, { showHidden: true, getters: true })).not.toThrow()
  expect(inspect(ConcurrentMap)).toContain('class ConcurrentMap')
})

test('stats tell name, variant, shards, codec, entries, bytes, indexBytes and version', () => {
  const map = ConcurrentMap.open<string, string>('counted', { shards: 8, codec: 'json' })
  const empty = map.stats()
  expect(Object.keys(empty).toSorted()).toEqual([
    'bytes',
    'codec',
    'entries',
    'indexBytes',
    'name',
    'shards',
    'variant',
    'version',
  ])
  expect(empty).toMatchObject({ name: 'counted', variant: 'sharded', shards: 8, codec: 'json', entries: 0 })
  map.set('k', 'x'.repeat(10_000))
  const full = map.stats()
  expect(full.entries).toBe(1)
  expect(full.bytes - empty.bytes).toBeGreaterThanOrEqual(10_000)
  expect(full.bytes - empty.bytes).toBeLessThan(12_000)
  expect(full.version).toBeGreaterThan(empty.version)
  expect(full.version).toBe(map.version)
  const read = map.get('k')
  expect(read).toHaveLength(10_000)
  expect(map.stats()).toEqual(full)
  map.delete('k')
  expect(map.stats().bytes).toBeLessThan(empty.bytes + 1000)
  expect(map.stats().version).toBeGreaterThan(full.version)
  ConcurrentMap.delete('counted')
})

test('stats of an anonymous map have no name, those of a custom codec tell its name', () => {
  const codec = {
    name: 'upper',
    encode: (value: object) => JSON.stringify(value).toUpperCase(),
    decode: (text: string) => JSON.parse(text),
  }
  const map = new ConcurrentMap<string, object>(undefined, { codec: codec as never })
  expect(map.stats().name).toBeUndefined()
  expect(map.stats().codec).toBe('upper')
  expect(map.variant).toBe('sharded')
  map.close()
})

test('toJSON gives the entries of a small map, so that JSON.stringify works', () => {
  const map = new ConcurrentMap<string, unknown>([
    ['a', 1],
    ['b', { list: [1, 'x'] }],
  ])
  expect(new Map(map.toJSON() as [string, unknown][])).toEqual(
    new Map<string, unknown>([
      ['a', 1],
      ['b', { list: [1, 'x'] }],
    ]),
  )
  expect(new Map(JSON.parse(JSON.stringify({ map })).map)).toEqual(
    new Map<string, unknown>([
      ['a', 1],
      ['b', { list: [1, 'x'] }],
    ]),
  )
  expect(JSON.stringify(new ConcurrentMap())).toBe('[]')
  map.close()
})

test('toJSON refuses a map of more than 100,000 entries instead of building a huge text', () => {
  const map = new ConcurrentMap<number, number>()
  map.setMany(Array.from({ length: 100_000 }, (_, i): [number, number] => [i, i]))
  expect(map.toJSON()).toHaveLength(100_000)
  map.set(-1, 0)
  expect(() => map.toJSON()).toThrow(LimitError)
  expect(() => JSON.stringify(map)).toThrow(/100[,_]?00[01]/)
  map.close()
})

interface Provoked {
  readonly type: new (...args: never[]) => ThreadmapError
  readonly code: string
  readonly says: readonly RegExp[]
  readonly call: () => unknown
}

const closed = new ConcurrentMap<string, number>()
closed.close()
const small = new ConcurrentMap<string, string>(undefined, { maxKeyBytes: 8, maxValueBytes: 16 })

const provoked: Record<string, Provoked> = {
  MapClosedError: {
    type: MapClosedError,
    code: 'THREADMAP_MAP_CLOSED',
    says: [/closed/],
    call: () => closed.get('k'),
  },
  InvalidHandleError: {
    type: InvalidHandleError,
    code: 'THREADMAP_INVALID_HANDLE',
    says: [/handle/],
    call: () => ConcurrentMap.attach({ kind: 'threadmap' } as never),
  },
  OptionsConflictError: {
    type: OptionsConflictError,
    code: 'THREADMAP_OPTIONS_CONFLICT',
    says: [/shards/, /\b2\b/, /\b4\b/],
    call: () => {
      ConcurrentMap.open('conflicting', { shards: 2 })
      ConcurrentMap.open('conflicting', { shards: 4 })
    },
  },
  'LimitError of a key': {
    type: LimitError,
    code: 'THREADMAP_LIMIT',
    says: [/\b8\b/, /\b9\b/, /maxKeyBytes/],
    call: () => small.set('123456789', ''),
  },
  'LimitError of a value': {
    type: LimitError,
    code: 'THREADMAP_LIMIT',
    says: [/\b16\b/, /\b17\b/, /maxValueBytes/],
    call: () => small.set('k', 'x'.repeat(17)),
  },
}

const types = [InternalError, InvalidHandleError, LimitError, MapClosedError, OptionsConflictError]

test.each(Object.keys(provoked))(
  '%s has its code, its name, its class and no other, and says what was wrong',
  (which) => {
    const { type, code, says, call } = provoked[which] as Provoked
    let error: unknown
    try {
      call()
    } catch (thrown) {
      error = thrown
    }
    expect(types.filter((each) => error instanceof each)).toEqual([type])
    expect(error).toBeInstanceOf(ThreadmapError)
    expect(error).toBeInstanceOf(Error)
    const { code: own, name, message, stack } = error as ThreadmapError
    expect(own).toBe(code)
    expect(name).toBe(type.name)
    expect(stack).toContain('inspect.spec')
    for (const each of says) expect(message).toMatch(each)
    expect(inspect(error)).toContain(code)
  },
)

test('instanceof of the error classes is true for nothing else', () => {
  const others = [
    undefined,
    null,
    1,
    'THREADMAP_LIMIT',
    {},
    new Error('x'),
    new TypeError('x'),
    Object.create(null),
    () => {},
  ]
  for (const type of [ThreadmapError, ...types])
    expect(others.filter((each) => (each as unknown) instanceof type)).toEqual([])
  class Own extends LimitError {}
  expect((new Error('x') as unknown) instanceof Own).toBe(false)
  let limit: unknown
  try {
    small.set('123456789', '')
  } catch (error) {
    limit = error
  }
  expect(limit instanceof LimitError).toBe(true)
  expect(limit instanceof Own).toBe(false)
})

test('no key and no value shows in an error message', () => {
  const map = new ConcurrentMap<string, unknown>(undefined, { maxKeyBytes: 64, maxValueBytes: 64 })
  map.set(SECRET, SECRET)
  const attempts = [
    () => (map as ConcurrentMap<string, number>).add(SECRET, 1),
    () => map.set(SECRET.repeat(10), 1),
    () => map.set('k', SECRET.repeat(10)),
    () => map.set('k', { [SECRET]: () => SECRET }),
    () => map.update(SECRET, () => Promise.resolve(SECRET)),
  ]
  for (const attempt of attempts) {
    let message = ''
    try {
      attempt()
    } catch (error) {
      message = (error as Error).message
    }
    expect(message).not.toBe('')
    expect(message).not.toContain(SECRET)
  }
  map.close()
})
