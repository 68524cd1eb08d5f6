// Memory: what goes in is counted, told to V8, and comes back. Each scenario runs in a process of its own.
// Invariant: every bound is far below what the scenario costs when nothing comes back.

import { expect, test, vi } from 'vitest'
import { reportOf, runChild, workerFile } from './support/life-threads.ts'
import { patience } from './support/patience.ts'

const MIB = 2 ** 20

interface Flat {
  /** Resident set after the warm-up and at the end, garbage collected. */
  readonly warm: number
  readonly end: number
  readonly peak: number
}

// A small young generation: what V8 keeps there for itself, up to 100 MiB, would hide what the scenario is about.
const flags = ['--expose-gc', '--max-semi-space-size=2']

const measure = <T>(scenario: string, variant = 'sharded'): Promise<T> =>
  reportOf<T>('memory', [scenario, variant], { flags, deadline: 110_000 })

// A core each on a small machine; how long one takes changes nothing that it measures.
vi.setConfig({ maxConcurrency: 2 })

const slow = { timeout: 120_000 * patience }

test.concurrent(
  '10 million fresh keys set and deleted leave the resident set flat and the map empty',
  slow,
  async () => {
    const { warm, end, entries, bytes, bytesEmpty } = await measure<
      Flat & Record<'entries' | 'bytes' | 'bytesEmpty', number>
    >('churn')
    // Kept, the 6 million keys after the warm-up would take 200 MiB and more.
    expect(end - warm).toBeLessThan(20 * MIB)
    expect(entries).toBe(0)
    expect(bytes).toBeLessThan(bytesEmpty + 256 * 1024)
  },
)

test.concurrent('values replaced by longer and shorter ones leave the resident set flat', slow, async () => {
  // 400,000 values of 4 KiB on average: 1.6 GB if the old ones stayed.
  const { warm, end } = await measure<Flat>('replace')
  expect(end - warm).toBeLessThan(30 * MIB)
})

test.concurrent('stats tell entries and bytes, and both go back to those of an empty map', slow, async () => {
  const { empty, full, deleted, refilled, cleared, payload } = await measure<
    Record<
      'empty' | 'full' | 'deleted' | 'refilled' | 'cleared',
      { entries: number; bytes: number; indexBytes: number }
    > & { payload: number }
  >('stats')
  expect(empty).toMatchObject({ entries: 0 })
  for (const each of [full, refilled]) {
    expect(each.entries).toBe(100_000)
    expect(each.bytes).toBeGreaterThanOrEqual(payload)
    expect(each.bytes).toBeLessThan(payload + 100_000 * 200)
    expect(each.indexBytes).toBeGreaterThan(100_000)
    expect(each.indexBytes).toBeLessThan(each.bytes)
  }
  for (const each of [deleted, cleared]) {
    expect(each.entries).toBe(0)
    expect(each.bytes).toBeLessThan(empty.bytes + full.bytes / 20)
  }
})

test.concurrent(
  'bytes held outside the JS heap are told to V8, and taken back by delete, clear, close and collection',
  slow,
  async () => {
    const { stdout } = await runChild(workerFile('child-memory'), ['external'], { flags })
    const { payload, steps } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as {
      payload: number
      steps: string[]
    }
    const told = new Map<string, number>()
    for (const [, printed, what] of stdout.matchAll(
      /External memory reported: +(\d+) KB.*?^measured (.+?)$/gms,
    )) {
      told.set(String(what), Number(printed) * 1024)
    }
    expect(told.size).toBe(3 * steps.length)
    expect(steps).toHaveLength(7)
    for (const step of steps) {
      const [before = 0, full = 0, after = 0] = ['before', 'full', 'after'].map((phase) =>
        told.get(`${phase} ${step}`),
      )
      expect(full - before, `told, ${step}`).toBeGreaterThanOrEqual(payload / 2)
      expect(full - before, `told, ${step}`).toBeLessThan(payload * 2)
      expect(after - before, `taken back, ${step}`).toBeLessThan(payload / 20)
    }
  },
)

test.concurrent(
  '5,000 maps of 1,000 entries dropped without close give their memory back',
  slow,
  async () => {
    const { warm, end, peak } = await measure<Flat>('dropped')
    // The 4,000 after the warm-up: 200 MiB and more.
    expect(end - warm).toBeLessThan(60 * MIB)
    expect(peak - warm).toBeLessThan(250 * MIB)
  },
)

test.concurrent(
  'maps dropped without close make V8 collect them, without anybody calling gc',
  slow,
  async () => {
    // 1,000 maps of 2 MiB: V8 sees some hundred bytes of each, unless it is told.
    const { warm, peak } = await measure<Flat>('pressure')
    expect(peak - warm).toBeLessThan(1000 * MIB)
  },
)

test.concurrent('400,000 refs made and dropped leave the resident set flat', slow, async () => {
  const { warm, end, entries } = await measure<Flat & { entries: number }>('refs')
  // Kept, each would take some 300 bytes: 120 MB.
  expect(end - warm).toBeLessThan(30 * MIB)
  expect(entries).toBe(0)
})

test.concurrent('a near cache stays within its bound over 400,000 keys', slow, async () => {
  const { warm, end } = await measure<Flat>('near')
  // Kept, the keys and their values would take 100 MB.
  expect(end - warm).toBeLessThan(20 * MIB)
})

test.concurrent.each(['sharded', 'lock-free', 'snapshot'])(
  '100,000 abandoned iterators over a %s map leave the resident set flat',
  slow,
  async (variant) => {
    const { warm, end } = await measure<Flat>('iterators', variant)
    expect(end - warm).toBeLessThan(20 * MIB)
  },
)

test.concurrent.each(['sharded', 'snapshot'])(
  '5,000 snapshots of a %s map dropped without close give their memory back',
  slow,
  async (variant) => {
    // The 4,000 after the warm-up: 600 MiB as copies, 8 MiB as versions.
    const { warm, end, peak } = await measure<Flat>('snapshots', variant)
    expect(end - warm).toBeLessThan((variant === 'snapshot' ? 5 : 60) * MIB)
    expect(peak - warm).toBeLessThan(250 * MIB)
  },
)

test.concurrent(
  '2 million reads of strings, buffers and objects leave the resident set flat',
  slow,
  async () => {
    const { warm, end } = await measure<Flat>('reads')
    expect(end - warm).toBeLessThan(30 * MIB)
  },
)

test.concurrent('refused calls leave nothing behind', slow, async () => {
  const { warm, end, entries } = await measure<Flat & { entries: number }>('refused')
  expect(end - warm).toBeLessThan(30 * MIB)
  expect(entries).toBe(0)
})

test.concurrent('200 workers that come and go leave the resident set flat', slow, async () => {
  const { warm, end, sum } = await measure<Flat & { sum: number }>('workers')
  // Each holds 1 MiB in a map of its own: 120 MiB for the 120 workers after the warm-up.
  expect(end - warm).toBeLessThan(30 * MIB)
  expect(sum).toBe(200)
})
