// One worker against two, on one map and on two maps: throughput over a fixed time, in turns, as prices.
// Invariant: the main thread only waits while workers run, so two cores are enough for two workers.
import { type MessagePort, Worker } from 'node:worker_threads'
import { newBarrier } from './barrier.ts'
import type { Draw } from './keys.ts'
import { type OperationName, operations } from './operations.ts'
import { able, type Content, type Peer, type Store } from './peer.ts'
import type { Plan } from './plan.ts'
import { interleave, type Lane } from './rounds.ts'
import type { Series, Setting } from './series.ts'
import type { Missing } from './thread.ts'
import type { Answer, Order } from './worker.ts'

const FIRST = 'first map'
const SECOND = 'second map'

/** A worker warms once, not once a round, so longer. */
export const WORKER_WARMS = 4

/** Which map each of the workers uses. */
const SETUPS: Readonly<Record<Exclude<Setting, '1 thread'>, readonly string[]>> = {
  '1 worker': [FIRST],
  '2 workers, one map': [FIRST, FIRST],
  '2 workers, two maps': [FIRST, SECOND],
}

/** One worker, one order at a time. */
export class Hand {
  readonly #worker = new Worker(new URL('./worker.ts', import.meta.url))

  order(order: Order, transfer: readonly MessagePort[] = []): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const settle = (answer: Answer): void => {
        this.#worker.off('error', reject)
        resolve(answer)
      }
      this.#worker.once('message', settle)
      this.#worker.once('error', reject)
      this.#worker.postMessage(order, transfer as never)
    })
  }

  end(): Promise<number> {
    return this.#worker.terminate()
  }
}

export const nameOf = (peer: Peer, map: string): string => `${peer.name}: ${map}`

/** Stores that all hands are attached to, one for each name. */
export const openFor = async (
  peer: Peer,
  content: Content,
  hands: readonly Hand[],
  maps: readonly string[],
): Promise<Store[]> => {
  const stores: Store[] = []
  for (const map of maps) {
    const store = await peer.create(content)
    stores.push(store)
    for (const hand of hands) {
      const { token, transfer } = store.connect()
      await hand.order({ kind: 'attach', map: nameOf(peer, map), peer: peer.name, token, content }, transfer)
    }
  }
  return stores
}

/** One worker for each map of the setup, all at once; the price is 1 / throughput of all together. */
export const laneOf = (
  hands: readonly Hand[],
  peer: Peer,
  setup: readonly string[],
  ms: number,
  lane: string = peer.name,
): Lane => ({
  measure: async () => {
    const barrier = newBarrier()
    const parties = setup.length
    const answers = await Promise.all(
      setup.map((map, worker) => {
        const order: Order = { kind: 'run', lane, map: nameOf(peer, map), ms, barrier, parties }
        return (hands[worker] as Hand).order(order)
      }),
    )
    const aMillisecond = answers.reduce((sum, answer) => sum + answer.operations / answer.ms, 0)
    return 1e6 / aMillisecond
  },
})

const runScene = async (
  hands: readonly Hand[],
  peers: readonly Peer[],
  operation: OperationName,
  draw: Draw,
  plan: Plan,
): Promise<Series[]> => {
  const taking = peers.filter((peer) => able(peer, operation, true))
  for (const peer of taking) {
    const maps = [FIRST, SECOND].map((map) => nameOf(peer, map))
    const warm = plan.warm * WORKER_WARMS
    const order = { kind: 'prepare', lane: peer.name, maps, peer: peer.name, operation, draw, warm } as const
    await Promise.all(hands.map((hand, worker) => hand.order({ ...order, seed: worker + 1 })))
  }
  const runs = taking.flatMap((peer) =>
    (Object.keys(SETUPS) as (keyof typeof SETUPS)[])
      .filter((setting) => peer.shared || setting !== '2 workers, one map')
      .map((setting) => ({ peer, setting })),
  )
  const prices = await interleave(
    runs.map(({ peer, setting }) => laneOf(hands, peer, SETUPS[setting], plan.workerSlot)),
    plan.workerRounds,
  )
  const scene = `workers ${operation} ${draw.distribution} ${draw.origin} ${draw.size}`
  return runs.map(({ peer, setting }, place) => ({
    ...draw,
    scene,
    operation,
    peer: peer.name,
    setting,
    prices: prices[place] as number[],
  }))
}

export const runWorkers = async (
  peers: readonly Peer[],
  names: readonly OperationName[],
  plan: Plan,
  missing: Missing,
): Promise<Series[]> => {
  const series: Series[] = []
  const chosen = plan.workerOperations.filter((name) => names.includes(name))
  if (chosen.length === 0) return series
  const hands = [new Hand(), new Hand()]
  for (const size of new Set(plan.workers.map((draw) => draw.size))) {
    for (const value of new Set(chosen.map((name) => operations[name].value))) {
      const opened: Peer[] = []
      const stores: Store[] = []
      for (const peer of peers) {
        try {
          stores.push(...(await openFor(peer, { size, value }, hands, [FIRST, SECOND])))
          opened.push(peer)
        } catch (error) {
          missing(peer.name, error)
        }
      }
      for (const operation of chosen.filter((name) => operations[name].value === value)) {
        for (const draw of plan.workers.filter((one) => one.size === size)) {
          series.push(...(await runScene(hands, opened, operation, draw, plan)))
        }
      }
      for (const hand of hands) await hand.order({ kind: 'forget' })
      for (const store of stores) await store.close()
    }
  }
  for (const hand of hands) await hand.end()
  return series
}
