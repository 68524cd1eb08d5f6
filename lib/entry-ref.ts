/**
 * One entry, used many times: a key that was converted and hashed once, and the value that this thread has last read of
 * it, with the stamp under which that is still the current one. Made by `map.ref(key)`; belongs to its thread.
 */
import { ABSENT, type Absent } from './absent.ts'
import { checkFunction, fixedKey } from './arguments.ts'
import { makeError } from './errors.ts'
import type { Key } from './key.ts'
import { native, type Raw } from './native.ts'
import { compareAndDelete, compareAndSet, type OneEntry, update } from './one-entry.ts'
import { hasScratch, load, NO_STAMP, numbers, PLACE, STAMP, told, Watch } from './stamps.ts'
import type { Values } from './values.ts'

/** A value and the version that it has. */
export interface VersionedEntry<V> {
  readonly value: V
  readonly version: number
}

/** The slot that stands for nothing: native code answers that the map is closed. */
const NO_SLOT = 0

/** Gives back the slots of refs that are garbage. */
const dropped: FinalizationRegistry<number> = new FinalizationRegistry((slot) => native.unbind(slot))

/**
 * One entry of a map: every operation of the map on one key, without the key. Each is as atomic as that of the map and
 * costs less, because the key is not passed, converted and hashed again; {@link EntryRef#get} of an unchanged entry
 * makes no native call. A ref is for the key, not for the entry of now: it stays good over removals and inserts. It
 * keeps its map open on this thread; what it holds goes with the garbage collection. After the map was closed on this
 * thread, or ended by `ConcurrentMap.delete`, every operation throws `MapClosedError`.
 *
 * @example
 * const requests = hits.ref('requests')
 * requests.add(1)
 * while (requests.get() < 1000); // no native call while nobody writes, and never an old value
 */
export class EntryRef<K extends Key = Key, V = unknown> {
  readonly #watch: Watch
  readonly #values: Values<V>
  readonly #slot: number
  readonly #place: number
  readonly #key: K
  #stamp: number = NO_STAMP
  #value: V | undefined = undefined

  /** Not for users: `map.ref(key)` makes refs. */
  constructor(of: never, with_: never, key: K) {
    const [watch, values] = [of as Watch, with_ as Values<V>]
    if (!((watch as unknown) instanceof Watch)) {
      throw makeError('THREADMAP_INVALID_ARGUMENT', 'an EntryRef comes from map.ref(key), not from new')
    }
    this.#key = key === 0 ? (0 as K) : fixedKey(key)
    const slot = native.bind(watch.id, this.#key)
    dropped.register(this, slot)
    this.#watch = watch
    this.#values = values
    this.#slot = slot
    // The read that tells the place also warms the ref up.
    native.refGet(slot)
    this.#place = told[PLACE] as number
  }

  /**
   * The value; `undefined` where there is no entry. A primitive that was read before and has not been changed by any
   * thread costs one load and no native call; so does an object where the map was opened with `freeze`, which then is
   * one frozen object for all these reads. Linearizable as `map.get`.
   */
  get(): V | undefined {
    return load(this.#watch.stamps, this.#place) === this.#stamp ? this.#value : this.#fill()
  }

  #fill(): V | undefined {
    const raw = native.refGet(this.#open)
    const stamp = told[STAMP] as number
    const [value, shared] = this.#values.unpackShared(raw)
    this.#stamp = shared ? stamp : NO_STAMP
    this.#value = shared ? value : undefined
    return value
  }

  /** Whether there is an entry. */
  has(): boolean {
    return native.refHas(this.#open)
  }

  /** Stores a copy of the value; returns the ref. */
  set(value: V): this {
    if (hasScratch && typeof value === 'number') {
      numbers[0] = value
      native.refSetNumber(this.#open)
    } else {
      native.refSet(this.#open, this.#values.pack(value))
    }
    return this
  }

  /** Removes the entry; says whether there was one. */
  delete(): boolean {
    return native.refDelete(this.#open)
  }

  /** Stores a copy of the value; returns what was there. */
  swap(value: V): V | undefined {
    return this.#values.unpack(native.refSwap(this.#open, this.#values.pack(value)))
  }

  /** Removes the entry and returns what was there: of several callers exactly one gets it. */
  take(): V | undefined {
    return this.#values.unpack(native.refTake(this.#open))
  }

  /** Stores a copy of the value if there is no entry; says whether it did. */
  setIfAbsent(value: V): boolean {
    return native.refSetIfAbsent(this.#open, this.#values.pack(value))
  }

  /** Stores a copy of the value if there is an entry; says whether it did. */
  replace(value: V): boolean {
    return native.refReplace(this.#open, this.#values.pack(value))
  }

  /** Stores a copy of `value` if the entry holds `expected`, as `ConcurrentMap#compareAndSet`; says whether it did. */
  compareAndSet(expected: V | Absent, value: V): boolean {
    return compareAndSet(this.#entry(), this.#values, expected, value)
  }

  /** Removes the entry if it holds `expected`, as `ConcurrentMap#compareAndDelete`; says whether it did. */
  compareAndDelete(expected: V | Absent): boolean {
    return compareAndDelete(this.#entry(), this.#values, expected)
  }

  /** The value, after storing a copy of `value` if there was none. */
  getOrInsert(value: V): V {
    return this.#values.unpack(native.refGetOrInsert(this.#open, this.#values.pack(value))) as V
  }

  /** The value, after storing what `compute` gives if there was none; as `ConcurrentMap#getOrInsertComputed`. */
  getOrInsertComputed(compute: (key: K) => V): V {
    checkFunction(compute, 'compute')
    const found = this.#entry().find()
    if (found !== ABSENT) return this.#values.unpack(found) as V
    return this.getOrInsert(compute(fixedKey(this.#key)))
  }

  /** Adds to a number or bigint and returns the result; as `ConcurrentMap#add`. */
  add(delta: number, initial?: number): number
  add(delta: bigint, initial?: bigint): bigint
  add(delta: number | bigint, initial?: number | bigint): number | bigint {
    if (initial !== undefined) return native.refAdd(this.#open, delta, initial)
    if (!hasScratch || typeof delta !== 'number') return native.refAdd(this.#open, delta)
    numbers[0] = delta
    native.refAddNumber(this.#open)
    return numbers[0]
  }

  /** Stores the larger of the entry and `value`, or `value` where there is no entry; returns what is there then. */
  max<N extends number | bigint>(value: N): N extends bigint ? bigint : number {
    return native.refMax(this.#open, value) as N extends bigint ? bigint : number
  }

  /** Stores the smaller of the entry and `value`, or `value` where there is no entry; returns what is there then. */
  min<N extends number | bigint>(value: N): N extends bigint ? bigint : number {
    return native.refMin(this.#open, value) as N extends bigint ? bigint : number
  }

  /** Replaces the value by what `change` makes of it; as `ConcurrentMap#update`. */
  update(change: (old: V | undefined) => V | Absent): V | undefined {
    checkFunction(change, 'change')
    return update(this.#entry(), this.#values, change)
  }

  /** The value and its version; as `ConcurrentMap#getEntry`. */
  getEntry(): VersionedEntry<V> | undefined {
    const entry = native.refGetEntry(this.#open)
    return entry && { value: this.#values.unpack(entry[0]) as V, version: entry[1] }
  }

  /** Stores a copy of the value if the entry still has that version; says whether it did. */
  setIfVersion(value: V, version: number): boolean {
    return native.refSetIfVersion(this.#open, this.#values.pack(value), version)
  }

  /** Removes the entry if it still has that version; says whether it did. */
  deleteIfVersion(version: number): boolean {
    return native.refDeleteIfVersion(this.#open, version)
  }

  /** The slot; the one that stands for nothing once the map is closed. */
  get #open(): number {
    return this.#watch.closed ? NO_SLOT : this.#slot
  }

  #entry(): OneEntry {
    return new BoundEntry(this.#watch, this.#slot)
  }
}

/** The entry of a slot that native code has bound to map and key. */
class BoundEntry implements OneEntry {
  readonly #watch: Watch
  readonly #slot: number

  constructor(watch: Watch, slot: number) {
    this.#watch = watch
    this.#slot = slot
  }

  get #open(): number {
    return this.#watch.closed ? NO_SLOT : this.#slot
  }

  find(): Raw {
    return native.refFind(this.#open, ABSENT)
  }

  compareAndSet(value: Raw, expected: Raw): boolean {
    return native.refCompareAndSet(this.#open, value, expected)
  }

  compareAndDelete(expected: Raw): boolean {
    return native.refCompareAndDelete(this.#open, expected)
  }
}
