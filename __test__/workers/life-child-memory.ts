// One scenario of memory.spec.ts in a process of its own, started with --expose-gc. Its report is its last line.
// Invariant: the resident set is read after a collection, when everything that can come back had its turn.

import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { ConcurrentMap, type Variant } from '../../index.ts'
import { comeAndGo } from '../support/life-leak.ts'

const gc = globalThis.gc as () => void
const variant = (process.argv[3] ?? 'sharded') as Variant

async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) {
    gc()
    await sleep(5)
  }
}

async function resident(): Promise<number> {
  await settled()
  return process.memoryUsage.rss()
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Runs `work` for 0..warm, then for warm..all, and reads the resident set after each. */
async function flat(warm: number, all: number, work: (i: number) => unknown, every = 1000): Promise<object> {
  let peak = 0
  const run = async (from: number, to: number): Promise<number> => {
    for (let i = from; i < to; i++) {
      work(i)
      if (i % every === 0) {
        peak = Math.max(peak, process.memoryUsage.rss())
        await nextTurn()
      }
    }
    return resident()
  }
  const afterWarmUp = await run(0, warm)
  peak = 0
  const end = await run(warm, all)
  return { warm: afterWarmUp, end, peak: Math.max(peak, end) }
}

const text = (length: number): string => 'v'.repeat(length)

/**
 * Has V8 print what it knows of memory outside its heap, and says after it what was measured. The printed figure is the
 * one that V8 paces its collections by; `process.memoryUsage().external` counts array buffers only.
 */
async function printExternal(step: string, phase: 'before' | 'full' | 'after'): Promise<void> {
  await settled()
  for (const flag of ['--trace-gc', '--trace-gc-verbose']) setFlagsFromString(flag)
  gc()
  for (const flag of ['--no-trace-gc', '--no-trace-gc-verbose']) setFlagsFromString(flag)
  writeSync(1, `measured ${phase} ${step}\n`)
}

async function external(): Promise<object> {
  const count = 512
  const size = 64 * 1024
  const all = Array.from({ length: count }, (_, i) => i)
  const fill = (map: ConcurrentMap<number, unknown>): ConcurrentMap<number, unknown> => {
    for (const i of all) map.set(i, i % 2 ? Buffer.alloc(size, i) : text(size))
    return map
  }
  // Not every call tells V8 at once: what is due may go with a later call.
  const other = new ConcurrentMap<string, number>()
  const useOther = (): void => {
    for (let i = 0; i < 10_000; i++) other.set('k', i)
  }
  const gives: Record<string, (map: ConcurrentMap<number, unknown>) => unknown> = {
    delete: (map) => all.filter((i) => map.delete(i)),
    deleteMany: (map) => map.deleteMany(all),
    clear: (map) => map.clear(),
    'replace by small ones': (map) => map.setMany(all.map((i) => [i, 0])),
    close: (map) => map.close(),
    collection: () => {},
    'delete(name)': () => ConcurrentMap.delete('delete(name)'),
  }
  for (const [step, give] of Object.entries(gives)) {
    let map: ConcurrentMap<number, unknown> | undefined
    useOther()
    await printExternal(step, 'before')
    map = fill(step === 'delete(name)' ? ConcurrentMap.open(step) : new ConcurrentMap())
    useOther()
    await printExternal(step, 'full')
    give(map)
    map = undefined
    await settled()
    useOther()
    await printExternal(step, 'after')
  }
  return { payload: count * size, steps: Object.keys(gives) }
}

const scenarios: Record<string, () => Promise<object>> = {
  async churn() {
    const map = new ConcurrentMap<string | number, number | string>()
    const bytesEmpty = map.stats().bytes
    const usage = await flat(
      4_000_000,
      10_000_000,
      (i) => {
        const key = i % 2 ? i : `key ${i}`
        map.set(key, i % 64 === 0 ? 'a string as value, too long to be kept inline' : i)
        if (!map.delete(key)) throw new Error(`${key} was not there`)
      },
      100_000,
    )
    const { entries, bytes } = map.stats()
    return { ...usage, entries, bytes, bytesEmpty }
  },

  async replace() {
    const map = new ConcurrentMap<number, string | Uint8Array>()
    const texts = Array.from({ length: 64 }, (_, i) => text(i * 128))
    const buffers = Array.from({ length: 64 }, (_, i) => Buffer.alloc(i * 128))
    return flat(
      100_000,
      500_000,
      (i) => map.set(i % 1000, (i % 2 ? texts : buffers)[(i * 31) % 64] ?? ''),
      10_000,
    )
  },

  async stats() {
    const map = new ConcurrentMap<string, string>()
    const entries = Array.from({ length: 100_000 }, (_, i): [string, string] => [
      `key ${i}`.padEnd(16),
      text(i % 200),
    ])
    const payload = entries.reduce((total, [key, value]) => total + key.length + value.length, 0)
    const empty = map.stats()
    const full = map.setMany(entries).stats()
    for (const [key] of entries) map.delete(key)
    const deleted = map.stats()
    const refilled = map.setMany(entries).stats()
    map.clear()
    return { payload, empty, full, deleted, refilled, cleared: map.stats() }
  },

  external,

  async dropped() {
    const entries = Array.from({ length: 1000 }, (_, i): [number, number] => [i, i])
    let made = 0
    return flat(
      1000,
      5000,
      () => {
        new ConcurrentMap(undefined, { shards: 4 }).setMany(entries)
        if (++made % 250 === 0) gc()
      },
      100,
    )
  },

  async refs() {
    const map = new ConcurrentMap<string, string>()
    const usage = await flat(200_000, 600_000, (i) => {
      if (i % 100_000 === 0) gc()
      const ref = map.ref(`a key that is no other's: ${i}`)
      ref.set(text(100))
      if (ref.get()?.length !== 100 || !ref.delete()) throw new Error('the ref does not work')
    })
    return { ...usage, entries: map.stats().entries }
  },

  async near() {
    const map = new ConcurrentMap<string, string>(undefined, { near: { entries: 1000 } })
    return flat(100_000, 500_000, (i) => {
      const key = `a key that is no other's: ${i}`
      map.set(key, text(100))
      if (map.get(key)?.length !== 100 || !map.delete(key)) throw new Error('the map does not work')
    })
  },

  async pressure() {
    const value = new Uint8Array(65_536).fill(1)
    const entries = Array.from({ length: 32 }, (_, i): [number, Uint8Array] => [i, value])
    return flat(20, 1000, () => new ConcurrentMap(undefined, { shards: 1 }).setMany(entries), 1)
  },

  async iterators() {
    // More than a chunk where an iteration holds a version: it must not hold it for ever.
    const length = variant === 'snapshot' ? 300 : 64
    const map = new ConcurrentMap<number, string>(
      Array.from({ length }, (_, i): [number, string] => [i, text(20)]),
      { variant },
    )
    return flat(20_000, 100_000, (i) => {
      const iterator = i % 2 ? map.entries() : map.keys()
      if (iterator.next().done) throw new Error('nothing to iterate')
      map.set(i % length, text(20))
    })
  },

  async snapshots() {
    const map = new ConcurrentMap<number, string>(
      Array.from({ length: 1000 }, (_, i): [number, string] => [i, text(100)]),
      { variant },
    )
    let made = 0
    return flat(
      1000,
      5000,
      (i) => {
        map.set(i % 1000, text(100))
        map.snapshot().get(1)
        if (++made % 250 === 0) gc()
      },
      100,
    )
  },

  async reads() {
    const map = new ConcurrentMap<number, unknown>()
    const kinds = [
      text(100),
      Buffer.alloc(100),
      text(5000),
      { list: [1, 2, 3], text: text(50) },
      10n ** 30n,
      Buffer.alloc(5000),
    ]
    for (const [i, value] of kinds.entries()) map.set(i, value)
    // The large ones are rarer: the scenario is about what a read leaves, not about copying.
    return flat(500_000, 2_000_000, (i) => map.get(i % 97 === 0 ? 2 + (i % 4) : i % 2), 10_000)
  },

  async refused() {
    const map = new ConcurrentMap<string, unknown>(undefined, { maxKeyBytes: 1000, maxValueBytes: 10_000 })
    const long = text(2000)
    const large = Buffer.alloc(20_000)
    const attempts: (() => unknown)[] = [
      () => map.set(long, 1),
      () => map.set('k', large),
      () => map.set('k', () => {}),
      () => map.set({} as string, text(5000)),
      () =>
        map.setMany([
          ['k', text(5000)],
          [long, 2],
        ]),
      () => map.setMany([['k', large]]),
      () => map.addMany([['k', 'x' as never]]),
      () => map.update('k', () => Promise.resolve(1)),
      () => ConcurrentMap.attach({ ...map.handle, generation: -1 }),
      () => ConcurrentMap.open(text(20), { shards: 3 }),
      () => new ConcurrentMap([[long, 1]] as never, { maxKeyBytes: 10 }),
    ]
    const usage = await flat(20_000, 100_000, (i) => {
      let threw = false
      try {
        attempts[i % attempts.length]?.()
      } catch {
        threw = true
      }
      if (!threw) throw new Error(`attempt ${i % attempts.length} was not refused`)
      if (i % 1000 === 0) map.clear()
    })
    map.clear()
    return { ...usage, entries: map.stats().entries }
  },

  async workers() {
    await comeAndGo(80, 4)
    const warm = await resident()
    await comeAndGo(120, 4)
    const end = await resident()
    return { warm, end, peak: end, sum: ConcurrentMap.open<string, number>('come and go').get('sum') }
  },
}

console.log(JSON.stringify(await scenarios[process.argv[2] ?? '']?.()))
