// Ten million entries in a file: opened, looked up, put under a map. Needs 1 GiB of memory and as much disk, and some
// minutes on a small machine. Times are printed, not asserted; the bound of memory is.
import { readFileSync, statSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConcurrentMap, FrozenMap, TieredMap } from '../index.ts'
import { random } from './support/life-threads.ts'
import { freshPath } from './support/scratch.ts'

const ENTRIES = 10_000_000
const BATCH = 100_000
const LOOKUPS = 1_000_000
const HOT_BYTES = 2 ** 19

const path = freshPath()

function* batch(from: number): Generator<[number, number]> {
  for (let i = from; i < from + BATCH; i++) yield [i * 3, -i]
}

const below = random(7)
const uniform = Uint32Array.from({ length: LOOKUPS }, () => below(ENTRIES))
/** Keys by Zipf's law with exponent 1: the inverse of its continuous distribution function, scattered over all keys. */
const zipf = (): Uint32Array =>
  Uint32Array.from({ length: LOOKUPS }, () => {
    const rank = Math.floor(ENTRIES ** (below(2 ** 32) / 2 ** 32)) - 1
    return (rank * 7919) % ENTRIES
  })

interface Gets {
  get(key: number): number | undefined
}

/** Nanoseconds a lookup, the least of some rounds; every value is looked at. */
function lookUp(map: Gets, keys: Uint32Array, rounds = 3): number {
  let least = Infinity
  for (let round = 0; round < rounds; round++) {
    let wrong = 0
    const start = performance.now()
    for (const key of keys) if (map.get(key * 3) !== -key) wrong++
    least = Math.min(least, ((performance.now() - start) * 1e6) / keys.length)
    expect(wrong).toBe(0)
  }
  return Math.round(least)
}

/** Bytes of anonymous memory: what the process itself has, without the pages of mapped files. */
function ownMemory(): number {
  if (process.platform !== 'linux') return process.memoryUsage().rss
  return Number(/RssAnon:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024
}

test('ten million entries: frozen, opened, read, and all there', () => {
  const map = new ConcurrentMap<number, number>()
  for (let from = 0; from < ENTRIES; from += BATCH) map.setMany(batch(from))
  let start = performance.now()
  map.freeze(path)
  console.log(`freeze: ${Math.round(performance.now() - start)} ms, ${statSync(path).size} bytes`)
  const openings = Array.from({ length: 5 }, () => {
    start = performance.now()
    FrozenMap.open(path).close()
    return performance.now() - start
  })
  console.log(`open: ${openings.map((ms) => ms.toFixed(2)).join(', ')} ms`)
  using file = FrozenMap.open<number, number>(path)
  console.log(`get, first time: file ${lookUp(file, uniform, 1)} ns, memory ${lookUp(map, uniform, 1)} ns`)
  console.log(`get: file ${lookUp(file, uniform)} ns, memory ${lookUp(map, uniform)} ns`)
  map.close()
  expect(file.size).toBe(ENTRIES)
  let [seen, sum] = [0, 0]
  for (const [key, value] of file) {
    if (key === value * -3) seen++
    sum += value
  }
  expect([seen, sum]).toEqual([ENTRIES, (-ENTRIES * (ENTRIES - 1)) / 2])
  start = performance.now()
  FrozenMap.open(path, { verify: true }).close()
  console.log(`open with verify: ${Math.round(performance.now() - start)} ms`)
})

test('a map over them stays within its bound while they are read by Zipf, and hot reads cost what any read costs', () => {
  const before = ownMemory()
  const tier = TieredMap.open<number, number>('zipf', { cold: path, hotBytes: HOT_BYTES })
  for (let round = 0; round < 8; round++) {
    console.log(`zipf round ${round}: ${lookUp(tier, zipf(), 1)} ns, promotions ${tier.stats().promotions}`)
    expect(tier.stats().bytes).toBeLessThanOrEqual(HOT_BYTES)
    lookUp(tier, uniform, 1)
    expect(tier.stats().bytes).toBeLessThanOrEqual(HOT_BYTES)
  }
  const { promotions, evictions } = tier.stats()
  expect(evictions).toBeGreaterThan(0)
  expect(promotions).toBeGreaterThan(evictions)
  // Slabs are taken in pieces of some megabytes, and this heap has its own garbage.
  expect(ownMemory() - before).toBeLessThan(2 * HOT_BYTES + 64 * 2 ** 20)
  expect(tier.size).toBe(ENTRIES)

  const hot = uniform.slice(0, 10_000)
  const plain = new ConcurrentMap<number, number>(Array.from(hot, (key) => [key * 3, -key]))
  const warm = TieredMap.open<number, number>('hot', { cold: path })
  for (let turn = 0; turn < 3; turn++) lookUp(warm, hot, 1)
  expect(warm.stats().promotions).toBeGreaterThan(0.9 * new Set(hot).size)
  const costs = Array.from({ length: 5 }, () => [lookUp(warm, hot, 10), lookUp(plain, hot, 10)])
  console.log(`hot get, tier against plain: ${costs.map((pair) => pair.join(' : ')).join(', ')} ns`)
})
