// What operations on a whole map do when no other thread is there: the sequential model of whole-map histories.
// Invariant: `step` accepts an answer exactly when one thread alone could have got it. A content is three keys; it
// shares no code with the package.
import type { Model, Timed } from './linearizable.ts'

/** What the three keys hold. */
export type Content = readonly (number | null)[]

export const keys = 3

export type WholeName =
  | ('get' | 'set' | 'delete' | 'snapshot' | 'size')
  | ('clear' | 'replaceAll' | 'move' | 'exchange' | 'sum')

/** What every variant does at one moment. */
export const everywhere: readonly WholeName[] = ['get', 'set', 'delete', 'snapshot']
/** What the variant 'snapshot' does at one moment. */
export const atOnce: readonly WholeName[] = [
  ...everywhere,
  ...(['size', 'clear', 'replaceAll', 'move', 'exchange', 'sum'] as const),
]

export interface WholeOperation extends Timed {
  readonly name: WholeName
  readonly key: number
  readonly other: number
  readonly value: number
  readonly answer: Content | number | boolean | null
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)
const put = (content: Content, changes: Readonly<Record<number, number | null>>): Content =>
  content.map((held, key) => (key in changes ? (changes[key] as number | null) : held))

/** What `replaceAll` makes of the map. */
export const replacement = (value: number): Content => [value, null, value + 1]

function outcome(held: Content, op: WholeOperation): readonly [after: Content, answer: unknown] {
  const [one, two] = [held[op.key] as number | null, held[op.other] as number | null]
  switch (op.name) {
    case 'get':
      return [held, one]
    case 'set':
      return [put(held, { [op.key]: op.value }), null]
    case 'delete':
      return [put(held, { [op.key]: null }), one !== null]
    case 'snapshot':
      return [held, held]
    case 'size':
      return [held, held.filter((value) => value !== null).length]
    case 'clear':
      return [[null, null, null], null]
    case 'replaceAll':
      return [replacement(op.value), null]
    case 'move':
      // Writes to both what it knows of the other.
      return [put(held, { [op.key]: (two ?? 0) + op.value, [op.other]: one ?? 0 }), [one, two]]
    case 'exchange':
      return [put(held, { [op.key]: two, [op.other]: one }), [one, two]]
    case 'sum':
      return [held, held.reduce<number>((sum, value) => sum + (value ?? 0), 0)]
  }
}

export const wholeMap: Model<Content, WholeOperation> = {
  empty: [null, null, null],
  step(held, op) {
    const [after, answer] = outcome(held, op)
    return same(answer, op.answer) ? after : undefined
  },
  nameOf: (held) => held.join('/'),
}
