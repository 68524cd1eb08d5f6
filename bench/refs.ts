// Refs and the near cache against the map itself and a local `Map`: one thread, and readers beside a writer.
// Invariant: each lane has code of its own (loop.ts), and all lanes of a scene run in the same rounds.
import { Worker } from 'node:worker_threads'
import { ConcurrentMap, type EntryRef } from '../index.ts'
import { contentOf, type Draw, keysOf, uniform } from './keys.ts'
import { fresh } from './loop.ts'
import type { OperationName } from './operations.ts'
import type { Plan } from './plan.ts'
import { interleave, type Lane } from './rounds.ts'
import type { Series } from './series.ts'
import { sink } from './thread.ts'

type Shared = ConcurrentMap<string, number>
type Step = (subject: never, item: never, i: number) => number
type Loop = (calls: number) => number

// Long against the price of looking at the clock.
const BATCH = 5_000
const WARM_ROUNDS = 4

const bind = (step: Step, subject: unknown, items: readonly unknown[], picks: Uint32Array): Loop => {
  let next = 0
  const last = picks.length - 1
  return (calls) => {
    let sum = 0
    for (let i = next; i < next + calls; i++)
      sum += step(subject as never, items[picks[i & last] as number] as never, i)
    next += calls
    return sum
  }
}

/** Nanoseconds a call, over so many milliseconds. */
const price = (loop: Loop, slot: number): number => {
  const start = process.hrtime.bigint()
  const end = start + BigInt(slot * 1e6)
  let calls = 0
  let now = start
  while (now < end) {
    sink.sum += loop(BATCH)
    calls += BATCH
    now = process.hrtime.bigint()
  }
  return Number(now - start) / calls
}

interface Runner {
  readonly peer: string
  readonly operation: OperationName
  readonly step: Step
  readonly subject: unknown
  readonly items: readonly unknown[]
  readonly around?: (work: () => number) => number
}

const runScene = async (
  name: string,
  size: number,
  plan: Plan,
  runners: readonly Runner[],
): Promise<Series[]> => {
  const draw: Draw = { distribution: 'uniform', origin: 'recurring', size }
  const lanes = runners.map(({ step, subject, items, around = (work) => work() }): Lane => {
    const loop = fresh(bind)(fresh(step), subject, items, uniform(size))
    return { measure: () => around(() => price(loop, plan.slot)) }
  })
  await interleave(lanes, WARM_ROUNDS)
  const prices = await interleave(lanes, plan.rounds)
  return runners.map(({ peer, operation }, place) => ({
    ...draw,
    scene: `refs ${name} ${size}`,
    operation,
    peer,
    setting: '1 thread',
    prices: prices[place] as number[],
  }))
}

/** Refs on one map, none on a second one, a near cache in front of a third. */
const oneThread = async (size: number, variant: 'sharded' | 'lock-free', plan: Plan): Promise<Series[]> => {
  const content = contentOf(size, 'number') as [string, number][]
  const keys = keysOf(size)
  const map: Shared = new ConcurrentMap(content, { variant })
  const bare: Shared = new ConcurrentMap(content, { variant })
  const near: Shared = new ConcurrentMap(content, { variant, near: true })
  const refs = keys.map((key) => map.ref(key))
  const local = new Map(content)
  const name = (what: string): string => (variant === 'sharded' ? what : `${what} ${variant}`)
  const get = (m: Shared, key: string): number => m.get(key) as number
  const set = (m: Shared, key: string, i: number): number => {
    m.set(key, i & 63)
    return 1
  }
  const add = (m: Shared, key: string): number => m.add(key, 1)
  const refGet = (_: unknown, ref: EntryRef<string, number>): number => ref.get() as number
  const refSet = (_: unknown, ref: EntryRef<string, number>, i: number): number => {
    ref.set(i & 63)
    return 1
  }
  const refAdd = (_: unknown, ref: EntryRef<string, number>): number => ref.add(1)
  const by = (
    peer: string,
    operation: OperationName,
    step: (...args: never[]) => number,
    subject: unknown,
    items: readonly unknown[] = keys,
  ): Runner => ({ peer, operation, step: step as Step, subject, items })
  const series = [
    ...(await runScene(name('get'), size, plan, [
      by('Map', 'get', get, local),
      by('threadmap', 'get', get, map),
      by('near', 'get', get, near),
      by('ref', 'get', refGet, undefined, refs),
    ])),
    ...(await runScene(name('set'), size, plan, [
      by('threadmap', 'set', set, map),
      by('threadmap without refs', 'set', set, bare),
      by('ref', 'set', refSet, undefined, refs),
    ])),
    ...(await runScene(name('add'), size, plan, [
      by('threadmap', 'add', add, map),
      by('threadmap without refs', 'add', add, bare),
      by('ref', 'add', refAdd, undefined, refs),
    ])),
  ]
  for (const one of [map, bare, near]) one.close()
  return series
}

const WRITES_A_SECOND = 100_000
/** Time for the writer to wake up or to notice that it shall pause. */
const SETTLE_MS = 2

/** Hits by refs, alone and beside a writer of the same keys. */
const besideWriter = async (size: number, plan: Plan): Promise<Series[]> => {
  const map: Shared = new ConcurrentMap(contentOf(size, 'number') as [string, number][])
  const refs = keysOf(size).map((key) => map.ref(key))
  const running = new Int32Array(new SharedArrayBuffer(4))
  const workerData = { handle: map.handle, size, running, aSecond: WRITES_A_SECOND }
  const writer = new Worker(new URL('./refs-writer.ts', import.meta.url), { workerData })
  await new Promise((resolve) => writer.once('message', resolve))
  const pause = (): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, SETTLE_MS)
  const beside = (work: () => number): number => {
    Atomics.store(running, 0, 1)
    Atomics.notify(running, 0)
    pause()
    const measured = work()
    Atomics.store(running, 0, 0)
    pause()
    return measured
  }
  const step = ((_: unknown, ref: EntryRef<string, number>): number => ref.get() as number) as unknown as Step
  const reader = { operation: 'get' as const, step, subject: undefined, items: refs }
  const series = await runScene('get beside a writer', size, plan, [
    { ...reader, peer: 'ref' },
    { ...reader, peer: 'ref beside a writer', around: beside },
  ])
  await writer.terminate()
  map.close()
  return series
}

/** All scenes about refs. */
export const runRefs = async (plan: Plan): Promise<Series[]> => [
  ...(await oneThread(1_000, 'sharded', plan)),
  ...(await oneThread(1_000, 'lock-free', plan)),
  ...(await besideWriter(10_000, plan)),
]
