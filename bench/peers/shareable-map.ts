// shared-memory-datastructures: a Map over SharedArrayBuffers without any lock. Threads may read together; two that
// write at once corrupt it, so workers only read here.
import { createRequire } from 'node:module'
import { contentOf, type Value } from '../keys.ts'
import type { MapLike } from '../operations.ts'
import { capacityOf, type Peer } from '../peer.ts'

interface Options {
  readonly expectedSize: number
  readonly averageBytesPerValue: number
}
interface ShareableMap extends Map<string, Value> {
  toTransferableState(): unknown
}
/** What is used of it. Only its CommonJS form loads in Node. */
interface Package {
  readonly ShareableMap: {
    new (options: Options): ShareableMap
    fromTransferableState(state: unknown): ShareableMap
  }
}
const { ShareableMap } = createRequire(import.meta.url)('shared-memory-datastructures') as Package

// With the key and what it keeps beside them: enough that no thread replaces buffers which others still have.
const BYTES = { number: 64, string: 192 } as const

class Buffered implements MapLike {
  readonly #map: ShareableMap
  constructor(map: ShareableMap) {
    this.#map = map
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
    name: 'shareable-map',
    note: 'shared-memory-datastructures, a Map in SharedArrayBuffers without locks: two writers corrupt it',
    style: 'sync',
    shared: true,
    oneWriter: true,
    answers: true,
    create: async (content) => {
      const expectedSize = Math.max(capacityOf(content), 1)
      const map = new ShareableMap({ expectedSize, averageBytesPerValue: BYTES[content.value] })
      for (const [key, value] of contentOf(content.size, content.value)) map.set(key, value)
      return { connect: () => ({ token: map.toTransferableState() }), close: () => {} }
    },
    attach: (token) => new Buffered(ShareableMap.fromTransferableState(token)),
  },
]
