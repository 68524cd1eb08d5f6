// A plain `Map`: the ceiling, for one thread. With two workers each has a `Map` of its own: nothing is shared,
// so those rows say how well the machine itself runs two threads at once.
import { contentOf, type Value } from '../keys.ts'
import type { MapLike } from '../operations.ts'
import type { Peer } from '../peer.ts'

class PlainMap implements MapLike {
  readonly #map: Map<string, Value>
  constructor(entries: Iterable<[string, Value]>) {
    this.#map = new Map(entries)
  }
  get(key: string): Value | undefined {
    return this.#map.get(key)
  }
  has(key: string): boolean {
    return this.#map.has(key)
  }
  set(key: string, value: Value): unknown {
    return this.#map.set(key, value)
  }
  delete(key: string): boolean {
    return this.#map.delete(key)
  }
  add(key: string, delta: number): number {
    const next = ((this.#map.get(key) as number | undefined) ?? 0) + delta
    this.#map.set(key, next)
    return next
  }
  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.#map.get(key))
  }
  setMany(entries: readonly (readonly [string, Value])[]): void {
    for (const [key, value] of entries) this.#map.set(key, value)
  }
  addMany(entries: readonly (readonly [string, number])[]): number[] {
    return entries.map(([key, delta]) => this.add(key, delta))
  }
}

export const peers: readonly Peer[] = [
  {
    name: 'Map',
    note: 'plain Map of one thread: the ceiling. With two workers each has its own, nothing is shared',
    style: 'sync',
    shared: false,
    answers: true,
    create: async () => ({ connect: () => ({ token: undefined }), close: () => {} }),
    attach: (_token, { size, value }) => new PlainMap(contentOf(size, value)),
  },
]
