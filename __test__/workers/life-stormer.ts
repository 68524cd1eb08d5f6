// One life in the storm: random calls of every kind until it dies. Survivors stop when told, then audit.
// Invariant: a count is entered as under way before its call and as acknowledged right after it.

import { inspect } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap, type MapOptions, type Variant } from '../../index.ts'
import { type Audit, KINDS, type StormerData } from '../support/life-storm.ts'
import { collect, random, refusalOf } from '../support/life-threads.ts'

type Key = string | number | [string, number]
type Kind = (typeof KINDS)[number]

const { life, seed, death, ledger } = workerData as StormerData
const pick = random(seed)
const options: MapOptions = { variant: (process.env['STORM_VARIANT'] ?? 'sharded') as Variant }
const counters = ConcurrentMap.open<string, number>('storm counters', options)
const things = ConcurrentMap.open<Key, string>('storm things', options)
const objects = ConcurrentMap.open<string, object>('storm objects', options)
const brief = ConcurrentMap.open<number, Uint8Array>('storm brief', options)
const lasting = { counters, things, objects, brief }

const bytesOfAll = (): number => Object.values(lasting).reduce((total, map) => total + map.stats().bytes, 0)

const THINGS = 600
const thingKey = (i: number): Key => (i % 3 === 0 ? `k${i}` : i % 3 === 1 ? i : ['k', i])
const anyKey = (): Key => thingKey(pick(THINGS))
/** Says its own length, so that a torn or mixed value shows. */
const thing = (length = pick(400)): string => `${length}:${(length % 2 ? 'x' : 'ж').repeat(length)}`
const isWhole = (value: unknown): boolean => {
  const [, length, text] = /^(\d+):(x*|ж*)$/.exec(String(value)) ?? []
  return (
    text !== undefined &&
    text.length === Number(length) &&
    text === (text.length % 2 ? 'x' : 'ж').repeat(text.length)
  )
}
const some = <T>(make: () => T): T[] => Array.from({ length: 1 + pick(20) }, make)

/** One count: under way, done, acknowledged. */
function counted(amount: number, call: (key: string) => unknown): void {
  const hot = pick(2) === 0
  const [pending, acked] = hot ? [ledger.pendingHot, ledger.ackedHot] : [ledger.pendingOwn, ledger.ackedOwn]
  Atomics.store(pending, life, amount)
  const took = call(hot ? 'hot' : `life ${life}`)
  if (took !== false) Atomics.add(acked, life, amount)
  Atomics.store(pending, life, 0)
}

const calls: Record<Kind, () => unknown> = {
  // Many in a row, so that two threads really are on one key in one moment.
  add: () => {
    for (let left = pick(60); left > 0; left--) counted(1, (key) => counters.add(key, 1))
  },
  addMany: () => {
    const amount = 1 + pick(9)
    counted(amount, (key) =>
      counters.addMany(Array.from({ length: amount }, (): [string, number] => [key, 1])),
    )
  },
  update: () =>
    counted(1, (key) =>
      counters.update(key, (old = 0) => {
        // A callback of some length that uses the maps itself, also the one it is called for.
        counters.get(key)
        things.set(anyKey(), thing())
        return old + 1
      }),
    ),
  compareAndSet: () =>
    counted(1, (key) => {
      const old = counters.get(key)
      return old === undefined ? counters.setIfAbsent(key, 1) : counters.compareAndSet(key, old, old + 1)
    }),
  versions: () =>
    counted(1, (key) => {
      const entry = counters.getEntry(key)
      return entry !== undefined && counters.setIfVersion(key, entry.value + 1, entry.version)
    }),
  set: () => things.set(anyKey(), thing(pick(20) === 0 ? pick(20_000) : pick(400))),
  get: () => [things.get(anyKey()), things.has(anyKey()), things.size],
  delete: () => things.delete(anyKey()),
  setMany: () => things.setMany(some((): [Key, string] => [anyKey(), thing()])),
  getMany: () => things.getMany(some(anyKey)),
  deleteMany: () => things.deleteMany(some(anyKey)),
  'swap and take': () => [things.swap(anyKey(), thing()), things.take(anyKey())],
  entries: () => {
    let left = pick(THINGS)
    for (const [key, value] of things) {
      if (left-- === 0) break
      if (!isWhole(value)) throw new Error(`torn value at ${String(key)}`)
    }
  },
  'keys and values': () => [[...things.keys()], [...things.values()], things.toJSON(), inspect(things)],
  forEach: () =>
    things.forEach((_, key) => {
      if (pick(50) === 0) things.delete(key)
    }),
  getOrInsertComputed: () => things.getOrInsertComputed(anyKey(), () => thing()),
  objects: () => {
    objects.set(`o${pick(50)}`, { life, list: some(() => pick(100)), nested: new Map([[life, new Date(0)]]) })
    objects.get(`o${pick(50)}`)
  },
  'open and close': () => {
    const map = ConcurrentMap.open<number, number>('storm counters')
    map.get(1)
    if (pick(2)) map.close()
  },
  'make and close': () => {
    const map = new ConcurrentMap<number, string>([[1, thing()]], { shards: 1 })
    if (pick(2)) ConcurrentMap.attach(map.handle).set(2, thing())
    if (pick(2)) map.close()
  },
  clear: () => {
    brief.set(pick(100), new Uint8Array(pick(5000)))
    if (pick(4) === 0) brief.clear()
  },
  'delete name': () => {
    const name = `storm deleted ${pick(3)}`
    try {
      ConcurrentMap.open<string, number>(name).setMany(
        some((): [string, number] => [`k${pick(100)}`, pick(100)]),
      )
      if (pick(2)) ConcurrentMap.delete(name)
    } catch (error) {
      if (refusalOf(error).code !== 'THREADMAP_MAP_CLOSED') throw error
    }
  },
  snapshots: () => {
    const snapshot = things.snapshot()
    const keys = [...snapshot.keys()]
    if (snapshot.size !== keys.length)
      throw new Error(`${keys.length} keys in a snapshot of ${snapshot.size}`)
    for (const value of snapshot.values()) if (!isWhole(value)) throw new Error('torn value in a snapshot')
    if (pick(2)) snapshot.close()
  },
  transactions: () => {
    if (options.variant !== 'snapshot') return
    // Half a count in the function, half at its end: both or none.
    counted(2, (key) =>
      counters.transact((tx) => {
        tx.set(key, (tx.get(key) ?? 0) + 1)
        if (pick(4) === 0) callAnyOther()
        tx.set(key, (tx.get(key) ?? 0) + 1)
      }),
    )
    if (pick(20) === 0)
      brief.replaceAll(some((): [number, Uint8Array] => [pick(100), new Uint8Array(pick(5000))]))
  },
}

/** A call inside of a transaction, which may not count: what is under way there is the transaction. */
function callAnyOther(): void {
  calls[(['set', 'get', 'delete', 'entries', 'forEach', 'snapshots'] as const)[pick(6)] ?? 'get']()
}

function callAny(): void {
  const index = pick(KINDS.length)
  Atomics.add(ledger.calls, index, 1)
  calls[KINDS[index] as Kind]()
}

const deaths: Record<StormerData['death'], () => void> = {
  none: () => {},
  terminate: () => {
    for (;;) callAny()
  },
  'terminate in update': () => {
    things.update(anyKey(), () => {
      parentPort?.postMessage('in update')
      for (;;) callAny()
    })
  },
  'terminate in forEach': () => {
    things.set('k0', thing())
    things.forEach(() => {
      parentPort?.postMessage('in forEach')
      for (;;) callAny()
    })
  },
  exit: () => process.exit(3),
  'exit in update': () => things.update(anyKey(), () => process.exit(4)),
  'exit in forEach': () => {
    things.set('k0', thing())
    things.forEach((): void => process.exit(5))
  },
  throw: () => {
    throw new Error('thrown on purpose')
  },
  'throw in update': () => {
    things.update(anyKey(), () => {
      throw new Error('thrown on purpose')
    })
  },
  reject: () => void Promise.reject(new Error('rejected on purpose')),
}

function audit(): Audit {
  const torn: string[] = []
  const miscounted: string[] = []
  const unusable: string[] = []
  for (const [name, map] of Object.entries(lasting)) {
    const keys = [...map.keys()]
    const entries = [...map.entries()]
    const { size } = map
    const { entries: counted } = map.stats()
    if (size !== keys.length || size !== entries.length || size !== counted) {
      miscounted.push(
        `${name}: size ${size}, keys ${keys.length}, entries ${entries.length}, stats ${counted}`,
      )
    }
  }
  for (const [key, value] of things) {
    if (!isWhole(value)) torn.push(`${String(key)} = ${String(value).slice(0, 60)}`)
  }
  for (let i = 0; i < THINGS; i++) {
    const key = thingKey(i)
    const before = things.get(key)
    const kept = before ?? thing()
    if (things.set(key, 'probe').get(key) !== 'probe') unusable.push(String(key))
    if (!things.delete(key) || things.has(key) || things.delete(key)) unusable.push(`${String(key)} (delete)`)
    if (things.update(key, () => kept) !== kept || things.get(key) !== kept)
      unusable.push(`${String(key)} (update)`)
  }
  const own = Array.from(ledger.ackedOwn, (_, i) => counters.get(`life ${i}`) ?? 0)
  const hot = counters.get('hot') ?? 0
  const openNames = ConcurrentMap.names().filter(
    (name) => !/^storm (counters|things|objects|brief|deleted \d)$/.test(name),
  )
  return { own, hot, torn, miscounted, unusable, openNames }
}

async function clear(): Promise<[full: number, cleared: number]> {
  for (let i = 0; i < THINGS; i++) things.set(thingKey(i), thing(1000))
  const full = bytesOfAll()
  for (const map of Object.values(lasting)) map.clear()
  // Iterators that nobody has any more hold what they were shown until they are collected.
  await collect()
  for (let i = 0; i < 1000; i++) things.delete(thingKey(i))
  return [full, bytesOfAll()]
}

parentPort?.postMessage(bytesOfAll())
if (death === 'none') {
  while (Atomics.load(ledger.stop, 0) === 0) {
    callAny()
    // Two survivors of two cores would leave the mortals no time.
    if (pick(20) === 0) Atomics.wait(ledger.stop, 0, 0, 1)
  }
  parentPort?.postMessage('stopped')
  parentPort?.on('message', (what: 'audit' | 'clear' | 'end') => {
    if (what === 'end') parentPort?.close()
    else if (what === 'audit') parentPort?.postMessage(audit())
    else void clear().then((bytes) => parentPort?.postMessage(bytes))
  })
} else {
  // What must go with its thread: 4 MiB that nobody else holds.
  const ballast = new ConcurrentMap<number, Uint8Array>()
  for (let i = 0; i < 64; i++) ballast.set(i, new Uint8Array(65_536).fill(life))
  if (death !== 'terminate') for (let left = pick(300); left > 0; left--) callAny()
  deaths[death]()
}
