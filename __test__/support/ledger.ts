// Where worker threads write down what they do, so that nothing is lost when one of them is terminated: shared memory.
// Invariant: only its own thread writes a row, in this order: the call, the time before, the time after. A row without
// the time before never happened, one without the time after was under way when its thread died. No atomics: a fence
// between two operations could hide what is looked for, and main reads after the threads have told or ended.
import { type Answer, type Name, names, type Operation, refused, type Value } from './one-key.ts'

export interface Ledger {
  /** Per row: operation, key, and kind and number of each of value, expected, answer, also. */
  readonly cells: Float64Array
  /** Per row: nanoseconds before and after. */
  readonly times: BigInt64Array
  readonly rounds: number
  /** Rows of one thread in one round. */
  readonly rows: number
}

const width = 10
/** Where the fields of a row begin. */
const at = { name: 0, key: 1, value: 2, expected: 4, answer: 6, also: 8 } as const

const codes: Readonly<Record<string, number>> = Object.fromEntries(names.map((name, code) => [name, code]))
const kinds = { nothing: 0, number: 1, text: 2, long: 3, boolean: 4, refused: 5 } as const

export function createLedger(parties: number, rounds: number, rows: number): Ledger {
  const all = parties * rounds * rows
  return {
    cells: new Float64Array(new SharedArrayBuffer(8 * width * all)),
    times: new BigInt64Array(new SharedArrayBuffer(8 * 2 * all)),
    rounds,
    rows,
  }
}

export function rowOf({ rounds, rows }: Ledger, thread: number, round: number, index: number): number {
  return (thread * rounds + round) * rows + index
}

/** Two kinds of text are in play: one for each way in which a map may hold text. Both say when they are torn. */
export const text = (number: number): string => `text ${number}`
export const long = (number: number): string =>
  `long ${number} ${(number % 2 === 0 ? 'x' : 'ж').repeat(200 + (number % 7))}`

/** What is known of a call before its moment has come. */
export function writePlan({ cells }: Ledger, row: number, key: number, value: unknown): void {
  cells[width * row + at.key] = key
  put(cells, width * row + at.value, value)
}

export function writeCall({ cells }: Ledger, row: number, name: Name, expected: unknown): void {
  cells[width * row + at.name] = codes[name] as number
  put(cells, width * row + at.expected, expected)
}

export function writeAnswer(ledger: Ledger, row: number, answer: unknown, also: unknown): void {
  put(ledger.cells, width * row + at.answer, answer)
  put(ledger.cells, width * row + at.also, also)
}

/** The operation of a row that has been written. */
export function nameOf({ cells }: Ledger, row: number): Name {
  return names[cells[width * row + at.name] as number] as Name
}

/** What a row says, and of which key; undefined when it never happened. `death` is when its thread was known to be dead. */
export function readRow(
  ledger: Ledger,
  row: number,
  thread: number,
  since: bigint,
  death: bigint,
): { readonly key: number; readonly op: Operation } | undefined {
  const { cells, times } = ledger
  const [invoked, returned] = [times[2 * row] as bigint, times[2 * row + 1] as bigint]
  if (invoked === 0n) return undefined
  const pending = returned === 0n
  const op: Operation = {
    thread,
    name: nameOf(ledger, row),
    value: take(cells, width * row + at.value) as Value | undefined,
    expected: take(cells, width * row + at.expected) as Value | undefined,
    invoked: Number(invoked - since),
    returned: Number((pending ? death : returned) - since),
    ...(pending
      ? { pending }
      : {
          answer: take(cells, width * row + at.answer),
          also: take(cells, width * row + at.also) as Value | undefined,
        }),
  }
  return { key: cells[width * row + at.key] as number, op }
}

/** The model's name of what a map has answered. @throws when nobody ever wrote that. */
export function named(answer: unknown): Answer {
  const cells = new Float64Array(2)
  put(cells, 0, answer)
  return take(cells, 0)
}

function put(cells: Float64Array, index: number, value: unknown): void {
  const [kind, number] = coded(value)
  cells[index] = kind
  cells[index + 1] = number
}

function coded(value: unknown): readonly [kind: number, number: number] {
  if (value === undefined) return [kinds.nothing, 0]
  if (value === refused) return [kinds.refused, 0]
  if (typeof value === 'number') return [kinds.number, value]
  if (typeof value === 'boolean') return [kinds.boolean, Number(value)]
  const number = Number(typeof value === 'string' ? value.split(' ')[1] : Number.NaN)
  if (value === text(number)) return [kinds.text, number]
  if (value === long(number)) return [kinds.long, number]
  throw new Error(`the map gave a value that nobody wrote: ${String(value)}`)
}

function take(cells: Float64Array, index: number): Answer {
  const number = cells[index + 1] as number
  switch (cells[index]) {
    case kinds.nothing:
      return undefined
    case kinds.refused:
      return refused
    case kinds.number:
      return number
    case kinds.boolean:
      return number === 1
    case kinds.text:
      return `text ${number}`
    default:
      return `long ${number}`
  }
}
