// A thread that works on whole maps together with others, round by round, and tells every call. Run by Crew.
// Invariant: the call of the map lies between the two readings of the clock. Each round begins with an empty map.
import { ConcurrentMap, type MapHandle, type Snapshot, type Transaction } from '../../index.ts'
import { meet } from '../support/barrier.ts'
import { pause } from '../support/broken.ts'
import { random } from '../support/life-threads.ts'
import { type Content, keys, replacement, type WholeName, type WholeOperation } from '../support/whole-map.ts'

type Real = ConcurrentMap<string, number>
type Tx = Pick<Transaction<string, number>, 'get' | 'set' | 'delete'>

/** What the recorder needs of a map. */
interface Subject {
  get(key: string): number | undefined
  set(key: string, value: number): unknown
  delete(key: string): boolean
  clear(): void
  size(): number
  replaceAll(entries: [string, number][]): void
  snapshot(names: readonly string[]): Content
  transact<R>(work: (tx: Tx) => R): R
}

export interface WholePlace {
  readonly handle: MapHandle
  readonly broken: string | undefined
  readonly operations: readonly WholeName[]
  readonly seats: Int32Array
  readonly parties: number
  readonly me: number
  readonly rounds: number
  readonly seed: number
}

const plain = (real: Real): Subject => ({
  get: (key) => real.get(key),
  set: (key, value) => real.set(key, value),
  delete: (key) => real.delete(key),
  clear: () => real.clear(),
  size: () => real.size,
  replaceAll: (entries) => void real.replaceAll(entries),
  snapshot(names) {
    using snapshot: Snapshot<string, number> = real.snapshot()
    return names.map((name) => snapshot.get(name) ?? null)
  },
  transact: (work) => real.transact(work),
})

/** Each broken the way a plausible mistake would break it; on the public API of a real map alone. */
const broken: Readonly<Record<string, (real: Real) => Partial<Subject>>> = {
  'a snapshot reads key after key': (real) => ({
    snapshot: (names) =>
      names.map((name) => {
        const value = real.get(name) ?? null
        pause()
        return value
      }),
  }),
  'clear removes key after key': (real) => ({
    clear() {
      for (const key of [...real.keys()]) {
        real.delete(key)
        pause()
      }
    },
  }),
  'replaceAll is clear, then setMany': (real) => ({
    replaceAll(entries) {
      real.clear()
      pause()
      real.setMany(entries)
    },
  }),
  'a transaction writes at once what it writes': (real) => ({
    transact(work) {
      return work({
        get(key) {
          const value = real.get(key)
          pause()
          return value
        },
        set(key, value) {
          real.set(key, value)
          pause()
          return this as never
        },
        delete: (key) => real.delete(key),
      })
    },
  }),
  'a transaction commits whatever has changed since it read': (real) => ({
    transact(work) {
      const writes = new Map<string, number | undefined>()
      const seen = real.snapshot()
      const result = work({
        get: (key) => (writes.has(key) ? writes.get(key) : seen.get(key)),
        set(key, value) {
          writes.set(key, value)
          return this as never
        },
        delete: (key) => writes.set(key, undefined) !== undefined,
      })
      seen.close()
      pause()
      real.transact((tx) => {
        for (const [key, value] of writes) value === undefined ? tx.delete(key) : tx.set(key, value)
      })
      return result
    },
  }),
}

/** What a mistake can be seen by. */
export const mistakes: readonly string[] = Object.keys(broken)

export function play(place: WholePlace): WholeOperation[][] {
  using real = ConcurrentMap.attach<string, number>(place.handle)
  const subject = { ...plain(real), ...(place.broken === undefined ? {} : broken[place.broken]?.(real)) }
  const draw = random(place.seed + place.me * 7_919)
  return Array.from({ length: place.rounds }, (_, round): WholeOperation[] => {
    const names = Array.from({ length: keys }, (_, key) => `${round}:${key}`)
    const planned = Array.from({ length: 3 + draw(4) }, (_, index) => {
      const key = draw(keys)
      return {
        name: place.operations[draw(place.operations.length)] as WholeName,
        key,
        other: (key + 1 + draw(keys - 1)) % keys,
        value: (index + 1) * 100 + place.me * 10,
      }
    })
    meet(place)
    if (place.me === 0) real.clear()
    meet(place)
    return planned.map((plan): WholeOperation => {
      const invoked = process.hrtime.bigint()
      const answer = act(subject, names, plan)
      const returned = process.hrtime.bigint()
      return { ...plan, thread: place.me, answer, invoked: Number(invoked), returned: Number(returned) }
    })
  })
}

function act(
  map: Subject,
  names: readonly string[],
  { name, key, other, value }: Pick<WholeOperation, 'name' | 'key' | 'other' | 'value'>,
): WholeOperation['answer'] {
  const [one, two] = [names[key] as string, names[other] as string]
  switch (name) {
    case 'get':
      return map.get(one) ?? null
    case 'set':
      map.set(one, value)
      return null
    case 'delete':
      return map.delete(one)
    case 'snapshot':
      return map.snapshot(names)
    case 'size':
      return map.size()
    case 'clear':
      map.clear()
      return null
    case 'replaceAll':
      map.replaceAll(
        replacement(value).flatMap((held, at) =>
          held === null ? [] : [[names[at] as string, held] as [string, number]],
        ),
      )
      return null
    case 'move':
      return map.transact((tx) => {
        const held = [tx.get(one) ?? null, tx.get(two) ?? null]
        tx.set(one, (held[1] ?? 0) + value)
        tx.set(two, held[0] ?? 0)
        return held
      })
    case 'exchange':
      return map.transact((tx) => {
        const held = [tx.get(one), tx.get(two)]
        for (const [to, from] of [
          [one, held[1]],
          [two, held[0]],
        ] as const) {
          if (from === undefined) tx.delete(to)
          else tx.set(to, from)
        }
        return held.map((each) => each ?? null)
      })
    case 'sum':
      return map.transact((tx) => names.reduce((sum, each) => sum + (tx.get(each) ?? 0), 0))
  }
}
