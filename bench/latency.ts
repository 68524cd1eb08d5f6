// How long single inserts take while a map grows from empty: percentiles up to the very slowest, which an average
// hides. One thread; each insert is timed on its own, with one look at the clock inside (some 30 ns).
import { keyAt } from './keys.ts'
import { fresh } from './loop.ts'
import type { MapLike } from './operations.ts'
import { able, type Peer } from './peer.ts'
import { interleave, spread } from './rounds.ts'
import type { Missing } from './thread.ts'

export interface LatencyPlan {
  readonly entries: number
  readonly rounds: number
}

/** The parts of the distribution that are told. */
export const QUANTILES = [
  ['p50', 0.5],
  ['p99', 0.99],
  ['p99.9', 0.999],
  ['p99.99', 0.9999],
  ['max', 1],
] as const

export interface Tail {
  readonly peer: string
  /** Nanoseconds at each of QUANTILES, by round. */
  readonly waits: readonly (readonly number[])[]
}

type Fill = (map: MapLike, keys: readonly string[], waits: Float64Array) => void | Promise<void>

const fillSync: Fill = (map, keys, waits) => {
  let before = performance.now()
  for (let i = 0; i < keys.length; i++) {
    map.set(keys[i] as string, i & 63)
    const now = performance.now()
    waits[i] = now - before
    before = now
  }
}
const fillSerial: Fill = async (map, keys, waits) => {
  let before = performance.now()
  for (let i = 0; i < keys.length; i++) {
    await map.set(keys[i] as string, i & 63)
    const now = performance.now()
    waits[i] = now - before
    before = now
  }
}

const measure = async (peer: Peer, fill: Fill, keys: readonly string[]): Promise<number[]> => {
  const content = { size: 0, capacity: keys.length, value: 'number' } as const
  const store = await peer.create(content)
  const map = peer.attach(store.connect().token, content)
  await map.set('warm', 1)
  const waits = new Float64Array(keys.length)
  await fill(map, keys, waits)
  await peer.detach?.(map)
  await store.close()
  waits.sort()
  return QUANTILES.map(([, part]) => (waits[Math.ceil(part * waits.length) - 1] as number) * 1e6)
}

export const runLatency = async (
  all: readonly Peer[],
  plan: LatencyPlan,
  missing: Missing,
): Promise<Tail[]> => {
  const keys = Array.from({ length: plan.entries }, (_, index) => keyAt(index))
  const peers = all.filter((peer) => able(peer, 'set') && !peer.batched && peer.style !== 'flight')
  const lanes: { peer: Peer; fill: Fill; waits: number[][] }[] = []
  for (const peer of peers) {
    const fill = fresh(peer.style === 'sync' ? fillSync : fillSerial)
    try {
      // Also warms: the round that counts finds compiled code.
      await measure(peer, fill, keys.slice(0, Math.min(keys.length, 20_000)))
      lanes.push({ peer, fill, waits: [] })
    } catch (error) {
      missing(peer.name, error)
    }
  }
  const laneOf = ({ peer, fill, waits }: (typeof lanes)[number]) => ({
    measure: async () => {
      waits.push(await measure(peer, fill, keys))
      return 0
    },
  })
  await interleave(lanes.map(laneOf), plan.rounds)
  return lanes.map(({ peer, waits }) => ({ peer: peer.name, waits }))
}

/** The median over the rounds, in nanoseconds. */
export const waitOf = ({ waits }: Tail, quantile: number): number =>
  spread(waits.map((round) => round[quantile] as number)).median
