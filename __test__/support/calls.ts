// The operations of the model as calls of a map: one call each, but for what the callback of an update was shown.
// Invariant: nothing is judged or mended here; what comes out is what the map has answered.
import { ABSENT } from '../../index.ts'
import type { Cell, Key, Subject } from './broken.ts'
import type { Name } from './one-key.ts'

/** What a call told: an answer, or two. */
export type Told = (Cell | boolean | undefined) | readonly [answer: Cell | undefined, also: Cell | undefined]

export type Call = (map: Subject, key: Key, value: never, expected: never) => Told

function update(map: Subject, key: Key, make: (old: Cell | undefined) => Cell | typeof ABSENT): Told {
  let shown: Cell | undefined
  const made = map.update(key, (old) => {
    shown = old
    return make(old)
  })
  return [made, shown]
}

export const calls: Readonly<Record<Name, Call>> = {
  get: (map, key) => map.get(key),
  getMany: (map, key) => map.getMany([key])[0],
  has: (map, key) => map.has(key),
  set: (map, key, value) => void map.set(key, value),
  setMany: (map, key, value) => void map.setMany([[key, value]]),
  delete: (map, key) => map.delete(key),
  deleteMany: (map, key) => map.deleteMany([key]) === 1,
  swap: (map, key, value) => map.swap(key, value),
  take: (map, key) => map.take(key),
  setIfAbsent: (map, key, value) => map.setIfAbsent(key, value),
  replace: (map, key, value) => map.replace(key, value),
  compareAndSet: (map, key, value, expected: Cell | undefined) =>
    map.compareAndSet(key, expected === undefined ? ABSENT : expected, value),
  compareAndDelete: (map, key, _, expected) => map.compareAndDelete(key, expected),
  getOrInsert: (map, key, value) => map.getOrInsert(key, value),
  getOrInsertComputed: (map, key, value) => map.getOrInsertComputed(key, () => value),
  add: (map, key, value) => map.add(key, value),
  addMany: (map, key, value) => map.addMany<number>([[key, value]])[0],
  max: (map, key, value: number) => map.max(key, value),
  min: (map, key, value: number) => map.min(key, value),
  update: (map, key, value) => update(map, key, () => value),
  updateToAdd: (map, key, value: number) =>
    update(map, key, (old) => (typeof old === 'number' ? old + value : value)),
  updateToRemove: (map, key) => update(map, key, () => ABSENT),
  getEntry(map, key) {
    const entry = map.getEntry(key)
    return [entry?.value, entry?.version]
  },
  setIfVersion: (map, key, value, version) => map.setIfVersion(key, value, version),
  deleteIfVersion: (map, key, _, version) => map.deleteIfVersion(key, version),
}
