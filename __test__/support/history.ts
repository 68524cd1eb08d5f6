// Histories: what real worker threads were told by one map, recorded round by round and judged key by key.
// Invariant: a history is complete. It has every call of its round on its key, and at the end a look by main after
// everybody was done or dead; who was terminated inside of a call has a pending one, which ends with its thread.
import { ConcurrentMap, type MapOptions } from '../../index.ts'
import { keyOf, type Place } from '../workers/recorder.ts'
import { createSeats } from './barrier.ts'
import { breakMap, broken, type Cell, type Key, plain } from './broken.ts'
import { Crew } from './crew.ts'
import { createLedger, type Ledger, named, readRow, rowOf } from './ledger.ts'
import { random } from './life-threads.ts'
import { describe, judge, shorten } from './linearizable.ts'
import { type Name, names, type Operation } from './one-key.ts'
import type { Way } from './ways.ts'

export interface Subject {
  readonly options: MapOptions
  /** The name of a mistake in broken.ts; none for the map as it is. */
  readonly broken?: string
  /** How its threads use it; left out, as it is. */
  readonly way?: Way
  /** Which operations to use; left out, all that the subject has. */
  readonly operations?: readonly Name[]
}

export interface Effort {
  /** What every thread does follows from it; how they meet does not. */
  readonly seed: number
  readonly rounds: number
  /** Longer rounds in which a thread is terminated, after the others. */
  readonly deaths?: number
}

export interface Found {
  /** With the one of the violation. */
  readonly rounds: number
  readonly histories: number
  /** Calls that a thread was terminated inside of. */
  readonly pending: number
  readonly undecided: number
  /** The first violation, in words. */
  readonly violation: string | undefined
}

interface History {
  readonly round: number
  readonly key: number
  readonly operations: Operation[]
}

type Draw = (below: number) => number
type Tasks = typeof import('../workers/recorder.ts')
type SharedMap = ConcurrentMap<Key, Cell>

const workerFile = new URL('../workers/recorder.ts', import.meta.url)
const roundsOfBatch = 50
const rowsOfRound = 24
/** Long enough for a termination to arrive in the middle, short enough for the search. */
const rowsOfDeath = 250
/** Turns of a spin: about as long as a call and its record. */
const dawdle = 100
/** By turns: wherever it is when it dies, and surely inside of a call, before and after that took effect. */
const mannersOfDeath = ['anywhere', 'before', 'after'] as const
/** Turns of some 70 microseconds. */
const patience = 300_000
const idle = new Int32Array(new SharedArrayBuffer(4))

export class Recorder {
  readonly #parties: number
  readonly #crew: Crew<Tasks>

  constructor(parties: number) {
    this.#parties = parties
    this.#crew = new Crew<Tasks>(workerFile, parties)
  }

  /** Records and judges until there is a violation or the effort is spent. */
  async hunt(subject: Subject, { seed, rounds, deaths = 0 }: Effort): Promise<Found> {
    const draw = random(seed)
    const found = { rounds: 0, histories: 0, pending: 0, undecided: 0 }
    for (let dead = 0; found.rounds < rounds + deaths; ) {
      const batch = Math.min(rounds - found.rounds, roundsOfBatch)
      const histories =
        batch > 0 ? await this.#live(subject, draw, batch) : await this.#die(subject, draw, dead++)
      for (const { round, key, operations } of histories) {
        const verdict = judge(operations)
        found.histories += 1
        found.pending += operations.filter((op) => op.pending).length
        if (verdict === 'undecided') found.undecided += 1
        if (verdict !== 'violation') continue
        found.rounds += round
        const where = `seed ${seed}, round ${found.rounds}, key ${JSON.stringify(keyOf(round, key))}`
        return { ...found, rounds: found.rounds + 1, violation: `${where}: ${describe(shorten(operations))}` }
      }
      found.rounds += Math.max(batch, 1)
    }
    return { ...found, violation: undefined }
  }

  close(): Promise<void> {
    return this.#crew.close()
  }

  async #live(subject: Subject, draw: Draw, rounds: number): Promise<History[]> {
    using map: SharedMap = new ConcurrentMap(undefined, subject.options)
    const ledger = createLedger(this.#parties, rounds, rowsOfRound)
    const place = this.#placeAt(subject, map, ledger, draw)
    await this.#crew.all('record', (me) => [{ ...place, me, ownSeed: draw(2 ** 32) }])
    return this.#read(subject, map, ledger, 0n)
  }

  /** One round, in which the thread with the last number is terminated in the middle. */
  async #die(subject: Subject, draw: Draw, number: number): Promise<History[]> {
    using map: SharedMap = new ConcurrentMap(undefined, subject.options)
    const ledger = createLedger(this.#parties, 1, rowsOfDeath)
    const place = { ...this.#placeAt(subject, map, ledger, draw), dense: true }
    const me = this.#parties - 1
    const index = draw(rowsOfDeath)
    const manner = mannersOfDeath[number % mannersOfDeath.length] ?? 'anywhere'
    const end = manner === 'anywhere' ? { dawdle } : { last: { index, when: manner } }
    const victim = new Crew<Tasks>(workerFile, 1)
    await victim.run(0, 'ready')
    // Nobody waits for its answer, which may not come.
    victim.run(0, 'record', { ...place, me, ownSeed: draw(2 ** 32), ...end }).catch(() => {})
    const survivors = Array.from({ length: me }, (_, other) =>
      this.#crew.run(other, 'record', { ...place, me: other, ownSeed: draw(2 ** 32) }),
    )
    const moment = 2 * rowOf(ledger, me, 0, index)
    for (let turns = 0; Atomics.load(ledger.times, moment) === 0n; turns += 1) {
      if (turns > patience) throw new Error('the thread that was to die never came so far')
      Atomics.wait(idle, 0, 0, 0.02)
    }
    await victim.close()
    const death = process.hrtime.bigint()
    await Promise.all(survivors)
    return this.#read(subject, map, ledger, death)
  }

  /** What the places of all threads have in common. */
  #placeAt(subject: Subject, map: SharedMap, ledger: Ledger, draw: Draw): Omit<Place, 'me' | 'ownSeed'> {
    return {
      handle: map.handle,
      broken: subject.broken,
      way: subject.way ?? 'as it is',
      operations: subject.operations ?? broken[subject.broken ?? '']?.operations ?? names,
      seats: createSeats(),
      awake: new Int32Array(new SharedArrayBuffer(4 * ledger.rounds)),
      ledger,
      parties: this.#parties,
      seed: draw(2 ** 32),
      dense: false,
      dawdle: 0,
      last: undefined,
    }
  }

  #read(subject: Subject, map: SharedMap, ledger: Ledger, death: bigint): History[] {
    const view = subject.broken === undefined ? plain(map) : breakMap(subject.broken, map)
    const since = ledger.times.find((time) => time !== 0n) ?? 0n
    const now = (): number => Number(process.hrtime.bigint() - since)
    return Array.from({ length: ledger.rounds }, (_, round): History[] => {
      const rows = Array.from({ length: this.#parties * ledger.rows }, (_, at) => {
        const thread = Math.floor(at / ledger.rows)
        return readRow(ledger, rowOf(ledger, thread, round, at % ledger.rows), thread, since, death) ?? []
      }).flat()
      return [...Map.groupBy(rows, ({ key }) => key)].map(([key, ofKey]) => {
        const operations = ofKey.map(({ op }) => op)
        const invoked = now()
        const answer = named(view.get(keyOf(round, key)))
        operations.push({ thread: this.#parties, name: 'get', invoked, returned: now(), answer })
        return { round, key, operations }
      })
    }).flat()
  }
}
