// What iteration gives, wherever the entries come from: every kind of key and value beside every other, and strings of
// any length one after the other, because entries cross in chunks that hold many of them in one piece.
import { afterEach, describe, expect, it } from 'vitest'
import { ConcurrentMap, FrozenMap, type Key, type MapOptions } from '../index.ts'
import { describeKey, describeValue } from './support/describe.ts'
import { oddBytes, oddKeys, oddPrimitives } from './support/odd.ts'
import { freshPath } from './support/scratch.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

type Pair = readonly [unknown, unknown]
type Walked = Pick<ConcurrentMap<Key, unknown>, 'entries' | 'keys' | 'values' | 'close'> & {
  forEach(visit: (value: unknown, key: Key) => void): void
  [Symbol.iterator](): IteratorObject<[Key, unknown]>
}

/** Each made from a map of the entries: what can be iterated. */
const places: Record<string, (map: ConcurrentMap<Key, unknown>) => Walked> = {
  'the map': (map) => map,
  'a snapshot': (map) => map.snapshot(),
  'a frozen map': (map) => {
    const path = freshPath()
    map.freeze(path)
    return FrozenMap.open<Key, unknown>(path)
  },
}
const each = variants.flatMap(({ title, options }) =>
  Object.entries(places).map(([place, of]) => ({ title: `${place}, ${title}`, options, of })),
)

const opened: { close(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.close()
})

function open(entries: Iterable<Pair>, options: MapOptions, of: (typeof places)[string]): Walked {
  const map = new ConcurrentMap<Key, unknown>(entries as Iterable<[Key, unknown]>, options)
  const walked = of(map)
  opened.push(map, walked)
  return walked
}

const inWords = ([key, value]: Pair): string => `${describeKey(key)} => ${describeValue(value)}`

/** The same words, in any order. Of those that differ only the first and its beginning are shown: some are long. */
function expectSame(given: readonly string[], entries: readonly Pair[]): void {
  const expected = entries.map(inWords).sort()
  const sorted = given.toSorted()
  const at = expected.findIndex((words, index) => sorted[index] !== words)
  expect(sorted[at]?.slice(0, 100)).toEqual(expected[at]?.slice(0, 100))
  expect(at).toBe(-1)
  expect(given.length).toBe(entries.length)
}

/** The entries, by every form of iteration. */
function expectForms(walked: Walked, entries: readonly Pair[]): void {
  expectSame(Array.from(walked, inWords), entries)
  expectSame(Array.from(walked.entries(), inWords), entries)
  const keys = [...walked.keys()]
  const values = [...walked.values()]
  expect(values.length).toBe(keys.length)
  expectSame(
    keys.map((key, at) => inWords([key, values[at]])),
    entries,
  )
  const visited: string[] = []
  walked.forEach((value, key) => visited.push(inWords([key, value])))
  expectSame(visited, entries)
}

const objects = [{ a: 1 }, [1, [2, 'x']], { deep: { deeper: null } }]
const odd = [...oddPrimitives, ...oddBytes.filter((bytes) => bytes.length < 1_000), ...objects]
const wide = (length: number): string => '\u4e2d'.repeat(length)

describe.each(each)('iteration over $title', ({ options, of }) => {
  it('gives every kind of key with every kind of value, and among thousands of strings', () => {
    const entries: Pair[] = oddKeys.map((key, at) => [key, odd[at % odd.length]])
    for (const [at, value] of odd.entries()) entries.push([`key ${at}`, value], [`\u0101 ${at}`, value])
    for (let at = 0; at < 3_000; at++) entries.push([`filler ${at}`, at % 2 === 0 ? wide(at % 40) : at / 8])
    expectForms(open(entries, options, of), entries)
  })

  it('keeps the sign of zero, NaN and the infinities apart, as keys and as values', () => {
    const numbers = [
      -0,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      5e-324,
      2 ** 31,
      1e308,
    ]
    const walked = open(
      numbers.map((number) => [number, number] as const),
      options,
      of,
    )
    for (const [key, value] of walked) expect(value).toBe(Object.is(key, 0) ? -0 : key)
    expect([...walked.keys()].some((key) => Object.is(key, -0))).toBe(false)
    expect([...walked.values()].some((value) => Object.is(value, -0))).toBe(true)
    expect([...walked.keys()].filter(Number.isNaN).length).toBe(1)
    expect([...walked.entries()].length).toBe(numbers.length)
  })

  it('gives strings of every length, of one byte and of two bytes a unit, in any mixture', () => {
    const lengths = [...Array(64).keys(), 254, 255, 256, 257, 258, 511, 512, 513, 2_000, 4_096, 4_097, 10_000]
    const entries = lengths.flatMap((length): Pair[] => [
      [`${length}:${'x'.repeat(length)}`, wide(length)],
      [`${length};${wide(length)}`, '\xe9'.repeat(length)],
      [`lone ${length}`, `${'y'.repeat(length)}\ud800`],
      [`\udfff${length}`, ''],
    ])
    expectForms(open(entries, options, of), entries)
  })

  it('gives short strings that fill one text to its last unit after the other', () => {
    const key = (at: number): string => at.toString(16).padStart(16, '0')
    const entries = Array.from({ length: 2_048 }, (_, at): Pair => [key(at), at % 3 === 0 ? key(at + 1) : at])
    entries.push(['', ''])
    expectForms(open(entries, options, of), entries)
  })

  it('lets iterators begin, end and be left inside of each other', () => {
    const entries = Array.from({ length: 1_500 }, (_, at): Pair => [`k${at}`, at % 2 === 0 ? at : `v${at}`])
    const walked = open(entries, options, of)
    const slow = walked.entries()
    const seen: string[] = []
    for (let step = slow.next(); !step.done; step = slow.next()) {
      seen.push(inWords(step.value))
      if (seen.length % 100 === 0) expectSame(Array.from(walked, inWords), entries)
      if (seen.length % 10 === 0) for (const _ of walked.keys()) break
    }
    expectSame(seen, entries)
  })

  it('ends for good when it is returned or its source is closed in the loop', () => {
    const entries = Array.from({ length: 5_000 }, (_, at): Pair => [`k${at}`, at])
    const walked = open(entries, options, of)
    const left = walked.values()
    left.next()
    expect(left.return?.()).toEqual({ done: true, value: undefined })
    expect(left.next()).toEqual({ done: true, value: undefined })
    const started = walked.keys()
    started.next()
    const loop = (): void => {
      for (const _ of walked) walked.close()
    }
    expect(thrownBy(loop)).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    expect(thrownBy(() => [...started])).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    expect(started.next()).toEqual({ done: true, value: undefined })
  })

  it('lets a codec use the very iterator that needs it, and ends when the codec throws', () => {
    let decode = (payload: string): unknown => JSON.parse(payload)
    const codec = {
      name: 'meddling',
      encode: (value: unknown) => JSON.stringify(value),
      decode: (payload: string | Uint8Array) => decode(payload as string),
    }
    const entries = Array.from({ length: 300 }, (_, at): Pair => [`k${at}`, { at }])
    const map = new ConcurrentMap<Key, unknown>(entries as [Key, unknown][], { ...options, codec })
    const walked = of === places['a frozen map'] ? frozen(map, codec) : of(map)
    opened.push(map, walked)

    const met: unknown[] = []
    const nested = walked.entries()
    decode = (payload) => {
      const value = JSON.parse(payload)
      if (met.length % 2 === 0) met.push(null, nested.next().value?.[0])
      return value
    }
    const given = Array.from(nested, ([key, value]) => [key, (value as { at: number }).at])
    expect(given.every(([key, at]) => key === `k${at}`)).toBe(true)
    const keys = new Set([...given.map(([key]) => key), ...met.filter((key) => key)])
    expect(keys.size).toBe(300)

    const returning = walked.values()
    decode = (payload) => {
      returning.return?.()
      return JSON.parse(payload)
    }
    expect([...returning].length).toBe(1)

    const throwing = walked.values()
    decode = () => {
      throw new Error('no such form')
    }
    expect(() => throwing.next()).toThrow('no such form')
    expect(throwing.next()).toEqual({ done: true, value: undefined })
    decode = JSON.parse
    expect([...walked.values()].length).toBe(300)
  })
})

function frozen(map: ConcurrentMap<Key, unknown>, codec: object): Walked {
  const path = freshPath()
  map.freeze(path)
  return FrozenMap.open<Key, unknown>(path, { codec: codec as never })
}
