/**
 * A map in a file, as its users see it: opened by its path in any thread of any process, read-only. A thin class over
 * native callbacks, as `ConcurrentMap` is; it holds an id and a codec. An instance belongs to its thread.
 */
import { inspect } from 'node:util'
import { checkFunction, checkPath } from './arguments.ts'
import { builtInCodec, type Codec, type CodecName } from './codec.ts'
import { kindOf, MapClosedError, makeError, OptionsConflictError } from './errors.ts'
import type { Key } from './key.ts'
import { native, type Raw, type What } from './native.ts'
import { readBag, readCodec } from './options.ts'
import { Uncloneable } from './uncloneable.ts'
import { walk } from './walk.ts'

/** How a frozen map is opened. */
export interface FrozenOptions {
  /**
   * What makes objects of what was stored: needed when it was a codec of one's own, and then of that name.
   * @default the codec of the package that the file names
   */
  // biome-ignore lint/suspicious/noExplicitAny: a codec of one's own is typed by its owner, not by the map.
  readonly codec?: CodecName | Codec<any>
  /**
   * Whether every byte of the file is read and checked now. Files of at most 16 MiB always are; in larger ones each
   * lookup checks what it reads.
   * @default false
   */
  readonly verify?: boolean
}

/** Figures of a frozen map. */
export interface FrozenStats {
  readonly path: string
  readonly codec: string
  readonly entries: number
  /** Bytes of the file. */
  readonly bytes: number
}

/** Stands for "made by `open`" where the constructor is called. */
const OPENED: unique symbol = Symbol('opened')
/** The id that no frozen map has. */
const CLOSED = 0

/** Gives maps back that were dropped without `close()`. */
const dropped: FinalizationRegistry<number> = new FinalizationRegistry((id) => native.frozenClose(id))

const READERS = {
  codec: readCodec,
  verify(value: unknown): boolean {
    if (typeof value === 'boolean') return value
    throw makeError('THREADMAP_INVALID_OPTION', `option verify must be a boolean, got ${kindOf(value)}`)
  },
}

/**
 * The entries that a map had when `freeze(path)` wrote them, in a file that is mapped into memory: opening it takes
 * no longer for many entries than for few, and all processes that have it open share its pages. Read-only, in the
 * order of the file.
 *
 * Every lookup checks what it reads: a damaged file throws {@link CorruptFileError}, never gives a wrong value. A file
 * that is replaced (as `freeze` does) stays what it was for those who have it open; one that is shortened or overwritten
 * in place throws `CorruptFileError` from then on. Any operation throws `MapClosedError` after `close()`.
 *
 * @example
 * ConcurrentMap.open('routes').freeze('/var/lib/app/routes.tmf')
 * using routes = FrozenMap.open<string, Route>('/var/lib/app/routes.tmf') // in any thread of any process
 * routes.get('/index.html')
 */
export class FrozenMap<K extends Key = Key, V = unknown> extends Uncloneable {
  #id: number
  readonly #codec: Codec | undefined

  /** Not to be called: {@link FrozenMap.open} makes frozen maps. */
  private constructor(key: typeof OPENED, id: number, codec: Codec | undefined) {
    super()
    if (key !== OPENED) {
      throw makeError('THREADMAP_INVALID_ARGUMENT', 'a FrozenMap is made by FrozenMap.open(path)')
    }
    this.#id = id
    this.#codec = codec
    dropped.register(this, id, this)
  }

  /**
   * Opens a file that `freeze(path)` wrote.
   * @throws CorruptFileError when it is none, or damaged; FileError when it cannot be read; OptionsConflictError when
   * its objects were made by another codec than the one that is given.
   */
  static open<K extends Key = Key, V = unknown>(
    path: string | URL,
    options?: FrozenOptions,
  ): FrozenMap<K, V> {
    const { codec, verify = false } = readBag(options, READERS) as { codec?: Codec; verify?: boolean }
    const id = native.frozenOpen(checkPath(path), verify)
    try {
      const [file, recorded] = native.frozenDescribe(id)
      if (codec !== undefined && codec.name !== recorded) {
        throw new OptionsConflictError(
          `the objects in '${file}' were made by the codec '${recorded}', but it was opened with '${codec.name}'. ` +
            'Leave the option codec out, or use that of the file',
        )
      }
      return new FrozenMap<K, V>(OPENED, id, codec ?? builtInCodec(recorded))
    } catch (error) {
      native.frozenClose(id)
      throw error
    }
  }

  /** The value of the key, the caller's own copy; `undefined` on a miss. */
  get(key: K): V | undefined {
    const value = native.frozenGet(this.#id, key)
    return typeof value === 'object' && value !== null ? this.#unpack(value) : (value as V | undefined)
  }

  /** Whether the key has an entry. The value is neither copied nor decoded. */
  has(key: K): boolean {
    return native.frozenHas(this.#id, key)
  }

  /** How many entries there are. */
  get size(): number {
    return native.frozenSize(this.#id)
  }

  /** The entries, in the order of the file. Some hundreds are fetched at a time. */
  entries(): IteratorObject<[K, V], undefined, unknown> {
    return this.#walk(0)
  }

  /** The keys, in the order of the file. */
  keys(): IteratorObject<K, undefined, unknown> {
    return this.#walk(1)
  }

  /** The values, in the order of the file. */
  values(): IteratorObject<V, undefined, unknown> {
    return this.#walk(2)
  }

  /** The same as {@link FrozenMap#entries}. */
  [Symbol.iterator](): IteratorObject<[K, V], undefined, unknown> {
    return this.entries()
  }

  /** Calls `visit` for each entry, in the order of the file. */
  forEach(visit: (value: V, key: K, map: this) => void, thisArg?: unknown): void {
    checkFunction(visit, 'visit')
    for (const [key, value] of this.entries()) visit.call(thisArg, value, key, this)
  }

  /** Figures for operators. */
  stats(): FrozenStats {
    const [path, codec, entries, bytes] = native.frozenDescribe(this.#id)
    return { path, codec, entries, bytes }
  }

  /** Lets go of the file; a second call does nothing. */
  close(): void {
    const id = this.#id
    if (id === CLOSED) return
    this.#id = CLOSED
    dropped.unregister(this)
    native.frozenClose(id)
  }

  /** The same as {@link FrozenMap#close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }

  /** The value of what has crossed from native code. */
  #unpack(raw: Raw): V | undefined {
    return (Array.isArray(raw) ? this.#codecToRead().decode(raw[0]) : raw) as V | undefined
  }

  #codecToRead(): Codec {
    if (this.#codec !== undefined) return this.#codec
    const [path, name] = native.frozenDescribe(this.#id)
    throw makeError(
      'THREADMAP_CODEC',
      `objects in '${path}' are read by the codec '${name}', which was not given: ` +
        `open it with { codec: { name: '${name}', encode, decode } }`,
    )
  }

  #walk<T>(what: What): IteratorObject<T, undefined, unknown> {
    native.frozenSize(this.#id)
    return walk(what, {
      fetch: (what, doubles) => native.frozenScan(this.#id, what, doubles),
      unpack: (raw) => this.#unpack(raw),
    })
  }
}

/** What `console.log` shows: never keys or values. Set here because declarations cannot name its symbol. */
function describe(this: FrozenMap, _depth: number, options: unknown, show: typeof inspect): string {
  const figures = (): object => {
    try {
      const { path, entries, bytes } = this.stats()
      return { path, size: entries, bytes }
    } catch (error) {
      if (error instanceof MapClosedError) return { closed: true }
      throw error
    }
  }
  return `FrozenMap ${show(figures(), options as never)}`
}

Object.defineProperty(FrozenMap.prototype, inspect.custom, {
  value: describe,
  writable: true,
  configurable: true,
})
