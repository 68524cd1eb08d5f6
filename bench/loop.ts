// The timed loops. Invariant: every (competitor, operation, keys) has code of its own, compiled from the text
// of these functions, so that V8's type feedback of one competitor never slows the next one down: a shared loop
// would make each call in it megamorphic after the third competitor and hide most of a `Map`'s lead.
import { type Draw, source, VALUES, type Value } from './keys.ts'
import { type MapLike, type OperationName, operations } from './operations.ts'
import type { Peer } from './peer.ts'

/** Runs calls number `start` to `start + calls`; the result depends on every call's result. */
export type Loop = (start: number, calls: number) => number | Promise<number>

let compiled = 0

/** The same function again, compiled anew; it may use nothing but its parameters. */
export const fresh = <F extends (...parameters: never[]) => unknown>(fn: F): F => {
  // The number keeps V8's compilation cache from handing out the earlier code and its feedback.
  compiled += 1
  return new Function(`return (${fn}) // ${compiled}`)() as F
}

type Step = (map: MapLike, argument: unknown, value: Value, i: number) => unknown
type Use = (result: unknown) => number
type At = (i: number) => unknown
type Bind = (map: MapLike, step: Step, use: Use, at: At, values: readonly Value[]) => Loop

const sync: Bind = (map, step, use, at, values) => (start, calls) => {
  let sum = 0
  for (let i = start; i < start + calls; i++) sum += use(step(map, at(i), values[i & 63] as Value, i))
  return sum
}

const serial: Bind = (map, step, use, at, values) => async (start, calls) => {
  let sum = 0
  for (let i = start; i < start + calls; i++) sum += use(await step(map, at(i), values[i & 63] as Value, i))
  return sum
}

const flight: Bind = (map, step, use, at, values) => async (start, calls) => {
  let sum = 0
  for (let first = start; first < start + calls; first += 100) {
    const flying: unknown[] = []
    for (let i = first; i < first + 100; i++) flying.push(step(map, at(i), values[i & 63] as Value, i))
    for (const result of await Promise.all(flying)) sum += use(result)
  }
  return sum
}

const binds: Record<Peer['style'], Bind> = { sync, serial, flight }

/** Calls in one timed batch: enough to make the clock's price vanish, few enough to keep a round short. */
export const batchOf = (peer: Peer, name: OperationName): number => {
  if (peer.style === 'serial') return 20
  if (peer.style === 'flight') return 200
  return operations[name].takes === 'key' ? 1000 : 10
}

/** The loop of one operation over one map; `map` is given late so that several maps can share the code. */
export const loopOver = (
  peer: Peer,
  name: OperationName,
  draw: Draw,
  seed: number,
): ((map: MapLike) => Loop) => {
  const operation = operations[name]
  const at = source(draw, { ...operation, seed }, fresh)
  const step = fresh(operation.call) as Step
  const use = fresh(operation.use)
  const bind = fresh(binds[peer.style])
  return (map) => {
    const loop = bind(map, step, use, at, VALUES[operation.value])
    const { around } = peer
    if (around === undefined) return loop
    return (start, calls) => around(map, () => loop(start, calls) as number)
  }
}
