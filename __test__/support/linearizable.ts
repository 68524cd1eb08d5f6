// Whether what threads were told of one key could be the work of one thread after the other: the search of Wing and
// Gong, with Lowe's memory of what was tried. Operations may trade places only while they overlap.
// Invariant: a history is called linearizable only with an order found, and a violation only after every order failed;
// who runs out of patience says 'undecided'. Time is exponential in threads that overlap, so histories are short.
import { changedNothing, empty, nameOf, type Operation, type State, step } from './one-key.ts'

export type Verdict = 'linearizable' | 'violation' | 'undecided'

/** The part of a history that no order explains. */
export interface Violation {
  /** What was over by then; it is explained. */
  readonly past: readonly Operation[]
  /** What the key held after the past, the only state that it can have had. */
  readonly before: State
  readonly operations: readonly Operation[]
}

type History = readonly Operation[]

/** One call of one thread on anything. Times are nanoseconds of one clock for all threads. */
export interface Timed {
  readonly thread: number
  readonly invoked: number
  readonly returned: number
  /** Its thread was terminated inside: it may have taken effect until `returned`, or never will. */
  readonly pending?: boolean
}

/** What calls do when no other thread is there. */
export interface Model<State, Op extends Timed> {
  readonly empty: State
  /** The state after the call; undefined when it would have answered something else. */
  step(state: State, op: Op): State | undefined
  /** Equal for two states after the same calls when and only when they are the same state. */
  nameOf(state: State): string
}

const oneKey: Model<State, Operation> = { empty, step, nameOf }

const shownOfPast = 4

/** How many different situations are looked at: some seconds, and far more than a decided history ever took. */
const patience = 300_000

// The clock of x86 is the same on all cores and ordered with the calls. That of ARM may be read 100 ns out of step.
const slack = process.arch === 'x64' ? 0 : 1_000

export function judge(history: History, before: State = empty): Verdict {
  return judgeBy(oneKey, history, before)
}

/** Whether the calls could be the work of one thread after the other, by any model. */
export function judgeBy<S, Op extends Timed>(
  model: Model<S, Op>,
  history: readonly Op[],
  before: S = model.empty,
): Verdict {
  try {
    return endings(model, history, before).next().done ? 'violation' : 'linearizable'
  } catch (error) {
    if (error instanceof OutOfPatience) return 'undecided'
    throw error
  }
}

/** The part of a violation that is worth reading. Each cut keeps it one: a linearizable history stays so under all. */
export function shorten(history: History): Violation {
  return withoutWitnesses(fromQuietMoment(untilFirstViolation(history)))
}

/** A violation in words, a call a line, with what came just before it. */
export function describe({ past, before, operations }: Violation): string {
  const calls = [...byTime(past).slice(-shownOfPast), ...byTime(operations)]
  const start = byTime(operations)[0]?.invoked ?? 0
  const lines = calls.map((op) => {
    const end = op.returned < Infinity ? `to ${op.returned - start}` : 'on'
    const died = op.pending && op.returned < Infinity ? ', terminated inside' : ''
    return `  thread ${op.thread}, ns ${op.invoked - start} ${end}${died}: ${describeCall(op)}`
  })
  const versions = before.spent.length === 0 ? '' : ` (versions told so far: ${before.spent.join(', ')})`
  lines.splice(
    calls.length - operations.length,
    0,
    `  here the key holds ${held(before)}${versions}, and then:`,
  )
  return ['no order explains these calls on one key:', ...lines].join('\n')
}

class OutOfPatience extends Error {}

/** A situation of the search: how many operations of each thread are done, one character a thread, and the state. */
interface Situation<S> {
  readonly done: string
  readonly state: S
}

/** Every state in which an explanation of the whole history ends, each for as long as somebody asks. */
function* endings<S, Op extends Timed>(
  { step, nameOf }: Model<S, Op>,
  history: readonly Op[],
  before: S,
): Generator<S> {
  const lanes = lanesOf(history)
  const todo: Situation<S>[] = [{ done: '\0'.repeat(lanes.length), state: before }]
  const seen = new Set<string>()
  for (let here = todo.pop(); here !== undefined; here = todo.pop()) {
    const { done, state } = here
    const heads = lanes.map((lane, at) => lane[done.charCodeAt(at)])
    const first = heads.reduce((least, op) => Math.min(least, op?.returned ?? Infinity), Infinity) + slack
    const candidates = heads.flatMap((op, at) =>
      op !== undefined && op.invoked <= first ? [{ op, at }] : [],
    )
    if (candidates.length === 0) yield state
    // What returned first most likely came first: it goes on top.
    candidates.sort((a, b) => b.op.returned - a.op.returned)
    for (const { op, at } of candidates) {
      const further = done.slice(0, at) + String.fromCharCode(done.charCodeAt(at) + 1) + done.slice(at + 1)
      for (const after of op.pending ? [state, step(state, op)] : [step(state, op)]) {
        if (after === undefined) continue
        const name = further + nameOf(after)
        if (seen.has(name)) continue
        if (seen.add(name).size > patience) throw new OutOfPatience()
        todo.push({ done: further, state: after })
      }
    }
  }
}

/** The operations of each thread, in order. */
function lanesOf<Op extends Timed>(history: readonly Op[]): Op[][] {
  const lanes = [...Map.groupBy(history, (op) => op.thread).values()]
  for (const lane of lanes) {
    lane.sort((a, b) => a.invoked - b.invoked)
    lane.forEach((op, at) => {
      const next = lane[at + 1]
      if (op.returned < op.invoked || (next !== undefined && (op.pending || next.invoked < op.returned))) {
        throw new Error(`thread ${op.thread} is in two calls at once: ${JSON.stringify(op)}`)
      }
    })
  }
  return lanes
}

/** What had happened when the first answer came that cannot be. Calls under way by then are pending. */
function untilFirstViolation(history: History): History {
  const moments = history.flatMap((op) => (op.pending ? [] : [op.returned])).sort((a, b) => a - b)
  const until = (moment = Infinity): History =>
    history
      .filter((op) => op.invoked <= moment)
      .map((op) => (op.returned <= moment ? op : { ...op, pending: true, returned: Infinity }))
  let [most, least] = [moments.length - 1, 0]
  while (least < most) {
    const middle = (least + most) >> 1
    if (judge(until(moments[middle])) === 'violation') most = middle
    else least = middle + 1
  }
  const short = until(moments[most])
  return judge(short) === 'violation' ? short : history
}

/** What came after the last moment at which no call was under way and only one state was possible. */
function fromQuietMoment(operations: History): Violation {
  const moments = operations.map((op) => op.returned).sort((a, b) => b - a)
  for (const moment of moments) {
    const past = operations.filter((op) => op.returned <= moment)
    const rest = operations.filter((op) => op.returned > moment)
    if (rest.length === 0 || rest.some((op) => op.invoked <= moment + slack)) continue
    const before = onlyEnding(past)
    if (before !== undefined && judge(rest, before) === 'violation') return { past, before, operations: rest }
  }
  return { past: [], before: empty, operations }
}

function onlyEnding(history: History): State | undefined {
  try {
    const [first, ...others] = endings(oneKey, history, empty)
    return others.length === 0 ? first : undefined
  } catch (error) {
    if (error instanceof OutOfPatience) return undefined
    throw error
  }
}

/** Leaves out every call that changed nothing and is not needed for the contradiction, or to know a version from. */
function withoutWitnesses({ past, before, operations }: Violation): Violation {
  let rest = operations
  // The last first: who expects a version comes after who was told it.
  for (const op of byTime(operations).filter(changedNothing).toReversed()) {
    if (op.also !== undefined && rest.some(({ expected }) => expected === op.also)) continue
    const fewer = rest.filter((other) => other !== op)
    if (judge(fewer, before) === 'violation') rest = fewer
  }
  return { past, before, operations: rest }
}

function byTime(history: History): History {
  return history.toSorted((a, b) => a.invoked - b.invoked)
}

function held({ value, version }: State): string {
  return `${value ?? 'nothing'}${version === undefined ? '' : ` at version ${version}`}`
}

function describeCall(op: Operation): string {
  const given = [op.expected, op.value].filter((each) => each !== undefined)
  if (op.name === 'compareAndSet' && op.expected === undefined) given.unshift('ABSENT')
  const call = `${op.name}(${given.join(', ')})`
  if (op.pending) return call
  switch (op.name) {
    case 'set':
    case 'setMany':
      return call
    case 'getEntry':
      return `${call} -> ${op.answer === undefined ? 'nothing' : `${op.answer} at version ${op.also}`}`
    case 'update':
    case 'updateToAdd':
    case 'updateToRemove':
      return `${call}, shown ${op.also ?? 'nothing'} -> ${op.answer ?? 'nothing'}`
    default:
      return `${call} -> ${op.answer ?? 'nothing'}`
  }
}
