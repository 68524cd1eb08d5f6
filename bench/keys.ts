// The keys of every benchmark: 16 characters, drawn uniformly or by Zipf 0.99, recurring or built for each call.
// Invariant: everything is a function of (size, seed), so that all competitors, in all threads, see the same keys.
//
// 'recurring' hands out the very string objects that filled the map: the best case of a JavaScript `Map`, which
// has their hash at hand and compares pointers. 'built' concatenates prefix and id for each call, as code does
// that gets its ids from requests; the price of the concatenation is inside every competitor's figure.

export type Distribution = 'uniform' | 'zipf'
export type Origin = 'recurring' | 'built'
export type Value = number | string
export type ValueKind = 'number' | 'string'
/** What one call of an operation is given: a key, 100 keys, or 100 [key, value] pairs. */
export type Takes = 'key' | 'keys' | 'entries'

export interface Draw {
  readonly distribution: Distribution
  readonly origin: Origin
  readonly size: number
}

export const PREFIX = 'user:'
export const ABSENT_PREFIX = 'none:'
export const BULK = 100

// Long enough that neither branch predictor nor cache learns the order; a power of two, so that `&` wraps.
const SEQUENCE = 1 << 17
const BATCHES = 1 << 10
const ZIPF_EXPONENT = 0.99

/** mulberry32: small, seedable, good enough to draw keys. */
const random = (seed: number): (() => number) => {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

// A prime stride modulo an 11-digit range: all ids differ, and neighbours share no long prefix.
const idAt = (index: number): string => String(10_000_000_000 + ((index * 2_654_435_761) % 89_999_999_999))

/** A string of one flat sequence of bytes, as a string has that arrived from outside. */
const flat = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')

const remembered = <T>(make: (size: number, prefix: string) => T): ((size: number, prefix?: string) => T) => {
  const known = new Map<string, T>()
  return (size, prefix = PREFIX) => {
    const name = `${prefix}${size}`
    const made = known.get(name) ?? make(size, prefix)
    known.set(name, made)
    return made
  }
}

/** One key string of the recurring ones; nothing remembers it. */
export const keyAt = (index: number): string => flat(PREFIX + idAt(index))

const idsOf = remembered((size) => Array.from({ length: size }, (_, index) => idAt(index)))

/** The recurring key strings of a map of that size; with ABSENT_PREFIX, as many that no map holds. */
export const keysOf: (size: number, prefix?: string) => string[] = remembered((size, prefix) =>
  idsOf(size).map((id) => flat(prefix + id)),
)

/** 64 values of a kind; index them by `i & 63`. Strings have 64 characters. */
export const VALUES: Readonly<Record<ValueKind, readonly Value[]>> = {
  number: Array.from({ length: 64 }, (_, index) => index),
  string: Array.from({ length: 64 }, (_, index) => flat(`value ${index} `.padEnd(64, 'abcdefgh'))),
}

/** What every map holds before it is measured. */
export const contentOf = (size: number, kind: ValueKind): [string, Value][] =>
  keysOf(size).map((key, index) => [key, VALUES[kind][index & 63] as Value])

/** Where in a table of `size` things each call looks. */
export const uniform = (size: number, next: () => number = random(1)): Uint32Array =>
  Uint32Array.from({ length: SEQUENCE }, () => next() * size)

const zipf = (size: number, next: () => number): Uint32Array => {
  const cumulative = new Float64Array(size)
  let total = 0
  for (let rank = 0; rank < size; rank++) cumulative[rank] = total += 1 / (rank + 1) ** ZIPF_EXPONENT
  return Uint32Array.from({ length: SEQUENCE }, () => {
    const wanted = next() * total
    let low = 0
    let high = size - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulative[middle] as number) < wanted) low = middle + 1
      else high = middle
    }
    return low
  })
}

const DISTRIBUTIONS: Record<Distribution, (size: number, next: () => number) => Uint32Array> = {
  uniform,
  zipf,
}

// These three are compiled afresh for each loop (loop.ts): they may use nothing but their parameters.
const fromTable = (table: readonly unknown[], picks: Uint32Array) => {
  const last = picks.length - 1
  return (i: number): unknown => table[picks[i & last] as number]
}
const buildKey = (ids: readonly string[], picks: Uint32Array, prefix: string) => {
  const last = picks.length - 1
  return (i: number): unknown => prefix + ids[picks[i & last] as number]
}
const buildMany = (
  ids: readonly string[],
  picks: Uint32Array,
  prefix: string,
  bulk: number,
  values?: readonly Value[],
) => {
  const last = picks.length - 1
  return (i: number): unknown => {
    const many: unknown[] = []
    for (let j = i * bulk; j < (i + 1) * bulk; j++) {
      const key = prefix + ids[picks[j & last] as number]
      many.push(values === undefined ? key : [key, values[j & 63]])
    }
    return many
  }
}

export interface Argument {
  readonly takes: Takes
  readonly value: ValueKind
  readonly prefix: string
  readonly seed: number
}

type Fresh = <F extends (...parameters: never[]) => unknown>(fn: F) => F

/** A function from call number to that call's key, keys or entries. `fresh` gives it feedback of its own. */
export const source = (draw: Draw, argument: Argument, fresh: Fresh): ((i: number) => unknown) => {
  const { takes, prefix, value } = argument
  const picks = DISTRIBUTIONS[draw.distribution](draw.size, random(argument.seed))
  const values = takes === 'entries' ? VALUES[value] : undefined
  if (draw.origin === 'built') {
    if (takes === 'key') return fresh(buildKey)(idsOf(draw.size), picks, prefix)
    return fresh(buildMany)(idsOf(draw.size), picks, prefix, BULK, values)
  }
  const keys = keysOf(draw.size, prefix)
  if (takes === 'key') return fresh(fromTable)(keys, picks)
  const batches = Array.from({ length: BATCHES }, (_, batch) =>
    Array.from(picks.subarray(batch * BULK, (batch + 1) * BULK), (pick, j) =>
      values === undefined ? keys[pick] : [keys[pick], values[j & 63]],
    ),
  )
  return fresh(fromTable)(
    batches,
    Uint32Array.from({ length: BATCHES }, (_, batch) => batch),
  )
}
