// The workload matrix: share of reads x keys x threads x variant, by the public class. What it says is which variant
// suits which work, so only our own competitors take part.
import type { Distribution } from './keys.ts'
import { BY_READS } from './operations.ts'
import { kindOf, type Peer, type Store } from './peer.ts'
import { interleave } from './rounds.ts'
import { Hand, laneOf, nameOf, openFor, WORKER_WARMS } from './workers.ts'

export interface MatrixPlan {
  readonly sizes: readonly number[]
  readonly distributions: readonly Distribution[]
  readonly threads: readonly number[]
  readonly rounds: number
  /** Milliseconds of warming, of which a worker gets some. */
  readonly warm: number
  /** Milliseconds of one competitor in one round. */
  readonly slot: number
}

export interface Cell {
  readonly size: number
  readonly distribution: Distribution
  /** Reads in a hundred; the rest are sets of keys that are there. */
  readonly reads: number
  readonly threads: number
  /** Nanoseconds an operation of all threads together (1 / throughput), by competitor and round. */
  readonly prices: Readonly<Record<string, readonly number[]>>
}

const MAP = 'the map'

export const runMatrix = async (all: readonly Peer[], plan: MatrixPlan): Promise<Cell[]> => {
  const peers = all.filter((peer) => kindOf(peer) === 'ours')
  const hands = Array.from({ length: Math.max(...plan.threads) }, () => new Hand())
  const cells: Cell[] = []
  for (const size of plan.sizes) {
    const stores: Store[] = []
    for (const peer of peers) stores.push(...(await openFor(peer, { size, value: 'number' }, hands, [MAP])))
    for (const distribution of plan.distributions) {
      for (const [reads, operation] of BY_READS) {
        const draw = { distribution, origin: 'recurring', size } as const
        const laneName = (peer: Peer): string => `${peer.name} ${reads} ${distribution}`
        for (const peer of peers) {
          const order = { kind: 'prepare', lane: laneName(peer), maps: [nameOf(peer, MAP)] } as const
          const warm = plan.warm * WORKER_WARMS
          const prepare = (hand: Hand, worker: number) =>
            hand.order({ ...order, peer: peer.name, operation, draw, seed: worker + 1, warm })
          await Promise.all(hands.map(prepare))
        }
        for (const threads of plan.threads) {
          const setup = Array.from({ length: threads }, () => MAP)
          const lanes = peers.map((peer) => laneOf(hands, peer, setup, plan.slot, laneName(peer)))
          const prices = await interleave(lanes, plan.rounds)
          const named = peers.map((peer, place) => [peer.name, prices[place] as number[]] as const)
          cells.push({ size, distribution, reads, threads, prices: Object.fromEntries(named) })
        }
      }
    }
    await Promise.all(hands.map((hand) => hand.order({ kind: 'forget' })))
    for (const store of stores) await store.close()
  }
  await Promise.all(hands.map((hand) => hand.end()))
  return cells
}
