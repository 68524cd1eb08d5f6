/**
 * The map as its users see it: a thin class over the native callbacks. It holds an id and a codec, no second copy of
 * anything; each method is one native call unless its text says otherwise. An instance belongs to its thread.
 */
import { inspect } from 'node:util'
import { ABSENT } from './absent.ts'
import { checkFunction, checkName, checkPath, fixedKey, listOf, unzip } from './arguments.ts'
import * as bulk from './bulk.ts'
import { builtInCodec } from './codec.ts'
import { detectDuplicates } from './duplicates.ts'
import { EntryRef, type VersionedEntry } from './entry-ref.ts'
import { kindOf, LimitError, MapClosedError, makeError, UnsupportedError } from './errors.ts'
import { attachNative, type MapHandle, makeHandle, readHandle } from './handle.ts'
import type { Key } from './key.ts'
import { native, type Raw, type What } from './native.ts'
import { Near } from './near.ts'
import { compareAndDelete, compareAndSet, EntryOfKey, update } from './one-entry.ts'
import {
  checkConflict,
  type MapOptions,
  type MapStats,
  type Request,
  readOptions,
  type Variant,
} from './options.ts'
import { Held, idOf, Snapshot } from './snapshot.ts'
import { Watch } from './stamps.ts'
import { type Transaction, type TransactOptions, transact } from './transaction.ts'
import { Uncloneable } from './uncloneable.ts'
import { Values } from './values.ts'
import { walk } from './walk.ts'

detectDuplicates()

/** An id that native code has opened for this thread; the constructor takes it in place of entries. */
export class Opened {
  readonly id: number
  readonly variant: string
  readonly values: Values<never>
  /** How many values this thread keeps near; 0 for none. */
  readonly near: number

  constructor(id: number, variant: string, values: Values<never>, near: number) {
    this.id = id
    this.variant = variant
    this.values = values
    this.near = near
  }
}

/** The id that no map has. */
const CLOSED = 0
const MAX_JSON_ENTRIES = 100_000

/** Gives maps back that were dropped without `close()`. */
const dropped: FinalizationRegistry<number> = new FinalizationRegistry((id) => native.close(id))

function openNative(name: string | undefined, request: Request): Opened {
  const { variant = 'sharded', shards = 0, maxKeyBytes = 0, maxValueBytes = 0 } = request
  const id = native.open(name, variant, shards, request.codec?.name ?? 'clone', maxKeyBytes, maxValueBytes)
  return settle(id, request)
}

/**
 * Checks an opened map against what was asked for, and finds its codec. `check` has more to check; what it throws
 * closes the map again.
 */
export function settle(id: number, request: Request, check?: () => void): Opened {
  try {
    const living = native.describe(id)
    checkConflict(request, living)
    check?.()
    const codec = request.codec ?? builtInCodec(living[3])
    const values = new Values<never>(id, codec, request.freeze ?? false)
    return new Opened(id, living[1], values, request.near ?? 0)
  } catch (error) {
    native.close(id)
    throw error
  }
}

/**
 * One map that all threads of the process share, held outside of the JavaScript heap.
 *
 * What is stored is a copy and what is read is the caller's own copy. Every operation on a key is atomic and
 * linearizable over all threads; a miss is `undefined`. Order is that of hashes and differs from process to process.
 * Any operation throws `MapClosedError` after {@link ConcurrentMap#close} or {@link ConcurrentMap.delete}.
 *
 * @example
 * const hits = ConcurrentMap.open<string, number>('hits') // in any thread: the same map
 * hits.add('/index.html', 1)
 */
export class ConcurrentMap<K extends Key = Key, V = unknown> extends Uncloneable {
  /** Stands for "no entry" in `expected` and as the result of {@link ConcurrentMap#update}. */
  static readonly ABSENT: typeof ABSENT = ABSENT

  #id: number
  readonly #values: Values<V>
  /** What its refs and its near cache have in common; made with the first of them. */
  #watch: Watch | undefined = undefined
  readonly #near: Near<K, V> | undefined
  /** Whether it is of the variant `'snapshot'`. */
  readonly #persistent: boolean

  /**
   * Makes an anonymous map, which lives while any thread has it open. Pass `map.handle` to other threads.
   * @throws TypeError, RangeError for options and entries that are none; nothing is left behind.
   */
  constructor(entries?: Iterable<readonly [K, V]> | null, options?: MapOptions) {
    super()
    const opened =
      (entries as unknown) instanceof Opened
        ? (entries as unknown as Opened)
        : openNative(undefined, readOptions(options))
    this.#id = opened.id
    this.#values = opened.values
    this.#near = opened.near === 0 ? undefined : new Near<K, V>(this.#watching(), this.#values, opened.near)
    this.#persistent = opened.variant === 'snapshot'
    if ((entries as unknown) !== opened && entries !== undefined && entries !== null) {
      try {
        this.setMany(entries)
      } catch (error) {
        this.close()
        throw error
      }
    }
    dropped.register(this, this.#id, this)
  }

  /**
   * The map of that name: made by the first thread that asks, the same for all. It lives until
   * {@link ConcurrentMap.delete} or the end of the process.
   * @throws OptionsConflictError when it lives with other options than those given.
   */
  static open<K extends Key = Key, V = unknown>(name: string, options?: MapOptions): ConcurrentMap<K, V> {
    return new ConcurrentMap<K, V>(openNative(checkName(name), readOptions(options)) as never)
  }

  /**
   * The map of a handle. `options` is for a codec of one's own, which is needed to read and write objects.
   * @throws InvalidHandleError when the handle is stale, forged, of another process, or none.
   */
  static attach<K extends Key = Key, V = unknown>(
    handle: MapHandle,
    options?: MapOptions,
  ): ConcurrentMap<K, V> {
    const request = readOptions(options)
    const id = readHandle(handle)
    attachNative(id)
    return new ConcurrentMap<K, V>(settle(id, request) as never)
  }

  /** The names of all maps that have one, in no order. */
  static names(): string[] {
    return native.names()
  }

  /** Whether a map of that name lives. */
  static has(name: string): boolean {
    return native.hasName(checkName(name))
  }

  /**
   * Ends the map of that name for all threads and frees its memory: from then on each use of it throws
   * `MapClosedError`, and `open` makes a new one. Cost: O(entries). Returns whether there was one.
   */
  static delete(name: string): boolean {
    return native.dropName(checkName(name))
  }

  /** The value of the key, the caller's own copy; `undefined` on a miss. */
  get(key: K): V | undefined {
    if (this.#near !== undefined) return this.#near.get(key)
    const value = native.get(this.#id, key)
    return typeof value === 'object' && value !== null ? this.#unpack(value) : (value as V | undefined)
  }

  /** Whether the key has an entry. The value is neither copied nor decoded. */
  has(key: K): boolean {
    return native.has(this.#id, key)
  }

  /** Stores a copy of the value. @throws LimitError, DataCloneError; nothing has changed then. */
  set(key: K, value: V): this {
    native.set(this.#id, key, this.#pack(value))
    return this
  }

  /** Removes the entry; says whether there was one. */
  delete(key: K): boolean {
    return native.delete(this.#id, key)
  }

  /** Stores a copy of the value; returns what was there. */
  swap(key: K, value: V): V | undefined {
    return this.#unpack(native.swap(this.#id, key, this.#pack(value)))
  }

  /** Removes the entry and returns what was there: of several callers exactly one gets it. */
  take(key: K): V | undefined {
    return this.#unpack(native.take(this.#id, key))
  }

  /** Stores a copy of the value if the key has no entry; says whether it did. */
  setIfAbsent(key: K, value: V): boolean {
    return native.setIfAbsent(this.#id, key, this.#pack(value))
  }

  /** Stores a copy of the value if the key has an entry; says whether it did. */
  replace(key: K, value: V): boolean {
    return native.replace(this.#id, key, this.#pack(value))
  }

  /**
   * Stores a copy of `value` if the entry holds `expected`; says whether it did. Compared by content: `SameValueZero`
   * for numbers, bytes for buffers and for what a codec makes of objects. {@link ABSENT} expects no entry.
   */
  compareAndSet(key: K, expected: V | typeof ABSENT, value: V): boolean {
    return compareAndSet(new EntryOfKey(this.#id, key), this.#values, expected, value)
  }

  /** Removes the entry if it holds `expected`, compared as in {@link ConcurrentMap#compareAndSet}. */
  compareAndDelete(key: K, expected: V | typeof ABSENT): boolean {
    return compareAndDelete(new EntryOfKey(this.#id, key), this.#values, expected)
  }

  /** The value of the key, after storing a copy of `value` if it had none. */
  getOrInsert(key: K, value: V): V {
    return this.#unpack(native.getOrInsert(this.#id, key, this.#pack(value))) as V
  }

  /**
   * The value of the key, after storing what `compute` gives if it had none. `compute` runs outside of every lock and
   * may run in several threads at once; one result is stored, and all callers get that one. Two native calls on a miss.
   */
  getOrInsertComputed(key: K, compute: (key: K) => V): V {
    checkFunction(compute, 'compute')
    const found = native.find(this.#id, key, ABSENT)
    if (found !== ABSENT) return this.#unpack(found) as V
    const fixed = fixedKey(key)
    return this.getOrInsert(fixed, compute(key === 0 ? (0 as K) : key))
  }

  /**
   * Adds to a number or bigint and returns the result; `initial` counts where there is no entry. One atomic step.
   * Bigints are exact within int64.
   * @throws TypeError when the entry holds something else; RangeError when a bigint leaves int64.
   */
  add(key: K, delta: number, initial?: number): number
  add(key: K, delta: bigint, initial?: bigint): bigint
  add(key: K, delta: number | bigint, initial?: number | bigint): number | bigint {
    // Left out rather than passed as undefined: one question less for native code on the hottest path there is.
    return initial === undefined
      ? native.add(this.#id, key, delta)
      : native.add(this.#id, key, delta, initial)
  }

  /** Stores the larger of the entry and `value`, or `value` where there is no entry; returns what is there then. */
  max<N extends number | bigint>(key: K, value: N): N extends bigint ? bigint : number {
    return native.max(this.#id, key, value) as N extends bigint ? bigint : number
  }

  /** Stores the smaller of the entry and `value`, or `value` where there is no entry; returns what is there then. */
  min<N extends number | bigint>(key: K, value: N): N extends bigint ? bigint : number {
    return native.min(this.#id, key, value) as N extends bigint ? bigint : number
  }

  /**
   * Replaces the value by what `change` makes of it (`undefined` where there is no entry); {@link ABSENT} removes the
   * entry. Returns the new value, `undefined` after a removal. `change` runs outside of every lock, may call any
   * method, and runs again when another thread was faster; when it throws, the entry is unchanged. Two native calls.
   * @throws TypeError when `change` gives a Promise: asynchronous work belongs outside.
   */
  update(key: K, change: (old: V | undefined) => V | typeof ABSENT): V | undefined {
    checkFunction(change, 'change')
    return update(new EntryOfKey(this.#id, fixedKey(key)), this.#values, change)
  }

  /**
   * The value and its version, which changes with every change of the entry and never comes back, also after a
   * removal and a new insert. Entries whose version was asked for keep one from then on (24 bytes with a number,
   * 8 with anything longer); others pay nothing. With the variant `'snapshot'` every entry has one, for 8 bytes.
   */
  getEntry(key: K): VersionedEntry<V> | undefined {
    const entry = native.getEntry(this.#id, key)
    return entry && { value: this.#unpack(entry[0]) as V, version: entry[1] }
  }

  /** Stores a copy of the value if the entry still has that version; says whether it did. */
  setIfVersion(key: K, value: V, version: number): boolean {
    return native.setIfVersion(this.#id, key, this.#pack(value), version)
  }

  /** Removes the entry if it still has that version; says whether it did. */
  deleteIfVersion(key: K, version: number): boolean {
    return native.deleteIfVersion(this.#id, key, version)
  }

  /**
   * One entry, to be used many times: the operations on that key without the key, and `get` without a native call while
   * nobody changes the entry. A ref costs about 2 microseconds and 200 bytes; the first one of a map makes every change
   * of the map cost two atomic additions more, for all threads.
   */
  ref(key: K): EntryRef<K, V> {
    return new EntryRef<K, V>(this.#watching() as never, this.#values as never, key)
  }

  /** How many changes there have been; never goes back, exact when nobody writes. */
  get version(): number {
    return native.version(this.#id)
  }

  /** The values of the keys, in their order. Each key is read atomically, not all at one moment. */
  getMany(keys: Iterable<K>): (V | undefined)[] {
    return bulk.getMany(this.#id, listOf(keys, 'keys'), (raw) => this.#unpack(raw))
  }

  /** Stores all entries, each atomically. A bad one throws before any is stored. */
  setMany(entries: Iterable<readonly [K, V]>): this {
    const { keys, values } = unzip(entries, (value) => this.#pack(value))
    bulk.setMany(this.#id, keys, values)
    return this
  }

  /** Removes the entries of the keys, each atomically; returns how many there were. */
  deleteMany(keys: Iterable<K>): number {
    return bulk.deleteMany(this.#id, listOf(keys, 'keys'))
  }

  /**
   * Adds to many numbers or bigints, each atomically; returns the results in order. All are checked before the first
   * is added; only a change by another thread in between can stop it half way.
   */
  addMany<N extends number | bigint>(
    entries: Iterable<readonly [K, N]>,
  ): (N extends bigint ? bigint : number)[] {
    const { keys, values } = unzip(entries)
    return bulk.addMany(this.#id, keys, values) as (N extends bigint ? bigint : number)[]
  }

  /** How many entries there are: exact when nobody writes. */
  get size(): number {
    return native.size(this.#id)
  }

  /**
   * Removes every entry. The variant `'snapshot'`: all at one moment. The others: each at a moment of its own within
   * the call, and what is written meanwhile may stay; a native call for every few thousand entries, so that no thread
   * waits long.
   */
  clear(): void {
    for (let cursor = 0; cursor >= 0; ) cursor = native.clear(this.#id, cursor)
  }

  /**
   * The content of this moment: one consistent cut over the whole map, whatever other threads do.
   *
   * With the variant `'snapshot'` O(1), a microsecond or two; it then costs what is changed while it is held. With the
   * others it is a copy: O(entries), and the memory of as many; other threads go on meanwhile and wait for nothing, but
   * keep the value before each change until the copy is complete.
   * @throws StalledError when another thread has been inside of one native call for ten seconds (not with the variant
   * `'snapshot'`).
   */
  snapshot(): Snapshot<K, V> {
    return new Snapshot<K, V>(new Held(native.takeSnapshot(this.#id), (raw) => this.#unpack(raw)) as never)
  }

  /**
   * Replaces the whole content by these entries in one step: nobody sees a mix of old and new. With `expected`, only if
   * the map still is what that snapshot holds; says whether it did. Variant `'snapshot'` only. Cost: O(entries), outside
   * of every lock.
   * @throws UnsupportedError with another variant; LimitError, DataCloneError. Nothing has changed then.
   */
  replaceAll(entries: Iterable<readonly [K, V]>, expected?: Snapshot<K, V>): boolean {
    this.#onlyPersistent('replaceAll')
    const snapshot = expected === undefined ? 0 : idOf(expected)
    if (snapshot === undefined || (expected !== undefined && snapshot === CLOSED)) {
      const got = snapshot === CLOSED ? 'one that is closed' : kindOf(expected)
      throw makeError('THREADMAP_INVALID_ARGUMENT', `expected must be a snapshot of this map, got ${got}`)
    }
    const { keys, values } = unzip(entries, (value) => this.#pack(value))
    return native.replaceAll(this.#id, bulk.inTurn(keys, values), snapshot)
  }

  /**
   * Runs `work` on one version of the map and publishes all that it wrote in one step, if nothing that it read has
   * changed since; otherwise it runs again. So transactions are serialisable, and `work` sees one consistent state. It
   * runs outside of every lock; when it throws, nothing has changed. Variant `'snapshot'` only. Returns what `work` does.
   * @throws UnsupportedError with another variant; NestedTransactionError inside of another `transact`; TypeError when
   * `work` gives a Promise.
   */
  transact<R>(work: (tx: Transaction<K, V>) => R, options?: TransactOptions<K>): R {
    this.#onlyPersistent('transact')
    const forms = { pack: (value: unknown) => this.#pack(value), unpack: (raw: Raw) => this.#unpack(raw) }
    return transact(this.#id, forms, work as never, options)
  }

  /**
   * The entries, weakly consistent: an entry that is there from start to end is given exactly once, whatever other
   * threads write, and no key is given twice. Values are fetched some hundreds at a time.
   *
   * With the variant `'snapshot'` they are those of one moment, as long as a thread has no more than 64 iterations under
   * way: older ones go on over what there is.
   */
  entries(): IteratorObject<[K, V], undefined, unknown> {
    return this.#walk(0)
  }

  /** The keys; consistent as {@link ConcurrentMap#entries}. */
  keys(): IteratorObject<K, undefined, unknown> {
    return this.#walk(1)
  }

  /** The values; consistent as {@link ConcurrentMap#entries}. */
  values(): IteratorObject<V, undefined, unknown> {
    return this.#walk(2)
  }

  /** The same as {@link ConcurrentMap#entries}. */
  [Symbol.iterator](): IteratorObject<[K, V], undefined, unknown> {
    return this.entries()
  }

  /** Calls `visit` for each entry, consistent as {@link ConcurrentMap#entries}. It may change the map. */
  forEach(visit: (value: V, key: K, map: this) => void, thisArg?: unknown): void {
    checkFunction(visit, 'visit')
    for (const [key, value] of this.#walk<[K, V]>(0)) visit.call(thisArg, value, key, this)
  }

  /** A token for other threads of this process: post it, or pass it in `workerData`, and `attach` it there. */
  get handle(): MapHandle {
    native.size(this.#id)
    return makeHandle(this.#id)
  }

  /** The name that the map was opened by; `undefined` for an anonymous one. */
  get name(): string | undefined {
    return native.describe(this.#id)[0]
  }

  /** The structure. */
  get variant(): Variant {
    return native.describe(this.#id)[1] as Variant
  }

  /** Figures for operators; exact when nobody writes. Cost: a visit to each shard. */
  stats(): MapStats {
    const [name, variant, shards, codec, , , entries, bytes, indexBytes, version] = native.describe(this.#id)
    return { name, variant: variant as Variant, shards, codec, entries, bytes, indexBytes, version }
  }

  /**
   * Lets go of the map on this thread; a second call does nothing. An anonymous map ends with the last thread that
   * has it open, which pays O(entries) to free it.
   */
  close(): void {
    const id = this.#id
    if (id === CLOSED) return
    this.#id = CLOSED
    this.#watch?.close()
    this.#near?.close()
    dropped.unregister(this)
    native.close(id)
  }

  /** The same as {@link ConcurrentMap#close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /**
   * Writes all entries to a file that {@link FrozenMap.open} maps, in any process: those of one moment, as
   * {@link ConcurrentMap#snapshot} has them, so it needs the memory of a snapshot meanwhile (of a tiered map, those that
   * {@link ConcurrentMap#entries} gives). The file appears under its name whole and on the disk, or not at all: after a
   * crash there is the old file or the new one. Others may write meanwhile. Cost: O(entries), about a microsecond
   * each, in native calls of some milliseconds; 13 bytes of memory an entry for the index.
   * @throws FileError when the file cannot be written; the old one is as it was.
   */
  freeze(path: string | URL): void {
    const id = this.#id
    const file = checkPath(path)
    const held = native.describeTier(id) === undefined ? native.takeSnapshot(id) : 0
    try {
      const writer = native.freezeBegin(id, file)
      while (!native.freezeStep(id, writer, held));
    } finally {
      if (held !== 0) native.releaseSnapshot(held)
    }
  }

  /**
   * For `JSON.stringify`: an array of entries.
   * @throws LimitError beyond 100,000 entries: iterate instead.
   */
  toJSON(): [K, V][] {
    const size = native.size(this.#id)
    if (size > MAX_JSON_ENTRIES) {
      throw new LimitError(
        `toJSON() would copy ${size} entries into this thread's heap, the limit is ${MAX_JSON_ENTRIES}: ` +
          'take a snapshot(), which has a toJSON() without a limit, or write entries() out piece by piece',
      )
    }
    return [...this.#walk<[K, V]>(0)]
  }

  #pack(value: unknown): Raw {
    return this.#values.pack(value)
  }

  #unpack(raw: Raw): V | undefined {
    return this.#values.unpack(raw)
  }

  #onlyPersistent(operation: string): void {
    if (this.#persistent) return
    const { variant } = this
    throw new UnsupportedError(
      `${operation} needs a map of the variant 'snapshot', this one is '${variant}': open it with { variant: 'snapshot' }`,
    )
  }

  #watching(): Watch {
    this.#watch ??= new Watch(this, this.#id)
    return this.#watch
  }

  /** The snapshot variant holds one version until the end; native code lets go of those that nobody goes through. */
  #walk<T>(what: What): IteratorObject<T, undefined, unknown> {
    native.size(this.#id)
    const scan = this.#persistent ? native.iterate : native.scan
    return walk(what, {
      fetch: (what, doubles) => scan(this.#id, what, doubles),
      unpack: (raw) => this.#unpack(raw),
      leave: (iteration) => native.endIteration(iteration),
    })
  }
}

/** What `console.log` shows: never keys or values. Set here because declarations cannot name its symbol. */
function describe(this: ConcurrentMap, _depth: number, options: unknown, show: typeof inspect): string {
  const figures = (): object => {
    try {
      const { name, variant, entries, bytes } = this.stats()
      return { ...(name === undefined ? {} : { name }), variant, size: entries, bytes }
    } catch (error) {
      if (error instanceof MapClosedError) return { closed: true }
      throw error
    }
  }
  return `${this.constructor.name} ${show(figures(), options as never)}`
}

Object.defineProperty(ConcurrentMap.prototype, inspect.custom, {
  value: describe,
  writable: true,
  configurable: true,
})
