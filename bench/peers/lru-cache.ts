// lru-cache: the cache that most programs keep in each of their threads, never full here, so it evicts nothing.
// With two workers each has its own, as with a plain `Map`.
import { LRUCache } from 'lru-cache'
import { contentOf, type Value } from '../keys.ts'
import type { MapLike } from '../operations.ts'
import { capacityOf, type Peer } from '../peer.ts'

class Cached implements MapLike {
  readonly #cache: LRUCache<string, Value>
  constructor(capacity: number) {
    this.#cache = new LRUCache({ max: capacity })
  }
  get(key: string): Value | undefined {
    return this.#cache.get(key)
  }
  has(key: string): boolean {
    return this.#cache.has(key)
  }
  set(key: string, value: Value): unknown {
    return this.#cache.set(key, value)
  }
  delete(key: string): boolean {
    return this.#cache.delete(key)
  }
  add(key: string, delta: number): number {
    const next = ((this.#cache.get(key) as number | undefined) ?? 0) + delta
    this.#cache.set(key, next)
    return next
  }
  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.#cache.get(key))
  }
  setMany(entries: readonly (readonly [string, Value])[]): void {
    for (const [key, value] of entries) this.#cache.set(key, value)
  }
  addMany(entries: readonly (readonly [string, number])[]): number[] {
    return entries.map(([key, delta]) => this.add(key, delta))
  }
}

export const peers: readonly Peer[] = [
  {
    name: 'lru-cache',
    note: 'lru-cache of one thread, never full. With two workers each has its own, nothing is shared',
    style: 'sync',
    shared: false,
    answers: true,
    create: async () => ({ connect: () => ({ token: undefined }), close: () => {} }),
    attach: (_token, content) => {
      const cached = new Cached(capacityOf(content))
      cached.setMany(contentOf(content.size, content.value))
      return cached
    },
  },
]
