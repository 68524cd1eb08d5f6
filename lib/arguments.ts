/**
 * Arguments: checked, and taken as they are when the call begins, because code of the user that runs during it may
 * write to bytes and arrays that it has passed.
 */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { types } from 'node:util'
import { kindOf, makeError } from './errors.ts'
import type { Raw } from './native.ts'

/** Refuses what is no function. */
export function checkFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return
  throw makeError('THREADMAP_INVALID_ARGUMENT', `${what} must be a function, got ${kindOf(value)}`)
}

/** Refuses what is no name for a map. */
export function checkName(name: unknown): string {
  if (typeof name !== 'string' || name === '' || !name.isWellFormed()) {
    const got = typeof name === 'string' && name !== '' ? 'one with lone surrogates' : kindOf(name)
    throw makeError(
      'THREADMAP_INVALID_ARGUMENT',
      `the name of a map must be a string that is not empty, got ${got}`,
    )
  }
  return name
}

/** The path of a file, absolute. Refuses what no file can be called. */
export function checkPath(path: unknown, what = 'the path'): string {
  const named = types.isProxy(path) || !(path instanceof URL) ? path : fromUrl(path, what)
  if (typeof named === 'string' && named !== '' && named.isWellFormed() && !named.includes('\0')) {
    return resolve(named)
  }
  const got = typeof named === 'string' && named !== '' ? 'one with a NUL or a lone surrogate' : kindOf(named)
  throw makeError(
    'THREADMAP_INVALID_ARGUMENT',
    `${what} must be a string that is not empty, or a file: URL, got ${got}`,
  )
}

function fromUrl(url: URL, what: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    const error = makeError(
      'THREADMAP_INVALID_ARGUMENT',
      `${what} must be a string or a file: URL, got a URL of ${url.protocol}`,
    )
    error.cause = cause
    throw error
  }
}

/** The items of an iterable, taken before the map is touched. */
export function listOf<T>(iterable: Iterable<T>, what: string): T[] {
  if (typeof (iterable as Iterable<T> | undefined)?.[Symbol.iterator] !== 'function') {
    throw makeError('THREADMAP_INVALID_ARGUMENT', `${what} must be iterable, got ${kindOf(iterable)}`)
  }
  return Array.from(iterable)
}

/** Keys and values, packed if need be, all taken before the map is touched. */
export function unzip(
  entries: Iterable<readonly [unknown, unknown]>,
  pack?: (value: unknown) => unknown,
): { keys: unknown[]; values: unknown[] } {
  const list = listOf(entries, 'entries')
  const keys = new Array<unknown>(list.length)
  const values = new Array<unknown>(list.length)
  for (let at = 0; at < keys.length; at++) {
    const entry = list[at]
    if (typeof entry !== 'object' || entry === null) {
      throw makeError(
        'THREADMAP_INVALID_ARGUMENT',
        `entries must hold [key, value] pairs, got ${kindOf(entry)}`,
      )
    }
    keys[at] = entry[0]
    const value = entry[1]
    // An object alone can need a codec.
    values[at] = pack !== undefined && typeof value === 'object' ? pack(value) : value
  }
  return { keys, values }
}

/** Longer tuples are over every key limit: native code refuses them before it has read them. */
const MAX_PARTS = 2 ** 24

/** A key that stays what it is. What is no valid key comes back as it is, for native code to refuse. */
export function fixedKey<K>(key: K): K {
  if (types.isProxy(key) || !Array.isArray(key)) return fixedPart(key)
  if (key.length > MAX_PARTS) return key
  const parts: unknown[] = []
  for (let at = 0; at < key.length; at++) parts.push(fixedPart(key[at]))
  return parts as K
}

function fixedPart<P>(part: P): P {
  return types.isUint8Array(part) && part.byteLength > 0 ? (copyBytes(part) as P) : part
}

/** What was read, in a form that stays: whoever is given the value may write to its bytes. */
export function fixedRaw(raw: Raw): Raw {
  if (types.isUint8Array(raw)) return copyBytes(raw)
  return Array.isArray(raw) ? raw.map(fixedRaw) : raw
}

function copyBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.isBuffer(bytes) ? Buffer.from(bytes) : Uint8Array.from(bytes)
}

/** Whether two products of a codec are the same. */
export function sameBytes(a: Uint8Array | string, b: Uint8Array | string): boolean {
  return typeof a === 'string' || typeof b === 'string' ? a === b : Buffer.compare(a, b) === 0
}
