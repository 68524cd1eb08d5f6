// Opening one name from many threads at once. Invariant: one map, made with exactly one caller's options.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { ConcurrentMap, OptionsConflictError } from '../index.ts'
import { reportOf, startThread, type Thread } from './support/life-threads.ts'

const RACERS = 32

interface Round {
  readonly name: string
  readonly options: readonly (object | undefined)[]
}

type Outcome =
  | { readonly handle: object; readonly shards: number; readonly saw: number }
  | { readonly refused: string }

let racers: Thread[] = []
const gate = new Int32Array(new SharedArrayBuffer(8))

beforeAll(() => {
  racers = Array.from({ length: RACERS }, () => startThread('racer', { gate }))
})

afterAll(() => Promise.all(racers.map(({ worker }) => worker.terminate())))

/** All racers open one name in the same moment, each with its own options. */
async function race({ name, options }: Round): Promise<Outcome[]> {
  Atomics.store(gate, 0, 0)
  Atomics.store(gate, 1, 0)
  for (const [i, { worker }] of racers.entries())
    worker.postMessage({ name, options: options[i % options.length] })
  await Promise.all(racers.map((racer) => racer.next<'waiting'>()))
  Atomics.store(gate, 0, 1)
  Atomics.notify(gate, 0)
  return Promise.all(racers.map((racer) => racer.next<Outcome>()))
}

const refused = (outcome: Outcome): boolean => 'refused' in outcome

test('32 workers that open one name at once all get the same map', async () => {
  for (let round = 0; round < 12; round++) {
    const name = `race ${round}`
    const outcomes = await race({ name, options: [undefined, {}] })
    const map = ConcurrentMap.open<string, number>(name)
    expect(map.get('hits')).toBe(RACERS)
    expect(
      outcomes.map((outcome) => 'saw' in outcome && outcome.saw).toSorted((a, b) => Number(a) - Number(b)),
    ).toEqual(Array.from({ length: RACERS }, (_, i) => i + 1))
    for (const outcome of outcomes) expect(outcome).toMatchObject({ handle: map.handle })
    expect(ConcurrentMap.names().filter((each) => each === name)).toHaveLength(1)
    ConcurrentMap.delete(name)
  }
})

test('32 workers that load the addon and open one name at once all get the same map', async () => {
  expect(await reportOf<number[]>('first-load', [String(RACERS)])).toEqual(
    Array.from({ length: RACERS }, (_, i) => i + 1),
  )
})

test('of 32 workers racing with different options exactly those succeed that asked for what lives', async () => {
  const winners = new Set<number>()
  for (let round = 0; round < 8; round++) {
    const name = `conflict race ${round}`
    const options = [1, 2, 4, 8].map((_, i, all) => ({ shards: all[(i + round) % all.length] }))
    const outcomes = await race({ name, options })
    const { shards } = ConcurrentMap.open(name).stats()
    winners.add(shards)
    outcomes.forEach((outcome, i) => {
      const asked = options[i % options.length]?.shards
      expect(refused(outcome)).toBe(asked !== shards)
      expect(outcome).toMatchObject(asked === shards ? { shards } : { refused: 'THREADMAP_OPTIONS_CONFLICT' })
    })
    expect(ConcurrentMap.open<string, number>(name).get('hits')).toBe(RACERS / 4)
    ConcurrentMap.delete(name)
  }
  expect([1, 2, 4, 8]).toEqual(expect.arrayContaining([...winners]))
})

test('workers that leave the options out never lose a race against workers that give some', async () => {
  for (let round = 0; round < 8; round++) {
    const name = `some options ${round}`
    const options = [undefined, { shards: 2 }]
    const outcomes = await race({ name, options })
    const { shards } = ConcurrentMap.open(name).stats()
    outcomes.forEach((outcome, i) => {
      const gave = options[i % 2] !== undefined
      expect(refused(outcome)).toBe(gave && shards !== 2)
    })
    ConcurrentMap.delete(name)
  }
})

test('a name deleted while 32 workers open it gives every one of them a map or MapClosedError', async () => {
  for (let round = 0; round < 10; round++) {
    const name = `deleted race ${round}`
    const racing = race({ name, options: [undefined] })
    const end = performance.now() + 20
    while (performance.now() < end) {
      ConcurrentMap.delete(name)
      await new Promise((resolve) => setImmediate(resolve))
    }
    for (const outcome of await racing) {
      if (refused(outcome)) expect(outcome).toEqual({ refused: 'THREADMAP_MAP_CLOSED' })
      else expect(outcome).toMatchObject({ handle: { kind: 'threadmap' } })
    }
    ConcurrentMap.delete(name)
  }
})

const codec = (name: string): object => ({ name, encode: JSON.stringify, decode: JSON.parse })

const conflicts: [option: string, living: object, asked: object, shown: [string, string]][] = [
  ['shards', { shards: 4 }, { shards: 16 }, ['4', '16']],
  ['codec', { codec: 'json' }, { codec: 'clone' }, ['json', 'clone']],
  ['codec', { codec: codec('mine') }, { codec: codec('yours') }, ['mine', 'yours']],
  ['maxKeyBytes', { maxKeyBytes: 1111 }, { maxKeyBytes: 2222 }, ['1111', '2222']],
  ['maxValueBytes', { maxValueBytes: 33333 }, { maxValueBytes: 44444 }, ['33333', '44444']],
]

test.each(conflicts)(
  'conflicting %s throws an OptionsConflictError that shows both',
  (option, living, asked, shown) => {
    const name = `conflict of ${option} ${shown}`
    const map = ConcurrentMap.open<string, number>(name, living).set('k', 1)
    let thrown: unknown
    try {
      ConcurrentMap.open(name, asked)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(OptionsConflictError)
    const { code, message } = thrown as OptionsConflictError
    expect(code).toBe('THREADMAP_OPTIONS_CONFLICT')
    expect(message).toContain(option)
    expect(message).toContain(name)
    for (const value of shown) expect(message.replace(name, '')).toMatch(new RegExp(`\\b${value}\\b`))
    expect(map.get('k')).toBe(1)

    for (const agreeing of [living, {}, undefined, { variant: 'sharded' } as const]) {
      expect(ConcurrentMap.open<string, number>(name, agreeing).get('k')).toBe(1)
    }
    ConcurrentMap.delete(name)
    expect(ConcurrentMap.open(name, asked).size).toBe(0)
    ConcurrentMap.delete(name)
  },
)
