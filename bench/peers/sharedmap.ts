// sharedmap: a hash table in a SharedArrayBuffer with locks of Atomics, of a size that is fixed at birth. It stores
// text only, so numbers are turned to text and back here; an addition takes its write lock, its own way to do that.
import { createRequire } from 'node:module'
import { contentOf, type Value, type ValueKind } from '../keys.ts'
import type { MapLike } from '../operations.ts'
import { type Content, capacityOf, type Peer } from '../peer.ts'

interface Locked {
  readonly lockWrite: true
}

/** What is used of it; the types that it brings do not compile. */
interface SharedMap {
  get(key: string, options?: Locked): string | undefined
  has(key: string): boolean
  set(key: string, value: Value, options?: Locked): void
  delete(key: string): void
  lockWrite(): void
  unlockWrite(): void
}
type SharedMapClass = { readonly prototype: SharedMap } & (new (
  entries: number,
  key: number,
  value: number,
) => SharedMap)

const SharedMap = createRequire(import.meta.url)('sharedmap') as SharedMapClass

// A key or value ends at a zero that must find room as well: the longest are 16, 64 and 9 characters.
const KEY_UNITS = 20
const VALUE_UNITS: Readonly<Record<ValueKind, number>> = { number: 12, string: 68 }
// Half full, it looks for a free place only briefly.
const SPARE = 2
const LOCKED: Locked = { lockWrite: true }

class Text implements MapLike {
  readonly #map: SharedMap
  readonly #numbers: boolean
  constructor(map: SharedMap, kind: ValueKind) {
    this.#map = map
    this.#numbers = kind === 'number'
  }
  get(key: string): Value | undefined {
    const text = this.#map.get(key)
    return this.#numbers && text !== undefined ? Number(text) : text
  }
  has(key: string): boolean {
    return this.#map.has(key)
  }
  set(key: string, value: Value): void {
    this.#map.set(key, value)
  }
  delete(key: string): void {
    this.#map.delete(key)
  }
  add(key: string, delta: number): number {
    this.#map.lockWrite()
    const next = Number(this.#map.get(key, LOCKED) ?? 0) + delta
    this.#map.set(key, next, LOCKED)
    this.#map.unlockWrite()
    return next
  }
  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.get(key))
  }
  setMany(entries: readonly (readonly [string, Value])[]): void {
    for (const [key, value] of entries) this.#map.set(key, value)
  }
  addMany(entries: readonly (readonly [string, number])[]): number[] {
    return entries.map(([key, delta]) => this.add(key, delta))
  }
}

/** The way of its documentation: what was posted has lost its class. */
const attach = (token: unknown, { value }: Content): Text =>
  new Text(Object.setPrototypeOf(token, SharedMap.prototype) as SharedMap, value)

export const peers: readonly Peer[] = [
  {
    name: 'sharedmap',
    note: 'sharedmap, a table of fixed size in a SharedArrayBuffer, locked by Atomics; text only',
    style: 'sync',
    shared: true,
    answers: true,
    create: async (content) => {
      const map = new SharedMap(capacityOf(content) * SPARE, KEY_UNITS, VALUE_UNITS[content.value])
      for (const [key, value] of contentOf(content.size, content.value)) map.set(key, value)
      return { connect: () => ({ token: map }), close: () => {} }
    },
    attach,
  },
]
