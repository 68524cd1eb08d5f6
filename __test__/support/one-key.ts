// What each operation does to one key when no other thread is there: the sequential model of the linearizability check.
// Invariant: `step` is the whole contract. It accepts an answer exactly when one thread alone could have got it, and it
// shares no code with the package. A version is known only once somebody was told it: two answers are the same
// version when and only when nobody changed the entry in between.

/** The operations. `updateToAdd` and `updateToRemove` are update with another callback; bulk ones get one key. */
export type Name =
  | ('get' | 'getMany' | 'has' | 'getEntry')
  | ('set' | 'setMany' | 'swap' | 'setIfAbsent' | 'replace' | 'compareAndSet' | 'setIfVersion')
  | ('delete' | 'deleteMany' | 'take' | 'compareAndDelete' | 'deleteIfVersion')
  | ('getOrInsert' | 'getOrInsertComputed' | 'add' | 'addMany' | 'max' | 'min')
  | ('update' | 'updateToAdd' | 'updateToRemove')

/** What a key holds. Texts stand here by a short name of their own (`ledger.ts` writes and reads them). */
export type Value = number | string
export type Answer = Value | boolean | undefined

/** The answer of arithmetic over an entry that is no number: it throws and changes nothing. */
export const refused = 'refused'

/** One call of one thread, as seen from outside. Times are nanoseconds of one clock for all threads. */
export interface Operation {
  readonly thread: number
  readonly name: Name
  /** What it writes or adds. */
  readonly value?: Value | undefined
  /** The value that it expects (undefined: no entry), or the version. */
  readonly expected?: Value | undefined
  readonly invoked: number
  readonly returned: number
  readonly answer?: Answer
  /** The version that getEntry tells; what the callback of an update was shown. */
  readonly also?: Value | undefined
  /** Its thread was terminated inside: it may have taken effect until `returned`, or never will. */
  readonly pending?: boolean
}

export interface State {
  readonly value: Value | undefined
  /** The version of the entry if somebody was told it. */
  readonly version: number | undefined
  /** Every version told so far: none comes back. It follows from the operations done, so it is no part of `nameOf`. */
  readonly spent: readonly number[]
}

export const empty: State = { value: undefined, version: undefined, spent: [] }

/** Equal for two states after the same operations when and only when they are the same state. */
export function nameOf({ value, version }: State): string {
  return `${typeof value === 'string' ? '"' : ''}${value}/${version}`
}

const keep = Symbol('the entry stays as it is')

type Outcome = readonly [after: Value | undefined | typeof keep, answer: Answer, also?: Value | undefined]
type Rule = (old: Value | undefined, op: Operation, state: State) => Outcome

const read: Rule = (old) => [keep, old]
const write: Rule = (_, op) => [op.value, undefined]
const remove: Rule = (old) => [undefined, old !== undefined]
const insert: Rule = (old, op) => (old === undefined ? [op.value, op.value] : [keep, old])
const add: Rule = (old, op) => number(old, (sum) => sum + (op.value as number), op.value)
const change =
  (make: (old: Value | undefined, op: Operation) => Value | undefined): Rule =>
  (old, op) => [make(old, op), make(old, op), old]

const rules: Readonly<Record<Name, Rule>> = {
  get: read,
  getMany: read,
  has: (old) => [keep, old !== undefined],
  set: write,
  setMany: write,
  delete: remove,
  deleteMany: remove,
  swap: (old, op) => [op.value, old],
  take: (old) => [undefined, old],
  setIfAbsent: (old, op) => when(old === undefined, op.value),
  replace: (old, op) => when(old !== undefined, op.value),
  compareAndSet: (old, op) => when(old === op.expected, op.value),
  compareAndDelete: (old, op) => when(old !== undefined && old === op.expected, undefined),
  getOrInsert: insert,
  getOrInsertComputed: insert,
  add,
  addMany: add,
  max: (old, op) => number(old, (held) => Math.max(held, op.value as number), op.value),
  min: (old, op) => number(old, (held) => Math.min(held, op.value as number), op.value),
  update: change((_, op) => op.value),
  updateToAdd: change((old, op) => (typeof old === 'number' ? old + (op.value as number) : op.value)),
  updateToRemove: change(() => undefined),
  getEntry: (old, _, state) => [keep, old, state.version],
  setIfVersion: (_, op, state) => when(hasVersion(op, state), op.value),
  deleteIfVersion: (_, op, state) => when(hasVersion(op, state), undefined),
}

export const names: readonly Name[] = Object.keys(rules) as Name[]

/** The state after the operation; undefined when it would have answered something else. */
export function step(state: State, op: Operation): State | undefined {
  if (op.name === 'getEntry' && state.version === undefined) return reveal(state, op)
  const [after, answer, also] = rules[op.name](state.value, op, state)
  if (!op.pending && (answer !== op.answer || also !== op.also)) return undefined
  return after === keep ? state : { value: after, version: undefined, spent: state.spent }
}

/** Whether the answer says that nothing was changed. Such a call can be left out: what explained it explains the rest. */
export function changedNothing(op: Operation): boolean {
  if (op.pending) return false
  switch (op.name) {
    case 'get':
    case 'getMany':
    case 'has':
    case 'getEntry':
      return true
    case 'take':
      return op.answer === undefined
    default:
      return op.answer === false || op.answer === refused
  }
}

/** The first telling of a version: any that was never told before. */
function reveal(state: State, op: Operation): State | undefined {
  if (op.pending) return state
  if (op.answer !== state.value) return undefined
  if (state.value === undefined) return op.also === undefined ? state : undefined
  if (typeof op.also !== 'number' || state.spent.includes(op.also)) return undefined
  return { value: state.value, version: op.also, spent: [...state.spent, op.also] }
}

/** A version that nobody was told of this entry is none that anybody can expect. */
function hasVersion(op: Operation, { version }: State): boolean {
  return version !== undefined && version === op.expected
}

function when(holds: boolean, after: Value | undefined): Outcome {
  return holds ? [after, true] : [keep, false]
}

function number(old: Value | undefined, make: (held: number) => number, first: Value | undefined): Outcome {
  if (typeof old === 'string') return [keep, refused]
  if (old === undefined) return [first, first]
  const made = make(old)
  return made === old ? [keep, old] : [made, made]
}
