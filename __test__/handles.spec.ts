// Handles: what travels between threads instead of the map.
// Invariant: a handle leads to the map it was taken from, or throws InvalidHandleError; never elsewhere, never a crash.

import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { ConcurrentMap, InvalidHandleError, MapClosedError } from '../index.ts'
import { reportOf, startHolder, startThread } from './support/life-threads.ts'

type Handle = ConcurrentMap<string, number>['handle']

const attach = (handle: unknown): ConcurrentMap<string, number> => ConcurrentMap.attach(handle as Handle)

/** What attach makes of something: the error it must throw, or anything else as itself. */
function attempt(handle: unknown): unknown {
  try {
    return attach(handle)
  } catch (error) {
    return error instanceof InvalidHandleError && error.code === 'THREADMAP_INVALID_HANDLE'
      ? 'refused'
      : error
  }
}

function overPort<T>(value: T): T {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(value)
  const received = receiveMessageOnPort(port2)?.message as T
  port1.close()
  return received
}

test('a handle is a frozen plain object of four fields', () => {
  const map = new ConcurrentMap()
  const { handle } = map
  expect(Object.isFrozen(handle)).toBe(true)
  expect(Object.getPrototypeOf(handle)).toBe(Object.prototype)
  expect(handle).toEqual({
    kind: 'threadmap',
    process: expect.stringMatching(/^[0-9a-f]+$/),
    id: expect.any(Number),
    generation: expect.any(Number),
  })
  expect(Number.isSafeInteger(handle.id) && Number.isSafeInteger(handle.generation)).toBe(true)
  map.close()
})

const journeys: Record<string, (handle: Handle) => unknown> = {
  'as it is': (handle) => handle,
  'through structuredClone': (handle) => structuredClone(handle),
  'through a MessagePort': (handle) => overPort(handle),
  'through a MessagePort, deep in an object': (handle) =>
    overPort({ maps: new Map([['m', [handle]]]) }).maps.get('m')?.[0],
  'through JSON': (handle) => JSON.parse(JSON.stringify(handle)),
  'as a value of another map': (handle) => new ConcurrentMap([['h', handle]]).get('h'),
  'as a copy with its fields in another order': ({ generation, id, kind, process }) => ({
    process,
    generation,
    kind,
    id,
  }),
}

test.each(Object.keys(journeys))('a handle that came %s leads to its map', (how) => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const decoy = new ConcurrentMap<string, number>([['k', 2]])
  const same = attach(journeys[how]?.(map.handle))
  expect(same.get('k')).toBe(1)
  same.set('k', 3)
  expect(map.get('k')).toBe(3)
  expect(same.handle).toEqual(map.handle)
  for (const each of [same, map, decoy]) each.close()
})

test('a handle posted to a worker or given as its workerData leads to the map there', async () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const given = startThread('attacher', { handle: map.handle })
  expect(await given.next()).toEqual({ saw: 1, handle: map.handle })
  expect((await given.end).code).toBe(0)
  const posted = startHolder()
  await posted.ask('attach', map.handle)
  expect(await posted.ask('add', 'k', 1)).toBe(3)
  expect(await posted.ask('handle')).toEqual(map.handle)
  expect(map.get('k')).toBe(3)
  await posted.worker.terminate()
  map.close()
})

const posting: Record<string, (map: ConcurrentMap<string, unknown>) => unknown> = {
  structuredClone: (map) => structuredClone(map),
  'structuredClone, deep in an object': (map) => structuredClone({ list: [map] }),
  'postMessage of a MessagePort': (map) => overPort(map),
  'postMessage to a worker': (map) => {
    const { worker } = startHolder()
    try {
      worker.postMessage(map)
    } finally {
      void worker.terminate()
    }
  },
  workerData: (map) => startThread('attacher', { handle: map }),
  BroadcastChannel: (map) => {
    const channel = new BroadcastChannel('handles')
    try {
      channel.postMessage(map)
    } finally {
      channel.close()
    }
  },
  'set as a value of a map': (map) => map.set('self', map),
  'set as a value of a map, deep in an object': (map) => map.set('self', { list: [map] }),
}

test.each(Object.keys(posting))('the map itself through %s throws DataCloneError', (way) => {
  const map = new ConcurrentMap<string, unknown>([['k', 1]])
  let thrown: unknown
  try {
    posting[way]?.(map)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(DOMException)
  expect((thrown as DOMException).name).toBe('DataCloneError')
  expect([...map]).toEqual([['k', 1]])
  map.close()
})

test('attach({}), what older Nodes make of a posted map, explains the mistake', () => {
  expect(() => attach({})).toThrow(InvalidHandleError)
  expect(() => attach({})).toThrow(/\.handle/)
})

/** Every wrong thing one field of a handle can be. */
const wrongNumbers = (right: number): unknown[] => [
  undefined,
  null,
  true,
  '',
  String(right),
  BigInt(right),
  [right],
  { valueOf: () => right },
  Symbol('id'),
  () => right,
  Number.NaN,
  Infinity,
  -Infinity,
  -1,
  -right - 1,
  right + 0.5,
  right + 1e-3,
  right + 2 ** 31,
  right + 2 ** 32,
  right + 2 ** 48,
  -(2 ** 31),
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  2 ** 64,
  1e308,
  5e-324,
]

test('a handle with one field wrong in any way is refused', () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const { handle } = map
  const { id, generation } = handle
  const token = handle.process
  const wrong: Record<string, readonly unknown[]> = {
    kind: [
      undefined,
      null,
      '',
      'Threadmap',
      'threadmap ',
      'map',
      1,
      {},
      Symbol('threadmap'),
      new String('threadmap'),
    ],
    process: [
      undefined,
      null,
      '',
      0,
      Number.parseInt(token, 16),
      `${token}0`,
      token.slice(1),
      `0${token}`,
      `0x${token}`,
      [token],
      token.replace(/^./, (digit) => (digit === '0' ? '1' : '0')),
      'f'.repeat(token.length),
      new String(token),
      'x'.repeat(1e6),
    ],
    id: wrongNumbers(id),
    generation: [...wrongNumbers(generation), generation - 1, generation + 1, generation + 2],
  }
  const accepted: unknown[] = []
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      if (attempt({ ...handle, [field]: value }) !== 'refused') accepted.push([field, value])
    }
    const { [field as 'id']: _, ...without } = handle
    if (attempt(without) !== 'refused') accepted.push([field, 'missing'])
  }
  expect(accepted).toEqual([])
  expect(attach(handle).get('k')).toBe(1)
  map.close()
})

test('what only looks like a handle is refused', () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const { handle } = map
  let read = 0
  const reading = <T>(value: T): T => {
    read++
    return value
  }
  const getters = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.entries(handle).map(([name, value]) => [name, { enumerable: true, get: () => reading(value) }]),
    ),
  )
  class Lookalike {
    kind = handle.kind
    process = handle.process
    id = handle.id
    generation = handle.generation
  }
  const wrong: Record<string, unknown> = {
    undefined,
    null: null,
    true: true,
    zero: 0,
    NaN: Number.NaN,
    bigint: 1n,
    symbol: Symbol('handle'),
    function: () => handle,
    'empty string': '',
    'its JSON': JSON.stringify(handle),
    'its id': handle.id,
    'empty array': [],
    'array of it': [handle],
    'array of its fields': Object.values(handle),
    'array with its fields': Object.assign([], handle),
    'empty object': {},
    'null prototype': Object.create(null),
    'fields inherited': Object.create(handle),
    getters,
    'class instance': new Lookalike(),
    Map: new Map(Object.entries(handle)),
    Date: new Date(),
    Error: new Error('handle'),
    Uint8Array: new Uint8Array(32),
    SharedArrayBuffer: new SharedArrayBuffer(32),
    'function with its fields': Object.assign(() => {}, handle),
    'the class': ConcurrentMap,
    'a map': map,
  }
  const outcomes = Object.entries(wrong).map(([name, value]) => [name, attempt(value)])
  expect(outcomes).toEqual(Object.keys(wrong).map((name) => [name, 'refused']))
  expect(read).toBe(0)
  expect(map.get('k')).toBe(1)
  map.close()
})

test('a Proxy or getter that throws or re-enters harms nothing', () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const { handle } = map
  const hostile = new Proxy(
    { ...handle },
    {
      get() {
        throw new RangeError('from the trap')
      },
      getOwnPropertyDescriptor() {
        throw new RangeError('from the trap')
      },
      ownKeys() {
        throw new RangeError('from the trap')
      },
    },
  )
  expect(() => attach(hostile)).toThrow()
  const closing = new ConcurrentMap<string, number>()
  const closes = new Proxy(
    { ...closing.handle },
    {
      get(target, field) {
        closing.close()
        return Reflect.get(target, field)
      },
      getOwnPropertyDescriptor(target, field) {
        closing.close()
        return Reflect.getOwnPropertyDescriptor(target, field)
      },
    },
  )
  expect(attempt(closes)).toBe('refused')
  expect(map.get('k')).toBe(1)
  map.close()
})

test('a handle of another process is refused, and says so', async () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const foreign = await Promise.all([reportOf<Handle>('handle'), reportOf<Handle>('handle')])
  for (const handle of foreign) {
    expect(handle).toMatchObject({ kind: 'threadmap' })
    expect(attempt(handle)).toBe('refused')
    expect(attempt({ ...map.handle, process: handle.process })).toBe('refused')
    expect(() => attach(handle)).toThrow(/process/)
  }
  const processes = [map.handle, ...foreign].map((handle) => handle.process)
  expect(new Set(processes).size).toBe(3)
  map.close()
})

test('100,000 maps made and closed: no old handle becomes valid and no old opening comes back to life', () => {
  const handles: Handle[] = []
  const openings: ConcurrentMap<string, number>[] = []
  for (let i = 0; i < 100_000; i++) {
    const map = new ConcurrentMap<string, number>(undefined, { shards: 1 })
    handles.push(map.handle)
    map.close()
    if (i % 100 === 0) openings.push(map)
  }
  const living = Array.from(
    { length: 1000 },
    (_, i) => new ConcurrentMap<string, number>([['k', i]], { shards: 1 }),
  )
  const distinct = new Set(handles.map(({ id, generation }) => `${id}/${generation}`))
  expect(distinct.size).toBe(handles.length)
  expect(living.filter(({ handle }) => distinct.has(`${handle.id}/${handle.generation}`))).toEqual([])
  expect(handles.filter((handle) => attempt(handle) !== 'refused')).toEqual([])
  for (const map of openings) expect(() => map.get('k')).toThrow(MapClosedError)
  expect(living.every((map, i) => map.get('k') === i)).toBe(true)
  for (const map of living) map.close()
})

test('a stale opening used in one thread never reaches a newer map made in another', async () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  const { handle } = map
  const other = startHolder()
  await other.ask('attach', handle)
  await other.ask('close')
  map.close()
  const newer = Array.from({ length: 64 }, () => new ConcurrentMap<string, number>([['k', 2]]))
  await expect(other.ask('get', 'k')).rejects.toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
  await expect(other.ask('set', 'k', 3)).rejects.toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
  await expect(other.ask('attach', handle)).rejects.toMatchObject({ code: 'THREADMAP_INVALID_HANDLE' })
  expect(newer.map((each) => each.get('k'))).toEqual(newer.map(() => 2))
  for (const each of newer) each.close()
  await other.worker.terminate()
})
