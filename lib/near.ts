/**
 * The near cache: values that one thread has read by recurring keys, each kept with its stamp in front of the map.
 * Bounded by two generations: when the young one is full it becomes the old one, whose content is gone unless it is
 * asked for again. Invariant: nothing is given that its stamp does not vouch for at that moment, so there is no
 * staleness, only more or fewer native calls.
 */
import { native } from './native.ts'
import { load, NO_STAMP, PLACE, STAMP, told, type Watch } from './stamps.ts'
import type { Values } from './values.ts'

class Kept {
  place = 0
  stamp: number = NO_STAMP
  value: unknown = undefined
}

/** What stands in front of `get`. */
export class Near<K, V> {
  readonly #watch: Watch
  readonly #values: Values<V>
  readonly #half: number
  #young = new Map<K, Kept>()
  #old = new Map<K, Kept>()

  /** Keeps up to `entries`. */
  constructor(watch: Watch, values: Values<V>, entries: number) {
    this.#watch = watch
    this.#values = values
    this.#half = Math.ceil(entries / 2)
  }

  /** The value of the key: a lookup and a load where it is kept, a native call where not. */
  get(key: K): V | undefined {
    const kept = this.#young.get(key)
    if (kept === undefined) return this.#late(key)
    return load(this.#watch.stamps, kept.place) === kept.stamp ? (kept.value as V) : this.#fill(key, kept)
  }

  /** Gives everything up: the map was closed on this thread. */
  close(): void {
    this.#watch.close()
    this.#young.clear()
    this.#old.clear()
  }

  #late(key: K): V | undefined {
    // Bytes and tuples are equal by content, which a `Map` does not see.
    if (typeof key === 'object' && key !== null) return this.#values.unpack(native.get(this.#watch.id, key))
    const kept = this.#old.get(key) ?? new Kept()
    const value =
      load(this.#watch.stamps, kept.place) === kept.stamp ? (kept.value as V) : this.#fill(key, kept)
    if (kept.stamp !== NO_STAMP) this.#add(key, kept)
    return value
  }

  #add(key: K, kept: Kept): void {
    if (this.#young.size >= this.#half) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, kept)
  }

  #fill(key: K, kept: Kept): V | undefined {
    const raw = native.getKept(this.#watch.id, key)
    const stamp = told[STAMP] as number
    const place = told[PLACE] as number
    const [value, shared] = this.#values.unpackShared(raw)
    kept.place = place
    kept.stamp = shared ? stamp : NO_STAMP
    kept.value = shared ? value : undefined
    return value
  }
}
