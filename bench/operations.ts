// The operations that are measured, one line each: `call` is what is timed, `use` keeps its result alive.
// Invariant: both are compiled afresh for each competitor (loop.ts), so they use nothing but their parameters.
import { ABSENT_PREFIX, type Argument, BULK, PREFIX, type Value } from './keys.ts'

/** What a competitor must offer; results may be promises where its loop awaits them. */
export interface MapLike {
  get(key: string): unknown
  has(key: string): unknown
  set(key: string, value: Value): unknown
  delete(key: string): unknown
  add(key: string, delta: number): unknown
  getMany(keys: readonly string[]): unknown
  setMany(entries: readonly (readonly [string, Value])[]): unknown
  addMany(entries: readonly (readonly [string, number])[]): unknown
}

type Shape = Omit<Argument, 'seed'>
type Call = (map: MapLike, argument: never, value: never, i: number) => unknown
type Use = (result: unknown) => number

export interface Operation extends Shape {
  readonly title: string
  readonly call: Call
  readonly use: Use
}

const key: Shape = { takes: 'key', value: 'number', prefix: PREFIX }
const absent: Shape = { ...key, prefix: ABSENT_PREFIX }
const text: Shape = { ...key, value: 'string' }
const keys: Shape = { ...key, takes: 'keys' }
const pairs: Shape = { ...key, takes: 'entries' }

const count: Use = () => 1
const number: Use = (result) => result as number
const truth: Use = (result) => (result === true ? 1 : 0)
const length: Use = (result) => (result as string | unknown[]).length
const nothing: Use = (result) => (result === undefined ? 1 : 0)

// One each, with the share written out: what is compiled afresh has no parameters but these.
const read99 = (m: MapLike, k: string, v: number, i: number): unknown => {
  if (i % 100 === 0) return m.set(k, v)
  return m.get(k)
}
const read90 = (m: MapLike, k: string, v: number, i: number): unknown => {
  if (i % 10 === 0) return m.set(k, v)
  return m.get(k)
}
const read50 = (m: MapLike, k: string, v: number, i: number): unknown => {
  if (i % 2 === 0) return m.set(k, v)
  return m.get(k)
}
const replaceEntry = (m: MapLike, k: string, v: number): unknown => {
  m.delete(k)
  return m.set(k, v)
}

const line = (title: string, shape: Shape, use: Use, call: Call): Operation => ({
  ...shape,
  title,
  use,
  call,
})

// `as Operation` says nothing new, but lets each line's type be read off without inference.
const lines = {
  get: line('get(string16) -> number', key, number, (m, k) => m.get(k)) as Operation,
  miss: line('get of an absent key', absent, nothing, (m, k) => m.get(k)) as Operation,
  has: line('has of a present key', key, truth, (m, k) => m.has(k)) as Operation,
  set: line('set(string16, number)', key, count, (m, k, v) => m.set(k, v)) as Operation,
  add: line('add(string16, 1)', key, number, (m, k) => m.add(k, 1)) as Operation,
  getText: line('get(string16) -> string64', text, length, (m, k) => m.get(k)) as Operation,
  setText: line('set(string16, string64)', text, count, (m, k, v) => m.set(k, v)) as Operation,
  churn: line('delete + set of one key (the pair)', key, count, replaceEntry) as Operation,
  read99: line('99 % get, 1 % set, numbers', key, count, read99) as Operation,
  mixed: line('90 % get, 10 % set, numbers', key, count, read90) as Operation,
  read50: line('50 % get, 50 % set, numbers', key, count, read50) as Operation,
  getMany: line(`getMany of ${BULK} (each key)`, keys, length, (m, k) => m.getMany(k)) as Operation,
  setMany: line(`setMany of ${BULK} (each key)`, pairs, count, (m, e) => m.setMany(e)) as Operation,
  addMany: line(`addMany of ${BULK} (each key)`, pairs, length, (m, e) => m.addMany(e)) as Operation,
}

export type OperationName = keyof typeof lines
export const operations: Readonly<Record<OperationName, Operation>> = lines

/** The operations by the share of reads in a hundred: the first axis of the matrix. */
export const BY_READS: readonly (readonly [share: number, OperationName])[] = [
  [100, 'get'],
  [99, 'read99'],
  [90, 'mixed'],
  [50, 'read50'],
  [0, 'set'],
]

/** What the tables of single operations have; the other mixes are the matrix's alone. */
export const operationNames: readonly OperationName[] = (Object.keys(lines) as OperationName[]).filter(
  (name) => name !== 'read99' && name !== 'read50',
)

const READS: readonly OperationName[] = ['get', 'miss', 'has', 'getText', 'getMany']
export const writes = (name: OperationName): boolean => !READS.includes(name)

/** Keys that one call of the operation handles: prices are given a key. */
export const keysPerCall = (name: OperationName): number => (operations[name].takes === 'key' ? 1 : BULK)
