/**
 * Values on their way: from what a program has to what native code stores, and back. One of these belongs to each
 * opened map and is shared by all that read and write through it (the map, its refs, its near cache).
 */
import { type Codec, encode, needsCodec } from './codec.ts'
import { makeError } from './errors.ts'
import { deepFreeze } from './freeze.ts'
import { native, type Raw } from './native.ts'

/** How the values of one opened map are packed and unpacked. */
export class Values<V> {
  readonly codec: Codec | undefined
  readonly #id: number
  readonly #freeze: boolean

  constructor(id: number, codec: Codec | undefined, freeze: boolean) {
    this.#id = id
    this.codec = codec
    this.#freeze = freeze
  }

  /** The form in which a value crosses to native code. */
  pack(value: unknown): Raw {
    return needsCodec(value) ? encode(this.#codecFor('written'), value) : value
  }

  /** The value of what has crossed from native code. */
  unpack(raw: Raw): V | undefined {
    return this.unpackShared(raw)[0]
  }

  /** The same, and whether all reads of this thread may be given that one: whether nobody can change it. */
  unpackShared(raw: Raw): readonly [value: V | undefined, shared: boolean] {
    if (!Array.isArray(raw)) return [raw as V | undefined, typeof raw !== 'object' || raw === null]
    const value = this.#codecFor('read').decode(raw[0])
    return [value as V, this.#freeze && deepFreeze(value)]
  }

  #codecFor(what: string): Codec {
    if (this.codec !== undefined) return this.codec
    const name = native.describe(this.#id)[3]
    throw makeError(
      'THREADMAP_CODEC',
      `objects in this map are ${what} by the codec '${name}', which this thread has not been given: ` +
        `open or attach it with { codec: { name: '${name}', encode, decode } }`,
    )
  }
}
