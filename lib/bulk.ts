/**
 * Operations on many keys. Where all keys are strings they go to native code as one string, their lengths and the
 * numbers beside them in one array: an array of strings costs more for each element than a call of its own. Anything
 * else goes as an array. Invariant: what a program can run (iterators, getters) has run before anything is packed, so
 * the array that all calls of a thread share is used by one at a time.
 */
import { native, type Raw } from './native.ts'
import { OTHER, Packed, UNDEFINED } from './packed.ts'

/** Keys of one packed call at most: what the array can hold. */
const MOST = 2 ** 18
/** Units of one packed call at most: `MAX_UNITS` of the boundary is more. */
const MOST_UNITS = 2 ** 23

let { doubles, words } = new Packed(1024)

/** Makes room; what was there is gone. */
function room(count: number): void {
  if (doubles.length < count) ({ doubles, words } = new Packed(2 * count))
}

/** The keys as one string, with their lengths in every `width`-th double; `undefined` where they cannot go that way. */
function pack(keys: readonly unknown[], width: number): string | undefined {
  if (keys.length > MOST) return undefined
  room(keys.length * width)
  let text = ''
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at]
    if (typeof key !== 'string' || text.length > MOST_UNITS) return undefined
    doubles[at * width] = key.length
    // A rope, made flat once by native code: a third less than `join`.
    text += key
  }
  return text
}

/** The numbers in every second double; whether they all are numbers. */
function packNumbers(numbers: readonly unknown[]): boolean {
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at]
    if (typeof number !== 'number') return false
    doubles[at * 2 + 1] = number
  }
  return true
}

/** Keys and values in turn. */
export function inTurn(keys: readonly unknown[], values: readonly unknown[]): unknown[] {
  return keys.flatMap((key, at) => [key, values[at]])
}

/** `getMany`; `unpack` makes values of what has crossed. */
export function getMany<V>(id: number, keys: readonly unknown[], unpack: (raw: Raw) => V): V[] {
  const text = pack(keys, 1)
  if (text === undefined) return native.getMany(id, keys).map(unpack)
  const others = native.getPacked(id, text, doubles, keys.length)
  const values = new Array<V>(keys.length)
  let other = 0
  for (let at = 0; at < keys.length; at++) {
    const number = doubles[at] as number
    if (Number.isNaN(number)) {
      const word = words[2 * at + 1]
      values[at] = unpack(word === UNDEFINED ? undefined : word === OTHER ? others?.[other++] : number)
    } else {
      values[at] = number as V
    }
  }
  return values
}

/** `setMany`, of packed values. */
export function setMany(id: number, keys: readonly unknown[], values: readonly Raw[]): void {
  const text = pack(keys, 2)
  if (text === undefined || !packNumbers(values)) native.setMany(id, inTurn(keys, values))
  else native.setPacked(id, text, doubles, keys.length)
}

/** `deleteMany` */
export function deleteMany(id: number, keys: readonly unknown[]): number {
  const text = pack(keys, 1)
  return text === undefined
    ? native.deleteMany(id, keys)
    : native.deletePacked(id, text, doubles, keys.length)
}

/** `addMany` */
export function addMany(
  id: number,
  keys: readonly unknown[],
  deltas: readonly unknown[],
): (number | bigint)[] {
  const text = pack(keys, 2)
  if (text === undefined || !packNumbers(deltas)) return native.addMany(id, inTurn(keys, deltas))
  native.addPacked(id, text, doubles, keys.length)
  const sums = new Array<number>(keys.length)
  for (let at = 0; at < keys.length; at++) sums[at] = doubles[2 * at] as number
  return sums
}
