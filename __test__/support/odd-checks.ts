// What a second thread does with the odd tables: it builds its own copies of keys and values, then compares.
// Invariant: a check returns the positions that are wrong, so an empty list is the only success.
import { isDeepStrictEqual } from 'node:util'
import { ConcurrentMap, type MapHandle } from '../../index.ts'
import { describeKey } from './describe.ts'
import { oddBytes, oddKeys, oddObjects, oddPrimitives } from './odd.ts'

export type Table = 'oddBytes' | 'oddObjects' | 'oddPrimitives'

const tables: Readonly<Record<Table, readonly unknown[]>> = { oddBytes, oddObjects, oddPrimitives }

/** Positions of the keys that do not read as their position. */
export function misreadKeys(handle: MapHandle): number[] {
  using map = ConcurrentMap.attach<never, number>(handle)
  return positions(oddKeys, (key, index) => map.get(key as never) === index && map.has(key as never))
}

/** Positions of the keys that `keys()` does not give back as they are. */
export function lostKeys(handle: MapHandle): number[] {
  using map = ConcurrentMap.attach<never, number>(handle)
  const given = new Set(Array.from(map.keys(), describeKey))
  return given.size === map.size ? positions(oddKeys, (key) => given.has(describeKey(key))) : [-1]
}

export function setKey(handle: MapHandle, index: number, value: string): void {
  using map = ConcurrentMap.attach<never, string>(handle)
  map.set(oddKeys[index] as never, value)
}

export function deleteKey(handle: MapHandle, index: number): boolean {
  using map = ConcurrentMap.attach<never, string>(handle)
  return map.delete(oddKeys[index] as never)
}

/** Positions of the values that do not come back as they are. */
export function misreadValues(handle: MapHandle, table: Table): number[] {
  using map = ConcurrentMap.attach<number>(handle)
  return positions(tables[table], (value, index) => isSame(map.get(index), value))
}

/** Exactly the same value: -0 is not 0, a Buffer is not a Uint8Array. */
export function isSame(actual: unknown, expected: unknown): boolean {
  return Object.is(actual, expected) || (isObject(expected) && isDeepStrictEqual(actual, expected))
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function positions<T>(table: readonly T[], isRight: (entry: T, index: number) => boolean): number[] {
  return table.flatMap((entry, index) => (isRight(entry, index) ? [] : [index]))
}
