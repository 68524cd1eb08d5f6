// What the compiler must know: types that infer, and misuse that is an error. Checked by tsc alone; nothing runs it.
// Each `@ts-expect-error` fails the type check when the mistake below it stops being one.
import { expectTypeOf } from 'vitest'
import {
  ABSENT,
  type Codec,
  ConcurrentMap,
  type CorruptFileError,
  FrozenMap,
  type FrozenStats,
  type Key,
  type MapClosedError,
  type MapHandle,
  type MapOptions,
  type MapStats,
  type Snapshot,
  type ThreadmapError,
  TieredMap,
  type TieredStats,
  type VersionedEntry,
} from '../index.ts'

interface Session {
  readonly user: string
  readonly seen: Date
}

declare const sessions: ConcurrentMap<string, Session>
declare const counts: ConcurrentMap<string, number>
declare const totals: ConcurrentMap<string, bigint>
declare const stock: ConcurrentMap<readonly [sku: string, warehouse: number], number>

// Making one
expectTypeOf(new ConcurrentMap<string, number>()).toEqualTypeOf<ConcurrentMap<string, number>>()
expectTypeOf(new ConcurrentMap([['a', 1] as const])).toExtend<ConcurrentMap<'a', 1>>()
expectTypeOf(new ConcurrentMap(new Map<string, Date>())).toEqualTypeOf<ConcurrentMap<string, Date>>()
expectTypeOf(new ConcurrentMap<string, number>(null, { shards: 4 })).toEqualTypeOf<
  ConcurrentMap<string, number>
>()
expectTypeOf(ConcurrentMap.open('name')).toEqualTypeOf<ConcurrentMap<Key, unknown>>()
expectTypeOf(ConcurrentMap.open<string, Session>('name', { variant: 'sharded' })).toEqualTypeOf(sessions)
expectTypeOf(ConcurrentMap.attach<string, Session>(sessions.handle)).toEqualTypeOf(sessions)
expectTypeOf(ConcurrentMap.names()).toEqualTypeOf<string[]>()
expectTypeOf(ConcurrentMap.has('name')).toEqualTypeOf<boolean>()
expectTypeOf(ConcurrentMap.delete('name')).toEqualTypeOf<boolean>()
expectTypeOf(sessions.handle).toEqualTypeOf<MapHandle>()

// Map
expectTypeOf(sessions.get('id')).toEqualTypeOf<Session | undefined>()
expectTypeOf(sessions.has('id')).toEqualTypeOf<boolean>()
expectTypeOf(sessions.delete('id')).toEqualTypeOf<boolean>()
expectTypeOf(sessions.size).toEqualTypeOf<number>()
expectTypeOf(counts.set('a', 1).set('b', 2)).toEqualTypeOf(counts)
expectTypeOf(counts.clear()).toEqualTypeOf<void>()
expectTypeOf(counts.getOrInsert('a', 1)).toEqualTypeOf<number>()
expectTypeOf(counts.getOrInsertComputed('a', (key) => key.length)).toEqualTypeOf<number>()
expectTypeOf(stock.get(['sku', 1])).toEqualTypeOf<number | undefined>()
expectTypeOf(counts).toExtend<Iterable<[string, number]>>()
expectTypeOf([...counts]).toEqualTypeOf<[string, number][]>()
expectTypeOf([...counts.keys()]).toEqualTypeOf<string[]>()
expectTypeOf(counts.values().map(String).toArray()).toEqualTypeOf<string[]>()
expectTypeOf(counts.entries().next().value).toEqualTypeOf<[string, number] | undefined>()
counts.forEach((value, key, map) => {
  expectTypeOf(value).toEqualTypeOf<number>()
  expectTypeOf(key).toEqualTypeOf<string>()
  expectTypeOf(map).toEqualTypeOf(counts)
})

// A map may stand where a ReadonlyMap-like thing is asked for, as far as the contract goes.
expectTypeOf(counts).toExtend<Pick<Map<string, number>, 'get' | 'has' | 'delete' | 'clear' | 'size'>>()

// Exchange, conditional, numbers
expectTypeOf(sessions.swap('id', { user: 'a', seen: new Date() })).toEqualTypeOf<Session | undefined>()
expectTypeOf(sessions.take('id')).toEqualTypeOf<Session | undefined>()
expectTypeOf(counts.setIfAbsent('a', 1)).toEqualTypeOf<boolean>()
expectTypeOf(counts.replace('a', 1)).toEqualTypeOf<boolean>()
expectTypeOf(counts.compareAndSet('a', 1, 2)).toEqualTypeOf<boolean>()
expectTypeOf(counts.compareAndSet('a', ABSENT, 2)).toEqualTypeOf<boolean>()
expectTypeOf(counts.compareAndSet('a', ConcurrentMap.ABSENT, 2)).toEqualTypeOf<boolean>()
expectTypeOf(counts.compareAndDelete('a', 1)).toEqualTypeOf<boolean>()
expectTypeOf(counts.compareAndDelete('a', ABSENT)).toEqualTypeOf<boolean>()
expectTypeOf(counts.add('a', 1)).toEqualTypeOf<number>()
expectTypeOf(counts.add('a', 1, 10)).toEqualTypeOf<number>()
expectTypeOf(totals.add('a', 1n, 10n)).toEqualTypeOf<bigint>()
expectTypeOf(counts.max('a', 1)).toEqualTypeOf<number>()
expectTypeOf(totals.min('a', 1n)).toEqualTypeOf<bigint>()

// Read-modify-write, versions, bulk
expectTypeOf(counts.update('a', (old) => (old ?? 0) + 1)).toEqualTypeOf<number | undefined>()
expectTypeOf(counts.update('a', () => ABSENT)).toEqualTypeOf<number | undefined>()
counts.update('a', (old) => {
  expectTypeOf(old).toEqualTypeOf<number | undefined>()
  return 1
})
expectTypeOf(counts.getEntry('a')).toEqualTypeOf<VersionedEntry<number> | undefined>()
expectTypeOf(counts.setIfVersion('a', 1, 5)).toEqualTypeOf<boolean>()
expectTypeOf(counts.deleteIfVersion('a', 5)).toEqualTypeOf<boolean>()
expectTypeOf(counts.version).toEqualTypeOf<number>()
expectTypeOf(counts.getMany(['a', 'b'])).toEqualTypeOf<(number | undefined)[]>()
expectTypeOf(counts.getMany(counts.keys())).toEqualTypeOf<(number | undefined)[]>()
expectTypeOf(counts.setMany(new Map([['a', 1]]))).toEqualTypeOf(counts)
expectTypeOf(counts.deleteMany(new Set(['a']))).toEqualTypeOf<number>()
expectTypeOf(counts.addMany([['a', 1]])).toEqualTypeOf<number[]>()
expectTypeOf(totals.addMany([['a', 1n]])).toEqualTypeOf<bigint[]>()

// Life
expectTypeOf(counts.stats()).toEqualTypeOf<MapStats>()
expectTypeOf(counts.name).toEqualTypeOf<string | undefined>()
expectTypeOf(counts.toJSON()).toEqualTypeOf<[string, number][]>()
expectTypeOf(counts).toExtend<Disposable>()
expectTypeOf<MapClosedError>().toExtend<ThreadmapError>()
expectTypeOf<MapClosedError['code']>().toExtend<string>()

// Files
const frozen = FrozenMap.open<string, number>('path', { codec: 'json', verify: true })
expectTypeOf(counts.freeze('path')).toEqualTypeOf<void>()
expectTypeOf(counts.freeze(new URL('file:///path'))).toEqualTypeOf<void>()
expectTypeOf(FrozenMap.open('path')).toEqualTypeOf<FrozenMap<Key, unknown>>()
expectTypeOf(frozen.get('a')).toEqualTypeOf<number | undefined>()
expectTypeOf(frozen.has('a')).toEqualTypeOf<boolean>()
expectTypeOf(frozen.size).toEqualTypeOf<number>()
expectTypeOf([...frozen]).toEqualTypeOf<[string, number][]>()
expectTypeOf([...frozen.keys()]).toEqualTypeOf<string[]>()
expectTypeOf(frozen.values().map(String).toArray()).toEqualTypeOf<string[]>()
expectTypeOf(frozen.entries().next().value).toEqualTypeOf<[string, number] | undefined>()
expectTypeOf(frozen.stats()).toEqualTypeOf<FrozenStats>()
expectTypeOf(frozen).toExtend<Disposable>()
expectTypeOf<CorruptFileError>().toExtend<ThreadmapError>()
// @ts-expect-error a frozen map is read-only
frozen.set('a', 1)
// @ts-expect-error a frozen map is made by open
new FrozenMap()
// @ts-expect-error there is no such option
FrozenMap.open('path', { variant: 'sharded' })
// @ts-expect-error a path is a string or a URL
FrozenMap.open(Buffer.from('path'))

const tier = TieredMap.open<string, number>('name', { cold: 'path', hotBytes: 1, variant: 'lock-free' })
expectTypeOf(tier).toEqualTypeOf<TieredMap<string, number>>()
expectTypeOf(tier).toExtend<ConcurrentMap<string, number>>()
expectTypeOf(tier.get('a')).toEqualTypeOf<number | undefined>()
expectTypeOf(tier.set('a', 1)).toEqualTypeOf(tier)
expectTypeOf(tier.stats()).toEqualTypeOf<TieredStats>()
// @ts-expect-error the file is missing
TieredMap.open('name', {})
// @ts-expect-error the options are missing
TieredMap.open('name')
// @ts-expect-error a tiered map is made by open
new TieredMap()

// Keys and values of the wrong type

// @ts-expect-error a key of another type than the map's
counts.get(1)
// @ts-expect-error a value of another type than the map's
counts.set('a', 'one')
// @ts-expect-error the value is missing
counts.set('a')
// @ts-expect-error objects are no keys
new ConcurrentMap<{ id: number }, number>()
// @ts-expect-error symbols are no keys
new ConcurrentMap<symbol, number>()
// @ts-expect-error nested tuples are no keys
new ConcurrentMap<[[string]], number>()
// @ts-expect-error Date objects are no keys
ConcurrentMap.open<Date, number>('name')
// @ts-expect-error one part of the tuple is missing
stock.get(['sku'])
// @ts-expect-error the expected value is of another type
counts.compareAndSet('a', 'one', 1)
// @ts-expect-error ABSENT is no value
counts.set('a', ABSENT)
// @ts-expect-error ABSENT is no value to put in place either
counts.compareAndSet('a', 1, ABSENT)

// Calls of the wrong shape

// @ts-expect-error a bigint delta with a number as initial value
counts.add('a', 1n, 1)
// @ts-expect-error the delta is missing
counts.add('a')
// @ts-expect-error a string is no delta
counts.add('a', '1')
// @ts-expect-error an asynchronous function for update
counts.update('a', async () => 1)
// @ts-expect-error a result of another type than the map's
counts.update('a', () => 'one')
// @ts-expect-error old may be undefined
counts.update('a', (old) => old + 1)
// @ts-expect-error the version is missing
counts.setIfVersion('a', 1)
// @ts-expect-error entries are pairs
counts.setMany(['a'])
// @ts-expect-error values of entries are the map's
counts.setMany([['a', 'one']])
// @ts-expect-error a miss must be dealt with
counts.get('a').toFixed()
// @ts-expect-error size cannot be set
counts.size = 1
// @ts-expect-error version cannot be set
counts.version = 1
// @ts-expect-error a handle's fields are read-only
counts.handle.id = 1
// @ts-expect-error a map is no handle
ConcurrentMap.attach(counts)
// @ts-expect-error a name is a string
ConcurrentMap.open(1)

// Snapshots and transactions

const snapshot = counts.snapshot()
expectTypeOf(snapshot).toEqualTypeOf<Snapshot<string, number>>()
expectTypeOf(snapshot.get('a')).toEqualTypeOf<number | undefined>()
expectTypeOf([...snapshot]).toEqualTypeOf<[string, number][]>()
expectTypeOf(counts.replaceAll([['a', 1]], snapshot)).toEqualTypeOf<boolean>()
expectTypeOf(counts.transact((tx) => tx.get('a'), { keys: ['a'] })).toEqualTypeOf<number | undefined>()
// @ts-expect-error values of entries are the map's
counts.replaceAll([['a', 'one']])
// @ts-expect-error a map is no snapshot
counts.replaceAll([], counts)
// @ts-expect-error a value of another type than the map's
counts.transact((tx) => tx.set('a', 'one'))
// @ts-expect-error a snapshot cannot be written
snapshot.set('a', 1)

// Options

const options: MapOptions = { variant: 'sharded', shards: 4, codec: 'json', maxKeyBytes: 1, maxValueBytes: 1 }
expectTypeOf(options.shards).toEqualTypeOf<number | undefined>()
const dates: Codec<Date> = {
  name: 'dates',
  encode: (date) => date.toISOString(),
  decode: (text) => new Date(text as string),
}
expectTypeOf({ codec: dates }).toExtend<MapOptions>()
// @ts-expect-error there is no such variant
expectTypeOf(ConcurrentMap.open('name', { variant: 'hash' })).toBeObject()
// @ts-expect-error there is no such codec
expectTypeOf(ConcurrentMap.open('name', { codec: 'xml' })).toBeObject()
// @ts-expect-error there is no such option
expectTypeOf(ConcurrentMap.open('name', { shard: 4 })).toBeObject()
// @ts-expect-error shards is a number
expectTypeOf(ConcurrentMap.open('name', { shards: '4' })).toBeObject()
// @ts-expect-error options are read-only
options.shards = 8
// @ts-expect-error a codec gives bytes or text
const wrongCodec: Codec<Date> = { ...dates, encode: (date) => date.getTime() }
expectTypeOf(wrongCodec).toBeObject()
