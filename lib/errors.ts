/**
 * The errors: one base class, a stable `code` each, and the factory that native code throws through. `instanceof`
 * goes by a brand, so that it holds over two copies of the package. Mistakes about arguments are plain `TypeError`s
 * and `RangeError`s with a `code`.
 */
import { types } from 'node:util'

const BRAND: unique symbol = Symbol.for('threadmap.error')

/** The base of all errors that are about maps, not about arguments. Match `error.code`; it never changes. */
export class ThreadmapError extends Error {
  /** The code that errors of this class have. */
  static readonly code: string = 'THREADMAP_ERROR'

  /** A stable name for what went wrong, `THREADMAP_...`. */
  readonly code: string

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = new.target.code
    this.name = new.target.name
    Object.defineProperty(this, BRAND, { value: this.code })
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value)
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, BRAND)) return false
    return this.code === 'THREADMAP_ERROR' || Reflect.get(value, BRAND) === this.code
  }
}

/** A map of that name lives with other options; the message shows both. */
export class OptionsConflictError extends ThreadmapError {
  static override readonly code = 'THREADMAP_OPTIONS_CONFLICT'
}

/** The handle is stale, forged, of another process, or no handle at all. */
export class InvalidHandleError extends ThreadmapError {
  static override readonly code = 'THREADMAP_INVALID_HANDLE'
}

/** The map or snapshot was closed on this thread, or the map ended for all by `ConcurrentMap.delete(name)`. */
export class MapClosedError extends ThreadmapError {
  static override readonly code = 'THREADMAP_MAP_CLOSED'
}

/** A key, a value or a result is over its limit; nothing has changed. */
export class LimitError extends ThreadmapError {
  static override readonly code = 'THREADMAP_LIMIT'
}

/**
 * A frozen file is not what `freeze` wrote: cut short, damaged, shortened while it was open, or no frozen file at all.
 * What was read before is right; nothing has changed.
 */
export class CorruptFileError extends ThreadmapError {
  static override readonly code = 'THREADMAP_CORRUPT_FILE'
}

/** The system refused to open, write or replace a frozen file; the message has its reason. The old file is as it was. */
export class FileError extends ThreadmapError {
  static override readonly code = 'THREADMAP_FILE'
}

/** A thread stayed inside of one native call for so long that no snapshot could begin; nothing has changed. */
export class StalledError extends ThreadmapError {
  static override readonly code = 'THREADMAP_STALLED'
}

/** Only the variant `'snapshot'` can do this; nothing has changed. */
export class UnsupportedError extends ThreadmapError {
  static override readonly code = 'THREADMAP_UNSUPPORTED'
}

/** `transact` was called inside of the function of another `transact`; the inner one has done nothing. */
export class NestedTransactionError extends ThreadmapError {
  static override readonly code = 'THREADMAP_NESTED_TRANSACTION'
}

/** A bug of this package: native code panicked. The map stays usable; please report it. */
export class InternalError extends ThreadmapError {
  static override readonly code = 'THREADMAP_INTERNAL'
}

/**
 * No binary of this platform, or none that fits: importing the package throws it. The message names what is missing,
 * the platform and the fix.
 */
export class BindingError extends ThreadmapError {
  static override readonly code = 'THREADMAP_BINDING'
}

const CLASSES = [
  OptionsConflictError,
  InvalidHandleError,
  MapClosedError,
  LimitError,
  CorruptFileError,
  FileError,
  StalledError,
  UnsupportedError,
  NestedTransactionError,
  InternalError,
] as const
const RANGE = new Set(['THREADMAP_OVERFLOW', 'THREADMAP_OUT_OF_RANGE', 'THREADMAP_OUT_OF_MEMORY'])

/** The error that belongs to a code. Native code calls it for everything that it throws. */
export function makeError(code: string, message: string): Error {
  if (code === 'THREADMAP_DATA_CLONE') return new DOMException(message, 'DataCloneError')
  const known = CLASSES.find((candidate) => candidate.code === code)
  if (known !== undefined) return new known(message)
  return Object.assign(RANGE.has(code) ? new RangeError(message) : new TypeError(message), { code })
}

/** What a value is, for messages: never its content, which may be secret or huge. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  // Nothing may run on the way to an error message: a Proxy's traps least of all.
  if (types.isProxy(value)) return 'a Proxy'
  if (typeof value === 'object') return Array.isArray(value) ? 'an array' : 'an object'
  if (typeof value === 'number') return `the number ${value}`
  return typeof value === 'undefined' ? 'undefined' : `a ${typeof value}`
}
