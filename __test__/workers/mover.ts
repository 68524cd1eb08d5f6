// Threads that write what can be checked as a whole: rows, counts, and money that only moves. Run by Crew.
import { ConcurrentMap, type MapHandle } from '../../index.ts'
import { random } from '../support/life-threads.ts'

export const accounts = 12
export const start = 1_000

type Numbers = ConcurrentMap<string, number>

/** Writes its round to one key of its row after the other. */
export async function row(handle: MapHandle, me: number, rounds: number): Promise<void> {
  using map: Numbers = ConcurrentMap.attach(handle)
  for (let round = 1; round <= rounds; round += 1) {
    for (let at = 0; at < 8; at += 1) map.set(`${me}:${at}`, round)
    if (round % 500 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Two threads count, each in a key of its own; the others look at snapshots and tell both counts. */
export function countOrLook(handle: MapHandle, me: number, stop: Int32Array): number[][] {
  using map: Numbers = ConcurrentMap.attach(handle)
  if (me < 2) {
    for (let count = 1; Atomics.load(stop, 0) < 2; count += 1) map.set(`count ${me}`, count)
    return []
  }
  const looks = Array.from({ length: 400 }, () => {
    using snapshot = map.snapshot()
    return [snapshot.get('count 0') ?? 0, snapshot.get('count 1') ?? 0]
  })
  Atomics.add(stop, 0, 1)
  return looks
}

/** Moves some money from one account to another; how often the function ran. */
function moveOnce(map: Numbers, draw: (below: number) => number, inside: () => void): number {
  const [from, to] = [`account ${draw(accounts)}`, `account ${draw(accounts)}`]
  let runs = 0
  map.transact((tx) => {
    runs += 1
    const amount = Math.floor((tx.get(from) as number) / 3)
    tx.set(from, (tx.get(from) as number) - amount)
    inside()
    tx.set(to, (tx.get(to) as number) + amount)
  })
  return runs
}

export function move(handle: MapHandle, me: number, times: number): number {
  using map: Numbers = ConcurrentMap.attach(handle)
  const draw = random(me + 1)
  let runs = 0
  for (let time = 0; time < times; time += 1) runs += moveOnce(map, draw, () => {})
  return runs
}

/** Until it is killed; `manner` 1: in the middle of its function, 2: there or at the commit, 0: anywhere. */
export function moveForEver(handle: MapHandle, me: number, begun: Int32Array, manner: number): void {
  const map: Numbers = ConcurrentMap.attach(handle)
  const draw = random(me + 1)
  const idle = new Int32Array(new SharedArrayBuffer(4))
  for (;;) {
    moveOnce(map, draw, () => {
      const count = Atomics.add(begun, 0, 1)
      if (manner === 1 && count > 40) Atomics.wait(idle, 0, 0, 10_000)
      if (manner === 2) Atomics.wait(idle, 0, 0, 0.05)
    })
  }
}
