/**
 * Snapshots: the whole content of a map at one moment, to be read for as long as one likes. An instance belongs to its
 * thread and holds an id alone; the content is native memory, given back by `close()`, by garbage collection, and at
 * the end of the thread.
 */
import { inspect } from 'node:util'
import { ABSENT } from './absent.ts'
import { checkFunction } from './arguments.ts'
import { kindOf, MapClosedError, makeError } from './errors.ts'
import type { Key } from './key.ts'
import { native, type Raw, type What } from './native.ts'
import { Uncloneable } from './uncloneable.ts'
import { walk } from './walk.ts'

/** Makes a value of what has crossed from native code. */
export type Unpack = (raw: Raw) => unknown

const CLOSED = 0

/** Gives snapshots back that were dropped without `close()`. */
const dropped: FinalizationRegistry<number> = new FinalizationRegistry((id) => native.releaseSnapshot(id))

/** The native id of a snapshot, 0 when it is closed; `undefined` for what is no snapshot. */
export let idOf: (value: unknown) => number | undefined

/** What {@link ConcurrentMap#snapshot} passes to the constructor, which nobody else can. */
export class Held {
  readonly id: number
  readonly unpack: Unpack

  constructor(id: number, unpack: Unpack) {
    this.id = id
    this.unpack = unpack
  }
}

/**
 * The content of a map at one moment: all that was written before, and nothing that came after. It never changes, and
 * outlives the map. Reading it waits for nobody; values are the caller's own copies.
 *
 * @example
 * using now = map.snapshot()
 * console.log(now.size, now.get('a'), [...now])
 */
export class Snapshot<K extends Key = Key, V = unknown> extends Uncloneable {
  #id: number
  readonly #unpack: Unpack

  /** Not for users: `map.snapshot()` makes snapshots. */
  constructor(held: never) {
    super()
    if (!((held as unknown) instanceof Held)) {
      const got = kindOf(held)
      throw makeError('THREADMAP_INVALID_ARGUMENT', `snapshots are made by map.snapshot(), got ${got}`)
    }
    const { id, unpack } = held as Held
    this.#id = id
    this.#unpack = unpack
    dropped.register(this, id, this)
  }

  static {
    idOf = (value) => (typeof value === 'object' && value !== null && #id in value ? value.#id : undefined)
  }

  /** How many entries there were. Exact. */
  get size(): number {
    return native.snapshotFigures(this.#id)[0]
  }

  /** What `map.version` was. */
  get version(): number {
    return native.snapshotFigures(this.#id)[1]
  }

  /** The value that the key had, the caller's own copy; `undefined` on a miss. */
  get(key: K): V | undefined {
    const found = native.snapshotFind(this.#id, key, ABSENT)
    return found === ABSENT ? undefined : (this.#unpack(found) as V)
  }

  /** Whether the key had an entry. */
  has(key: K): boolean {
    return native.snapshotHas(this.#id, key)
  }

  /** The entries, each once, in the order of their hashes. */
  entries(): IteratorObject<[K, V], undefined, unknown> {
    return this.#walk(0)
  }

  /** The keys, in the order of {@link Snapshot#entries}. */
  keys(): IteratorObject<K, undefined, unknown> {
    return this.#walk(1)
  }

  /** The values, in the order of {@link Snapshot#entries}. */
  values(): IteratorObject<V, undefined, unknown> {
    return this.#walk(2)
  }

  /** The same as {@link Snapshot#entries}. */
  [Symbol.iterator](): IteratorObject<[K, V], undefined, unknown> {
    return this.entries()
  }

  /** Calls `visit` for every entry. */
  forEach(visit: (value: V, key: K, snapshot: this) => void, thisArg?: unknown): void {
    checkFunction(visit, 'visit')
    for (const [key, value] of this.entries()) visit.call(thisArg, value, key, this)
  }

  /** For `JSON.stringify`: an array of all entries, however many. */
  toJSON(): [K, V][] {
    return [...this.entries()]
  }

  /** Gives the memory back that only this snapshot holds; a second call does nothing. */
  close(): void {
    const id = this.#id
    if (id === CLOSED) return
    this.#id = CLOSED
    dropped.unregister(this)
    native.releaseSnapshot(id)
  }

  /** The same as {@link Snapshot#close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  #walk<T>(what: What): IteratorObject<T, undefined, unknown> {
    native.snapshotFigures(this.#id)
    return walk(what, {
      fetch: (what, doubles) => native.snapshotScan(this.#id, what, doubles),
      unpack: (raw) => this.#unpack(raw),
    })
  }
}

/** What `console.log` shows: never keys or values. */
function describe(this: Snapshot, _depth: number, options: unknown, show: typeof inspect): string {
  const figures = (): object => {
    try {
      return { size: this.size, version: this.version }
    } catch (error) {
      if (error instanceof MapClosedError) return { closed: true }
      throw error
    }
  }
  return `Snapshot ${show(figures(), options as never)}`
}

Object.defineProperty(Snapshot.prototype, inspect.custom, {
  value: describe,
  writable: true,
  configurable: true,
})
