// One thread: every operation, by every competitor that can do it, as tinybench tasks run in turns.
import { Bench } from 'tinybench'
import { contentOf, type Draw, type Value } from './keys.ts'
import { batchOf, loopOver } from './loop.ts'
import { keysPerCall, type MapLike, type OperationName, operations } from './operations.ts'
import { able, type Content, kindOf, type Peer, type Store } from './peer.ts'
import type { Plan } from './plan.ts'
import { interleave, type Lane } from './rounds.ts'
import type { Series } from './series.ts'

/** An operation that this map also does in the rounds of another, because a target compares the two. */
const BESIDE: Partial<Record<OperationName, OperationName>> = {
  add: 'set',
  getMany: 'get',
  setMany: 'set',
  addMany: 'add',
}

// Enough for V8 to reach its last tier in every loop; the rounds that count come after.
const WARM_ROUNDS = 2
const SEED = 1

interface Opened {
  readonly peer: Peer
  readonly store: Store
  readonly map: MapLike
}

export type Missing = (peer: string, reason: unknown) => void

/** A competitor that answers wrongly is measured doing something else: that ends the run. */
const check = async ({ peer, map }: Opened, content: Content): Promise<void> => {
  if (!peer.answers) return
  const entries: [string, Value | undefined][] = contentOf(content.size, content.value).slice(-100)
  for (const [key, value] of [...entries, ['none:', undefined] as const]) {
    const got = await map.get(key)
    if (got !== value) throw new Error(`${peer.name} answers ${String(got)} for ${key}, not ${String(value)}`)
  }
}

const openAll = async (peers: readonly Peer[], content: Content, missing: Missing): Promise<Opened[]> => {
  const opened: Opened[] = []
  for (const peer of peers) {
    let one: Opened
    try {
      const store = await peer.create(content)
      one = { peer, store, map: peer.attach(store.connect().token, content) }
    } catch (error) {
      missing(peer.name, error)
      continue
    }
    await check(one, content)
    opened.push(one)
  }
  return opened
}

const closeAll = async (opened: readonly Opened[]): Promise<void> => {
  for (const { peer, store, map } of opened) {
    await peer.detach?.(map)
    await store.close()
  }
}

/** Keeps the loops' results alive. */
export const sink: { sum: number } = { sum: 0 }

const laneOf = ({ peer, map }: Opened, name: OperationName, draw: Draw, times: { slot: number }): Lane => {
  const loop = loopOver(peer, name, draw, SEED)(map)
  const batch = batchOf(peer, name)
  let next = 0
  const start = (): number => {
    next += batch
    return next - batch
  }
  const waits = peer.style !== 'sync' || loop(start(), batch) instanceof Promise
  const task = waits
    ? async (): Promise<void> => {
        sink.sum += await loop(start(), batch)
      }
    : (): void => {
        sink.sum += loop(start(), batch) as number
      }
  return {
    measure: async () => {
      const bench = new Bench({ time: times.slot, iterations: 1, warmup: false, throws: true })
      bench.add(peer.name, task, { async: waits })
      const [done] = waits ? await bench.run() : bench.runSync()
      if (done?.result.state !== 'completed') throw new Error(`${peer.name} did not complete ${name}`)
      return (done.result.latency.mean * 1e6) / (batch * keysPerCall(name))
    },
  }
}

const runScene = async (
  opened: readonly Opened[],
  name: OperationName,
  draw: Draw,
  plan: Plan,
): Promise<Series[]> => {
  const times = { slot: plan.warm }
  const runners = opened.filter(({ peer }) => able(peer, name)).map((one) => ({ one, operation: name }))
  const beside = BESIDE[name]
  if (beside !== undefined) {
    const ours = opened.filter(({ peer }) => kindOf(peer) === 'ours')
    const able = ours.filter(({ peer }) => peer.does?.includes(beside) ?? true)
    runners.push(...able.map((one) => ({ one, operation: beside })))
  }
  const lanes = runners.map(({ one, operation }) => laneOf(one, operation, draw, times))
  await interleave(lanes, WARM_ROUNDS)
  times.slot = plan.slot
  const prices = await interleave(lanes, plan.rounds)
  const scene = `thread ${name} ${draw.distribution} ${draw.origin} ${draw.size}`
  return runners.map(({ one, operation }, place) => ({
    ...draw,
    scene,
    operation,
    peer: one.peer.name,
    setting: '1 thread',
    prices: prices[place] as number[],
  }))
}

/** All operations over all draws; maps are filled once for each size and kind of value. */
export const runThread = async (
  peers: readonly Peer[],
  names: readonly OperationName[],
  plan: Plan,
  missing: Missing,
): Promise<Series[]> => {
  const series: Series[] = []
  for (const size of new Set(plan.thread.map((draw) => draw.size))) {
    for (const value of ['number', 'string'] as const) {
      const chosen = names.filter((name) => operations[name].value === value)
      if (chosen.length === 0) continue
      const opened = await openAll(peers, { size, value }, missing)
      for (const name of chosen) {
        for (const draw of plan.thread.filter((one) => one.size === size)) {
          series.push(...(await runScene(opened, name, draw, plan)))
        }
      }
      await closeAll(opened)
    }
  }
  return series
}
