// A thread that works on a map together with others, round by round, and writes down every call. Run by Crew.
// Invariant: the call of the map lies between the two readings of the clock that stand in its row, whole. What a round
// is about follows from the seed of all, so all threads agree on it; what a thread does in it from a seed of its own.
import { availableParallelism } from 'node:os'
import type { MapHandle } from '../../index.ts'
import { meet } from '../support/barrier.ts'
import { breakMap, type Cell, type Key, pause, plain, type Subject } from '../support/broken.ts'
import { calls, type Told } from '../support/calls.ts'
import {
  type Ledger,
  long,
  nameOf,
  rowOf,
  text,
  writeAnswer,
  writeCall,
  writePlan,
} from '../support/ledger.ts'
import { random } from '../support/life-threads.ts'
import { type Name, refused } from '../support/one-key.ts'
import { attachFor, refMethods, type Way } from '../support/ways.ts'

type Draw = (below: number) => number

/** A thread's part in some rounds. */
export interface Place {
  readonly handle: MapHandle
  readonly broken: string | undefined
  readonly way: Way
  readonly operations: readonly Name[]
  readonly seats: Int32Array
  /** For each round, how many threads have woken up for it. */
  readonly awake: Int32Array
  readonly ledger: Ledger
  readonly me: number
  readonly parties: number
  /** Of all threads, and of this one. */
  readonly seed: number
  readonly ownSeed: number
  /** Rounds to die in: one key, every thread at work, as many operations as there are rows. */
  readonly dense: boolean
  /** Turns that it dawdles inside of each call, before and after: who is to die shall die there. */
  readonly dawdle: number
  /** Inside of this call it waits for its death. */
  readonly last: { readonly index: number; readonly when: 'before' | 'after' } | undefined
}

/** What all threads know of a round. */
interface Round {
  readonly number: number
  readonly keys: number
  readonly length: number
  readonly acting: number
  readonly operations: readonly Name[]
  /** Whether there are texts, or numbers only. */
  readonly texts: boolean
  /** Whether thread 0 makes the entries before the others come. */
  readonly opened: boolean
  readonly pace: 'close' | 'spin' | 'sleep'
}

interface Step {
  readonly index: number
  readonly row: number
  readonly name: Name
  readonly key: number
  readonly realKey: Key
  readonly value: Cell | undefined
  /** Afterwards. */
  readonly spins: number
  readonly sleeps: boolean
}

/** What a thread has last read or written of a key. */
interface Belief {
  value: Cell | undefined
  version: number | undefined
}

const cores = availableParallelism()
/** A sleeper takes 50 to 100 microseconds to wake up, a turn 8 nanoseconds. */
const patience = 20_000
const idle = new Int32Array(new SharedArrayBuffer(4))

export function ready(): void {}

export function record(place: Place): void {
  using real = attachFor<Key, Cell>(place.way, place.handle)
  const sound =
    place.way === 'through refs' ? { ...plain(real), ...(refMethods(real) as object) } : plain(real)
  const map = place.broken === undefined ? sound : breakMap(place.broken, real)
  const [drawRound, draw] = [random(place.seed), random(place.ownSeed)]
  for (let number = 0; number < place.ledger.rounds; number += 1) {
    const round = planRound(place, number, drawRound)
    // All that takes time is done before: calls that follow each other closely meet others more often.
    const steps = place.me < round.acting ? planSteps(place, round, draw) : []
    const beliefs = Array.from(
      { length: round.keys },
      (): Belief => ({ value: undefined, version: undefined }),
    )
    const run = (step: Step): void => act(place, map, step, beliefs[step.key] as Belief)
    const opening = openingOf(place, round)
    steps.slice(0, opening).forEach(run)
    meet(place, (party) => doing(place, party))
    if (steps.length === 0) continue
    gather(place.awake, number, round.acting)
    steps.slice(opening).forEach(run)
  }
}

/** The keys of a round are new ones: what rounds before it left behind is no part of the history. */
export function keyOf(round: number, key: number): Key {
  return key === 0 ? round : `key ${key} of round ${round}`
}

/** What the rows of a thread say that it is doing. */
function doing({ ledger }: Place, party: number): string {
  const first = rowOf(ledger, party, 0, 0)
  const rows = Array.from({ length: ledger.rounds * ledger.rows }, (_, index) => first + index)
  const last = rows.findLast((row) => (ledger.times[2 * row] ?? 0n) !== 0n)
  if (last === undefined) return 'has not begun'
  const [round, index] = [Math.floor((last - first) / ledger.rows), (last - first) % ledger.rows]
  const [invoked = 0n, returned] = ledger.times.subarray(2 * last, 2 * last + 2)
  const state = returned === 0n ? 'is inside of' : 'has returned from'
  const ago = (process.hrtime.bigint() - (returned || invoked)) / 1_000_000n
  return `${state} '${nameOf(ledger, last)}', call ${index} of round ${round}, for ${ago} ms`
}

/** Waits until as many threads run as there are cores, but not long: who slept at the meeting point comes late. */
function gather(awake: Int32Array, round: number, acting: number): void {
  const wanted = Math.min(acting, cores)
  Atomics.add(awake, round, 1)
  for (let turns = 0; turns < patience && Atomics.load(awake, round) < wanted; turns += 1);
}

function act({ ledger, dawdle, last }: Place, map: Subject, step: Step, belief: Belief): void {
  const { row, index, realKey, value } = step
  const name = possible(step.name, belief)
  if (name !== step.name) writePlan(ledger, row, step.key, undefined)
  const field = expects[name]
  const expected = field && belief[field]
  const call = calls[name]
  let told: Told
  writeCall(ledger, row, name, expected)
  ledger.times[2 * row] = process.hrtime.bigint()
  spin(dawdle)
  if (index === last?.index && last.when === 'before') waitForDeath()
  try {
    told = call(map, realKey, value as never, expected as never)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'THREADMAP_WRONG_CELL') throw error
    told = refused
  }
  if (index === last?.index && last.when === 'after') waitForDeath()
  spin(dawdle)
  const returned = process.hrtime.bigint()
  const [answer, also] = typeof told === 'object' ? told : [told, undefined]
  writeAnswer(ledger, row, answer, also)
  // Last: it says that the row is whole.
  ledger.times[2 * row + 1] = returned
  learn(belief, name, value, answer, also)
  spin(step.spins)
  if (step.sleeps) pause()
}

function planRound(place: Place, number: number, draw: Draw): Round {
  // Few operations at a time meet more often than all of them; a read is always among them.
  const some = Array.from({ length: 1 + draw(4) }, () => pickOf(place.operations, draw))
  const drawn: Round = {
    number,
    keys: 1 + draw(2),
    length: 5 + draw(place.ledger.rows - 4),
    // Often no more than can run: the others would only come when these are done.
    acting: draw(2) === 0 ? Math.min(Math.max(2, cores), place.parties) : 2 + draw(place.parties - 1),
    operations: ['get', ...some],
    texts: draw(4) === 0,
    opened: draw(2) === 0,
    pace: pickOf(['close', 'close', 'close', 'spin', 'sleep'] as const, draw),
  }
  if (!place.dense) return drawn
  return { ...drawn, keys: 1, length: place.ledger.rows, acting: place.parties, pace: 'close' }
}

/** How many steps come before the others are let in. */
function openingOf({ me }: Place, { opened, keys }: Round): number {
  return me === 0 && opened ? keys : 0
}

function planSteps(place: Place, round: Round, draw: Draw): Step[] {
  const opening = openingOf(place, round)
  return Array.from({ length: round.length }, (_, index): Step => {
    const row = rowOf(place.ledger, place.me, round.number, index)
    const opens = index < opening
    const name = opens ? 'set' : pickOf(round.operations, draw)
    const key = opens ? index : draw(round.keys)
    const value = valueFor(name, (index + 1) * 100 + place.me, round.texts, draw)
    writePlan(place.ledger, row, key, value)
    const spins = round.pace === 'spin' ? draw(200) : 0
    const sleeps = round.pace === 'sleep' && draw(3) === 0
    return { index, row, name, key, realKey: keyOf(round.number, key), value, spins, sleeps }
  })
}

function valueFor(name: Name, unique: number, texts: boolean, draw: Draw): Cell | undefined {
  switch (name) {
    case 'add':
    case 'addMany':
    case 'updateToAdd':
      return (unique + 100_000 * (1 + draw(9))) * (draw(2) === 0 ? 1 : -1)
    case 'max':
    case 'min':
      return unique + 100_000 * (draw(19) - 9)
    case 'get':
    case 'getMany':
    case 'has':
    case 'getEntry':
    case 'delete':
    case 'deleteMany':
    case 'take':
    case 'compareAndDelete':
    case 'updateToRemove':
    case 'deleteIfVersion':
      return undefined
    default:
      return texts ? [unique, text(unique), long(unique)][draw(3)] : unique
  }
}

const expects: Readonly<Partial<Record<Name, keyof Belief>>> = {
  compareAndSet: 'value',
  compareAndDelete: 'value',
  setIfVersion: 'version',
  deleteIfVersion: 'version',
}

/** What a thread can do with what it knows. */
function possible(name: Name, belief: Belief): Name {
  const field = expects[name]
  if (field === undefined || belief[field] !== undefined || name === 'compareAndSet') return name
  return field === 'version' ? 'getEntry' : 'get'
}

function learn(
  belief: Belief,
  name: Name,
  value: Cell | undefined,
  answer: Cell | boolean | undefined,
  also: Cell | undefined,
): void {
  if (answer === false || answer === refused) return
  if (name === 'getEntry') belief.version = also as number | undefined
  if (name !== 'has') belief.value = tells.has(name) ? (answer as Cell | undefined) : value
}

/** The operations whose answer is what the key holds then; of the others that did something, it is what they wrote. */
const tells: ReadonlySet<Name> = new Set<Name>([
  ...(['get', 'getMany', 'getEntry', 'getOrInsert', 'getOrInsertComputed'] as const),
  ...(['add', 'addMany', 'max', 'min', 'update', 'updateToAdd', 'updateToRemove'] as const),
])

function pickOf<T>(list: readonly T[], draw: Draw): T {
  return list[draw(list.length)] as T
}

function spin(turns: number): void {
  for (let turn = 0; turn < turns; turn += 1) Atomics.load(idle, 0)
}

function waitForDeath(): never {
  Atomics.wait(idle, 0, 0, 10_000)
  throw new Error('nobody terminated the thread that waited for it')
}
