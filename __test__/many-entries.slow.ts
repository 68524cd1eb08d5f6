// More entries than V8's own Map can hold (2^24). Needs some 4 GiB of memory and some minutes on a small machine.

import { expect, test } from 'vitest'
import { ConcurrentMap } from '../index.ts'

const ENTRIES = 20_000_000
const BATCH = 100_000

function* batch(from: number): Generator<[number, number]> {
  for (let i = from; i < from + BATCH; i++) yield [i * 3, -i]
}

function* keys(from: number): Generator<number> {
  for (let i = from; i < from + BATCH; i++) yield i * 3
}

test('a map holds 20 million entries, where the built-in Map stops at 2^24', { timeout: 900_000 }, () => {
  const map = new ConcurrentMap<number, number>()
  const empty = map.stats().bytes
  for (let from = 0; from < ENTRIES; from += BATCH) map.setMany(batch(from))
  expect(map.size).toBe(ENTRIES)
  expect(map.size).toBeGreaterThan(2 ** 24)
  expect(map.stats().entries).toBe(ENTRIES)
  expect(map.stats().bytes).toBeGreaterThan(ENTRIES * 16)

  const misread: number[] = []
  for (let i = 0; i < ENTRIES; i += 13) if (map.get(i * 3) !== -i) misread.push(i)
  for (let i = 0; i < ENTRIES; i += 1001) if (map.has(i * 3 + 1)) misread.push(i)
  expect(misread).toEqual([])

  // No key twice and none missing: as many as there are, and the sums over all of them are right.
  let seen = 0
  let keySum = 0
  let valueSum = 0
  for (const [key, value] of map) {
    seen++
    keySum += key
    valueSum += value
  }
  const sum = (ENTRIES * (ENTRIES - 1)) / 2
  expect([seen, keySum, valueSum]).toEqual([ENTRIES, 3 * sum, -sum])

  let deleted = 0
  for (let from = 0; from < ENTRIES; from += BATCH) deleted += map.deleteMany(keys(from))
  expect(deleted).toBe(ENTRIES)
  expect(map.size).toBe(0)
  expect([...map]).toEqual([])
  expect(map.stats().bytes).toBeLessThan(empty + ENTRIES)
  map.close()
})

test('the built-in Map refuses the entry after 2^24', { timeout: 300_000 }, () => {
  const map = new Map<number, number>()
  expect(() => {
    for (let i = 0; i <= 2 ** 24; i++) map.set(i, i)
  }).toThrow(RangeError)
})
