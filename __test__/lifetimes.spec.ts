// How long maps live: named ones until they are deleted, anonymous ones while any thread holds them.
// Invariant: what a thread gives up, in whatever way it ends, ends nothing for the other threads.

import { expect, test } from 'vitest'
import { ConcurrentMap, InvalidHandleError, MapClosedError } from '../index.ts'
import { collect, collectUntil, type Holder, reportOf, startHolder } from './support/life-threads.ts'

type Numbers = ConcurrentMap<string, number>
type Handle = Numbers['handle']

/** Whether a handle no longer leads to a map (and if it does, leaves nothing open). */
function stale(handle: Handle): boolean {
  try {
    ConcurrentMap.attach(handle).close()
    return false
  } catch (error) {
    if (error instanceof InvalidHandleError) return true
    throw error
  }
}

const everyUse: Record<string, (map: Numbers) => unknown> = {
  get: (map) => map.get('k'),
  set: (map) => map.set('k', 1),
  has: (map) => map.has('k'),
  delete: (map) => map.delete('k'),
  clear: (map) => map.clear(),
  size: (map) => map.size,
  version: (map) => map.version,
  forEach: (map) => map.forEach(() => {}),
  entries: (map) => [...map.entries()],
  keys: (map) => [...map.keys()],
  values: (map) => [...map.values()],
  'for of': (map) => {
    for (const _ of map);
  },
  getOrInsert: (map) => map.getOrInsert('k', 1),
  getOrInsertComputed: (map) => map.getOrInsertComputed('k', () => 1),
  swap: (map) => map.swap('k', 1),
  take: (map) => map.take('k'),
  setIfAbsent: (map) => map.setIfAbsent('k', 1),
  replace: (map) => map.replace('k', 1),
  compareAndSet: (map) => map.compareAndSet('k', 1, 2),
  compareAndDelete: (map) => map.compareAndDelete('k', 1),
  add: (map) => map.add('k', 1),
  max: (map) => map.max('k', 1),
  min: (map) => map.min('k', 1),
  update: (map) => map.update('k', () => 1),
  getEntry: (map) => map.getEntry('k'),
  setIfVersion: (map) => map.setIfVersion('k', 1, 1),
  deleteIfVersion: (map) => map.deleteIfVersion('k', 1),
  getMany: (map) => map.getMany(['k']),
  setMany: (map) => map.setMany([['k', 1]]),
  deleteMany: (map) => map.deleteMany(['k']),
  addMany: (map) => map.addMany([['k', 1]]),
  stats: (map) => map.stats(),
  toJSON: (map) => map.toJSON(),
}

/** The uses that do not throw a MapClosedError. */
function notRefused(map: Numbers): string[] {
  return Object.entries(everyUse)
    .filter(([, use]) => {
      try {
        use(map)
        return true
      } catch (error) {
        const { code } = error as MapClosedError
        return !(error instanceof MapClosedError && code === 'THREADMAP_MAP_CLOSED')
      }
    })
    .map(([name]) => name)
}

test('every use of a closed anonymous map throws MapClosedError', () => {
  const map: Numbers = new ConcurrentMap([['k', 1]])
  expect(notRefused(map)).toHaveLength(Object.keys(everyUse).length)
  map.set('k', 1)
  map.close()
  expect(notRefused(map)).toEqual([])
})

test('every use of a closed opening of a named map throws MapClosedError, and the map lives on', () => {
  const map: Numbers = ConcurrentMap.open('closed opening')
  map.set('k', 41)
  map.close()
  expect(notRefused(map)).toEqual([])
  const again: Numbers = ConcurrentMap.open('closed opening')
  expect(again.add('k', 1)).toBe(42)
  ConcurrentMap.delete('closed opening')
})

test('closing twice does nothing the second time', () => {
  const map: Numbers = new ConcurrentMap()
  const other: Numbers = ConcurrentMap.attach(map.handle)
  expect(map.close()).toBeUndefined()
  expect(map.close()).toBeUndefined()
  expect(map[Symbol.dispose]()).toBeUndefined()
  expect(other.set('k', 1).get('k')).toBe(1)
  other.close()
})

test('disposing closes', () => {
  const map: Numbers = new ConcurrentMap([['k', 1]])
  const { handle } = map
  map[Symbol.dispose]()
  expect(notRefused(map)).toEqual([])
  expect(stale(handle)).toBe(true)
})

test('one opening closed leaves another opening of the same map in the same thread open', () => {
  const first: Numbers = new ConcurrentMap([['k', 1]])
  const { handle } = first
  const second: Numbers = ConcurrentMap.attach(handle)
  first.close()
  expect(second.get('k')).toBe(1)
  const third: Numbers = ConcurrentMap.attach(handle)
  second.close()
  expect(third.get('k')).toBe(1)
  expect(() => second.get('k')).toThrow(MapClosedError)
  third.close()
  expect(stale(handle)).toBe(true)
})

test('a callback that closes its map ends the iteration with MapClosedError, not with a crash', () => {
  const entries = Array.from({ length: 5000 }, (_, i): [string, number] => [`k${i}`, i])
  const map: Numbers = new ConcurrentMap(entries)
  const seen: string[] = []
  const walk = (): void => {
    for (const key of map.keys()) {
      seen.push(key)
      map.close()
    }
  }
  expect(walk).toThrow(MapClosedError)
  expect(seen.length).toBeLessThan(entries.length)
  const other: Numbers = new ConcurrentMap([['k', 1]])
  const closing = (): number => {
    other.close()
    return 2
  }
  expect(() => other.update('k', closing)).toThrow(MapClosedError)
})

test('an iterator of a closed map throws MapClosedError', () => {
  const map: Numbers = new ConcurrentMap(
    Array.from({ length: 5000 }, (_, i): [string, number] => [`k${i}`, i]),
  )
  const iterator = map.entries()
  expect(iterator.next().done).toBe(false)
  map.close()
  expect(() => [...iterator]).toThrow(MapClosedError)
})

test('a named map outlives its only opening, which was collected', async () => {
  const name = 'collected opening'
  const leave = (): void => void ConcurrentMap.open<string, number>(name).set('k', 7)
  leave()
  await collect()
  expect(ConcurrentMap.has(name)).toBe(true)
  expect(ConcurrentMap.open<string, number>(name).get('k')).toBe(7)
  ConcurrentMap.delete(name)
})

test('an anonymous map dropped without close is collected, one that is still held is not', async () => {
  const kept: Numbers = new ConcurrentMap([['k', 1]])
  const leave = (): Handle => new ConcurrentMap([['k', 1]]).handle
  const dropped = leave()
  expect(await collectUntil(() => stale(dropped))).toBe(true)
  expect(stale(kept.handle)).toBe(false)
  expect(kept.get('k')).toBe(1)
})

test('an iterator keeps its map alive', async () => {
  const start = (): [Handle, Iterator<[string, number]>] => {
    const map: Numbers = new ConcurrentMap(
      Array.from({ length: 5000 }, (_, i): [string, number] => [`k${i}`, i]),
    )
    const iterator = map.entries()
    iterator.next()
    return [map.handle, iterator]
  }
  const [handle, iterator] = start()
  await collect()
  expect(stale(handle)).toBe(false)
  let rest = 0
  while (!iterator.next().done) rest++
  expect(rest).toBe(4999)
})

test('an opening collected in one thread ends the map for no other thread', async () => {
  const map: Numbers = new ConcurrentMap([['k', 1]])
  const other = startHolder()
  await other.ask('attach', map.handle)
  await other.ask('drop')
  expect(map.get('k')).toBe(1)
  expect(map.set('k', 2).size).toBe(1)
  expect(stale(map.handle)).toBe(false)
  await other.worker.terminate()
  map.close()
})

test('an anonymous map lives on in a worker after its maker closed it', async () => {
  const map: Numbers = new ConcurrentMap([['k', 1]])
  const { handle } = map
  const other = startHolder()
  await other.ask('attach', handle)
  map.close()
  expect(await other.ask('add', 'k', 1)).toBe(2)
  const again: Numbers = ConcurrentMap.attach(handle)
  expect(again.get('k')).toBe(2)
  again.close()
  expect(await other.ask('get', 'k')).toBe(2)
  await other.ask('close')
  expect(stale(handle)).toBe(true)
  await other.worker.terminate()
})

test('a map made in a worker outlives that worker while another thread holds it', async () => {
  const maker = startHolder()
  const handle = await maker.ask<Handle>('make')
  await maker.ask('set', 'k', 5)
  const map: Numbers = ConcurrentMap.attach(handle)
  await maker.worker.terminate()
  expect(map.add('k', 1)).toBe(6)
  map.close()
  expect(stale(handle)).toBe(true)
})

const endings: Record<string, (other: Holder) => Promise<unknown>> = {
  'closes it': (other) => other.ask('close'),
  'disposes it': (other) => other.ask('dispose'),
  'drops it and collects garbage': (other) => other.ask('drop'),
  'ends by itself': async (other) => {
    other.worker.postMessage({ what: 'end', args: [] })
    expect((await other.end).code).toBe(0)
  },
  'calls process.exit': async (other) => {
    other.worker.postMessage({ what: 'exit', args: [3] })
    expect((await other.end).code).toBe(3)
  },
  'dies of an uncaught error': async (other) => {
    await other.ask('throw')
    expect((await other.end).error?.message).toBe('thrown on purpose')
  },
  'is terminated': (other) => other.worker.terminate(),
  'is terminated in the middle of an iteration': async (other) => {
    await other.ask('step')
    await other.worker.terminate()
  },
}

test.each(Object.keys(endings))(
  'an anonymous map ends when the last worker that holds it %s',
  async (how) => {
    const map: Numbers = new ConcurrentMap(
      Array.from({ length: 2000 }, (_, i): [string, number] => [`k${i}`, i]),
    )
    const { handle } = map
    const other = startHolder()
    await other.ask('attach', handle)
    map.close()
    expect(await other.ask('size')).toBe(2000)
    expect(stale(handle)).toBe(false)
    await endings[how]?.(other)
    expect(stale(handle)).toBe(true)
    await other.worker.terminate()
  },
)

test('names and has tell the living named maps, and only those', () => {
  const anonymous = new ConcurrentMap()
  const names = ['listed', ' ', '0', '__proto__', 'constructor', 'nul\0name', 'nul', 'ä€😀'.repeat(40)]
  const before = ConcurrentMap.names()
  for (const name of names) {
    expect(ConcurrentMap.has(name)).toBe(false)
    const map: Numbers = ConcurrentMap.open(name)
    expect(map.set('own', names.indexOf(name)).name).toBe(name)
  }
  expect(ConcurrentMap.names().toSorted()).toEqual([...before, ...names].toSorted())
  for (const name of names) {
    expect(ConcurrentMap.has(name)).toBe(true)
    expect(ConcurrentMap.open<string, number>(name).get('own')).toBe(names.indexOf(name))
  }
  for (const name of names) {
    expect(ConcurrentMap.delete(name)).toBe(true)
    expect(ConcurrentMap.delete(name)).toBe(false)
    expect(ConcurrentMap.has(name)).toBe(false)
  }
  expect(ConcurrentMap.names().toSorted()).toEqual(before.toSorted())
  expect(anonymous.name).toBeUndefined()
  anonymous.close()
})

test('delete(name) ends the map for every opening and every handle at once', async () => {
  const name = 'deleted'
  const map: Numbers = ConcurrentMap.open(name)
  const again: Numbers = ConcurrentMap.open(name)
  const { handle } = map.set('k', 1)
  const other = startHolder()
  await other.ask('open', name)
  await other.ask('step')
  const iterator = map.entries()
  iterator.next()

  expect(ConcurrentMap.delete(name)).toBe(true)
  expect(notRefused(map)).toEqual([])
  expect(notRefused(again)).toEqual([])
  const closed = { code: 'THREADMAP_MAP_CLOSED', name: 'MapClosedError' }
  await expect(other.ask('get', 'k')).rejects.toMatchObject(closed)
  await expect(other.ask('walk')).rejects.toMatchObject(closed)
  expect(stale(handle)).toBe(true)
  await expect(other.ask('attach', handle)).rejects.toMatchObject({ code: 'THREADMAP_INVALID_HANDLE' })
  expect(map.close()).toBeUndefined()
  await other.worker.terminate()
})

test('a name opened again after delete is a new, empty map, and old openings do not lead to it', () => {
  const name = 'deleted and opened again'
  const old: Numbers = ConcurrentMap.open(name, { shards: 8 })
  old.set('k', 1)
  const { handle } = old
  ConcurrentMap.delete(name)
  const map: Numbers = ConcurrentMap.open(name, { shards: 2 })
  expect(map.size).toBe(0)
  expect(map.stats().shards).toBe(2)
  map.set('k', 2)
  expect(notRefused(old)).toEqual([])
  expect(stale(handle)).toBe(true)
  old.close()
  expect(map.get('k')).toBe(2)
  expect(ConcurrentMap.delete(name)).toBe(true)
})

test('addon loaded only in workers: a named map keeps its data over 50 generations of workers', async () => {
  const report = await reportOf<{ found: number[]; sums: number[]; ends: number[] }>('generations', ['50'])
  const generations = Array.from({ length: 50 }, (_, i) => i)
  expect(report.found).toEqual(generations)
  expect(report.sums).toEqual(generations.map((i) => (i * (i + 1)) / 2))
  expect(new Set(report.ends)).toEqual(new Set([0, 1, 3]))
})
