// Keys chosen by an attacker. Invariant: the hash is seeded anew in each process, so nobody outside knows what collides.
// What colliding families cost is counted in Rust (operations, not time); here: that they all work, and the seed.

import { expect, test } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { reportOf } from './support/life-threads.ts'

test('three processes iterate the same keys in three different orders, each always in its own', async () => {
  const reports = await Promise.all(
    [1, 2, 3].map(() => reportOf<{ first: string[]; second: string[] }>('order', ['1000'])),
  )
  for (const { first, second } of reports) {
    expect(second).toEqual(first)
    expect(first.toSorted()).toEqual(reports[0]?.first.toSorted())
    expect(first).toHaveLength(1000)
  }
  expect(new Set(reports.map(({ first }) => first.join())).size).toBe(3)
})

test('the order of numbers, buffers and tuples is seeded too', async () => {
  for (const kind of ['number', 'buffer', 'tuple']) {
    const [one, two] = await Promise.all(
      [1, 2].map(() => reportOf<{ first: string[] }>('order', ['300', kind])),
    )
    expect(one?.first.toSorted()).toEqual(two?.first.toSorted())
    expect(one?.first).not.toEqual(two?.first)
  }
})

/** Strings that all have one value under the classic `hash * 31 + unit`. */
function* sameJavaHash(count: number): Generator<string> {
  const bits = Math.ceil(Math.log2(count))
  for (let i = 0; i < count; i++) {
    let key = ''
    for (let bit = 0; bit < bits; bit++) key += (i >> bit) & 1 ? 'Aa' : 'BB'
    yield key
  }
}

const COUNT = 2 ** 16

const families: Record<string, () => Iterable<string | number | bigint | Uint8Array>> = {
  'strings of one hash under the classic times-31 hash': () => sameJavaHash(COUNT),
  'multiples of 2^32': () => Array.from({ length: COUNT }, (_, i) => i * 2 ** 32),
  'multiples of 2^20': () => Array.from({ length: COUNT }, (_, i) => i * 2 ** 20),
  'numbers that differ in their exponent or lowest bits': () =>
    Array.from({ length: COUNT }, (_, i) => (1 + Math.floor(i / 2046) * 2 ** -52) * 2 ** ((i % 2046) - 1022)),
  'powers and multiples of a word as bigint': () => Array.from({ length: COUNT }, (_, i) => BigInt(i) << 64n),
  'strings of integers': () => Array.from({ length: COUNT }, (_, i) => String(i)),
  'strings of one character repeated': () => Array.from({ length: 4096 }, (_, i) => '\0'.repeat(i)),
  'buffers of zeros': () => Array.from({ length: 4096 }, (_, i) => new Uint8Array(i)),
}

test.each(Object.keys(families))('%s are all kept apart', (name) => {
  const keys = [...(families[name]?.() ?? [])]
  const map = new ConcurrentMap<string | number | bigint | Uint8Array, number>()
  map.setMany(keys.map((key, i) => [key, i]))
  expect(map.size).toBe(keys.length)
  const found = map.getMany(keys)
  expect(found.findIndex((value, i) => value !== i)).toBe(-1)
  expect([...map.values()].toSorted((a, b) => a - b)).toEqual(keys.map((_, i) => i))
  expect(map.deleteMany(keys)).toBe(keys.length)
  expect(map.size).toBe(0)
  map.close()
})
