/**
 * Operations on one entry that take several native calls, written once for whoever names the entry: by its key, or by a
 * ref. Invariant: no lock is held in between; each goes round again when another thread was faster.
 */
import { types } from 'node:util'
import { ABSENT, type Absent } from './absent.ts'
import { fixedRaw, sameBytes } from './arguments.ts'
import { makeError } from './errors.ts'
import { native, type Raw } from './native.ts'
import type { Values } from './values.ts'

/** One entry, as native code is asked about it. */
export interface OneEntry {
  /** What it holds, or ABSENT. */
  find(): Raw
  compareAndSet(value: Raw, expected: Raw): boolean
  compareAndDelete(expected: Raw): boolean
}

/** The entry of a key. */
export class EntryOfKey implements OneEntry {
  readonly #id: number
  readonly #key: unknown

  constructor(id: number, key: unknown) {
    this.#id = id
    this.#key = key
  }

  find(): Raw {
    return native.find(this.#id, this.#key, ABSENT)
  }

  compareAndSet(value: Raw, expected: Raw): boolean {
    return native.compareAndSet(this.#id, this.#key, value, expected)
  }

  compareAndDelete(expected: Raw): boolean {
    return native.compareAndDelete(this.#id, this.#key, expected)
  }
}

/** `ConcurrentMap#update` of that entry. */
export function update<V>(
  entry: OneEntry,
  values: Values<V>,
  change: (old: V | undefined) => V | Absent,
): V | undefined {
  for (;;) {
    const found = entry.find()
    const expected = fixedRaw(found)
    const next = change(found === ABSENT ? undefined : values.unpack(found))
    if (types.isPromise(next)) {
      throw makeError(
        'THREADMAP_INVALID_ARGUMENT',
        'change gave a Promise: await outside, and update with the result',
      )
    }
    if (next === ABSENT) {
      if (found === ABSENT || entry.compareAndDelete(expected)) return undefined
    } else if (entry.compareAndSet(values.pack(next), expected)) {
      return next
    }
  }
}

/** `ConcurrentMap#compareAndSet` of that entry. */
export function compareAndSet<V>(entry: OneEntry, values: Values<V>, expected: unknown, value: V): boolean {
  const next = values.pack(value)
  return ifHolds(entry, values, expected, (raw) => entry.compareAndSet(next, raw))
}

/** `ConcurrentMap#compareAndDelete` of that entry. */
export function compareAndDelete<V>(entry: OneEntry, values: Values<V>, expected: unknown): boolean {
  return ifHolds(entry, values, expected, (raw) => entry.compareAndDelete(raw))
}

/** Runs `act` with the form in which `expected` is stored, if it is. */
function ifHolds<V>(
  entry: OneEntry,
  values: Values<V>,
  expected: unknown,
  act: (raw: Raw) => boolean,
): boolean {
  if (typeof expected === 'symbol' && expected !== ABSENT) {
    throw makeError('THREADMAP_DATA_CLONE', 'a symbol could not be cloned: use ABSENT to expect no entry')
  }
  const raw = values.pack(expected)
  if (act(raw)) return true
  // V8 writes a list that it has read before in another form than one that was built here: of the clone codec, two
  // forms are the same content when they are the same once read and written again.
  if (!Array.isArray(raw) || values.codec?.name !== 'clone') return false
  const { decode, encode: write } = values.codec
  const settled = (form: Raw[]): Uint8Array | string => write(decode(form[0] as Uint8Array))
  for (;;) {
    const found = entry.find()
    if (!Array.isArray(found) || !sameBytes(settled(found), settled(raw))) return false
    if (act(found)) return true
  }
}
