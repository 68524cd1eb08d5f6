/**
 * Iterators over what native code gives in chunks (`calls/chunk.rs` of the boundary): numbers as doubles, strings end to
 * end in texts, all else in an array. Items are made of them one by one, as they are asked for. An iterator that is
 * abandoned costs nothing: what it holds is a chunk on the heap.
 *
 * Invariant: before anything of a program's own runs (the loop's body, a codec) the iterator has moved on, so it may be
 * used, ended or left in there; and the doubles of a chunk are its iterator's own until it has ended.
 */
import type { Raw, What } from './native.ts'
import { FALSE, LATIN1, NULL, OTHER, Packed, TRUE, UNDEFINED, UTF16 } from './packed.ts'

const ENTRIES = 0
const KEYS = 1

/** Where the chunks come from. */
export interface Source {
  /**
   * Writes the chunk that the header asks for into the doubles and gives what is no number, or else how many doubles
   * it needs.
   */
  fetch(what: What, doubles: Float64Array): Raw[] | number | undefined
  /** Makes a value of what has crossed as an object. */
  unpack(raw: Raw): unknown
  /** Ends an iteration that was not gone through to the end. */
  leave?(iteration: number): void
}

/** The header of a chunk: how many (entries wanted, items given), the cursor (-1 at the end), the iteration. */
const COUNT = 0
const CURSOR = 1
const ITERATION = 2
const HEADER = 3

/** The low bits of a string's mark are its length, those above where it begins; at 0 begins the next text. */
const LENGTH_BITS = 9
const LENGTH = 2 ** LENGTH_BITS - 1

/** Entries wanted of the first chunk, which may be the only one, and of the largest: each asks for four times more. */
const FIRST = 32
const MOST = 512

const NOTHING: readonly Raw[] = []
const NO_ROOM: Packed = new Packed(HEADER)

/** Doubles that ended iterators leave to the next ones: so many, of such a length at most. */
const SPARE = 4
const SPARE_LENGTH = 8192
const spare: Packed[] = []

function roomFor(length: number): Packed {
  const kept = spare.pop()
  if (kept !== undefined && kept.doubles.length >= length) return kept
  return new Packed(2 ** Math.ceil(Math.log2(length)))
}

function cut(text: string, place: number): string {
  const start = place >>> LENGTH_BITS
  return text.substring(start, start + (place & LENGTH))
}

/** An iterator over all items of the source. */
export function walk<T>(what: What, source: Source): IteratorObject<T, undefined, unknown> {
  return new Walk(what, source) as IteratorObject<unknown, undefined, unknown> as IteratorObject<
    T,
    undefined,
    unknown
  >
}

class Walk extends Iterator<unknown, undefined, unknown> {
  readonly #what: What
  readonly #source: Source
  #packed: Packed = NO_ROOM
  /** Its two views: a load less for each item. */
  #doubles: Float64Array = NO_ROOM.doubles
  #words: Int32Array = NO_ROOM.words
  /** The next item and where the chunk ends. */
  #at = 0
  #end = 0
  /** What is no number, and the next of it. */
  #others: readonly Raw[] = NOTHING
  #other = 0
  /** The texts that the next strings are cut out of. */
  #latin1 = ''
  #utf16 = ''
  /** How to go on. */
  #enough = FIRST
  #cursor = 0
  #iteration = 0

  constructor(what: What, source: Source) {
    super()
    this.#what = what
    this.#source = source
  }

  override next(): IteratorResult<unknown, undefined> {
    // One result for all ways out: the compiler does without the object then.
    let value: unknown
    const done = this.#at === this.#end && !this.#fetch()
    if (!done) value = this.#what === ENTRIES ? [this.#key(), this.#value()] : this.#one()
    return { done, value } as IteratorResult<unknown, undefined>
  }

  override return(value?: unknown): IteratorResult<unknown, undefined> {
    this.#finish()
    return { done: true, value: value as undefined }
  }

  #one(): unknown {
    return this.#what === KEYS ? this.#key() : this.#value()
  }

  /** The next item of the chunk. */
  #key(): unknown {
    const at = this.#at
    this.#at = at + 1
    const number = this.#doubles[at] as number
    // biome-ignore lint/suspicious/noSelfCompare: nothing else is as short where it is a number.
    return number === number ? number : this.#marked(at)
  }

  #value(): unknown {
    const at = this.#at
    this.#at = at + 1
    const number = this.#doubles[at] as number
    // biome-ignore lint/suspicious/noSelfCompare: nothing else is as short where it is a number.
    return number === number ? number : this.#unpacked(this.#marked(at))
  }

  /** What is no number, or NaN. */
  #marked(at: number): unknown {
    const place = this.#words[2 * at] as number
    switch (this.#words[2 * at + 1]) {
      case LATIN1:
        if (place === 0) return ''
        if (place <= LENGTH) this.#latin1 = this.#others[this.#other++] as string
        return cut(this.#latin1, place)
      case OTHER:
        return this.#others[this.#other++]
      case UNDEFINED:
        return undefined
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case UTF16:
        if (place === 0) return ''
        if (place <= LENGTH) this.#utf16 = this.#others[this.#other++] as string
        return cut(this.#utf16, place)
      default:
        return Number.NaN
    }
  }

  #unpacked(raw: unknown): unknown {
    return typeof raw === 'object' && raw !== null ? this.#decoded(raw) : raw
  }

  #decoded(raw: object): unknown {
    try {
      return this.#source.unpack(raw)
    } catch (error) {
      this.#finish()
      throw error
    }
  }

  /** Fetches the next chunk that has items; false, and all is over, when there is none. */
  #fetch(): boolean {
    try {
      while (this.#cursor >= 0) {
        this.#fetchOne()
        if (this.#at < this.#end) return true
      }
    } catch (error) {
      this.#finish()
      throw error
    }
    this.#finish()
    return false
  }

  #fetchOne(): void {
    let packed = this.#packed
    let needed = HEADER + 2 * this.#enough
    let given: Raw[] | number | undefined
    do {
      if (packed.doubles.length < needed) packed = roomFor(needed)
      const { doubles } = packed
      doubles[COUNT] = this.#enough
      doubles[CURSOR] = this.#cursor
      doubles[ITERATION] = this.#iteration
      // Where there is not enough room (a segment of the map is given whole or not at all), nothing is given yet.
      given = this.#source.fetch(this.#what, doubles)
      needed = given as number
    } while (typeof given === 'number')
    const { doubles } = packed
    this.#packed = packed
    this.#doubles = packed.doubles
    this.#words = packed.words
    this.#at = HEADER
    this.#end = HEADER + (doubles[COUNT] as number)
    this.#cursor = doubles[CURSOR] as number
    this.#iteration = doubles[ITERATION] as number
    this.#others = given ?? NOTHING
    this.#other = 0
    this.#enough = Math.min(4 * this.#enough, MOST)
  }

  /** From now on there is nothing to give. */
  #finish(): void {
    const packed = this.#packed
    const left = this.#cursor > 0
    this.#packed = NO_ROOM
    this.#doubles = NO_ROOM.doubles
    this.#words = NO_ROOM.words
    this.#at = 0
    this.#end = 0
    this.#cursor = -1
    this.#others = NOTHING
    this.#latin1 = ''
    this.#utf16 = ''
    const { length } = packed.doubles
    if (length > HEADER && length <= SPARE_LENGTH && spare.length < SPARE) spare.push(packed)
    if (left && this.#iteration !== 0) this.#source.leave?.(this.#iteration)
  }
}
