// What the workers of exactness.spec.ts do: all at once, the same operation on the same keys.
// Invariant: each round begins at a barrier, and what a worker returns is what it was told by the map, unjudged.
import { ConcurrentMap, type MapHandle } from '../../index.ts'
import { meet } from './barrier.ts'

/** One worker's place in a contest. */
export interface Place {
  readonly handle: MapHandle
  readonly seats: Int32Array
  readonly me: number
  readonly parties: number
}

export interface Rounds {
  readonly rounds: number
  readonly keysPerRound: number
}

type Key = number
type Cell = number | bigint
type Counters = ConcurrentMap<string, Cell>
type Attempt = (map: ConcurrentMap<Key, unknown>, key: Key, me: number, version: never) => boolean

/** Each returns whether this worker has won the key; exactly one of all workers may. */
const attempts: Readonly<Record<Contest, Attempt>> = {
  compareAndDelete: (map, key) => map.compareAndDelete(key, 'free'),
  compareAndSet: (map, key, me) => map.compareAndSet(key, 'free', me),
  compareAndSetAbsent: (map, key, me) => map.compareAndSet(key, ConcurrentMap.ABSENT, me),
  delete: (map, key) => map.delete(key),
  deleteIfVersion: (map, key, _, version) => map.deleteIfVersion(key, version),
  deleteMany: (map, key) => map.deleteMany([key]) === 1,
  setIfAbsent: (map, key, me) => map.setIfAbsent(key, me),
  setIfVersion: (map, key, me, version) => map.setIfVersion(key, me, version),
  swap: (map, key, me) => map.swap(key, me) === 'free',
  take: (map, key) => map.take(key) === 'free',
  update: (map, key, me) => map.update(key, (old) => (old === 'free' ? me : old)) === me,
  updateToRemove: (map, key) => removesByUpdate(map, key),
}

export type Contest =
  | 'compareAndDelete'
  | 'compareAndSet'
  | 'compareAndSetAbsent'
  | 'delete'
  | 'deleteIfVersion'
  | 'deleteMany'
  | 'setIfAbsent'
  | 'setIfVersion'
  | 'swap'
  | 'take'
  | 'update'
  | 'updateToRemove'

/** All workers leave this at once. They are numbered from 1 here, so that what one writes is never 0. */
function begin({ seats, me, parties }: Place): void {
  meet({ seats, me: me - 1, parties })
}

/** One byte a key: 1 where this worker won. */
export function win(place: Place, contest: Contest, { rounds, keysPerRound }: Rounds): Uint8Array {
  using map = ConcurrentMap.attach<Key, unknown>(place.handle)
  const attempt = attempts[contest]
  const won = new Uint8Array(rounds * keysPerRound)
  for (let first = 0; first < won.length; first += keysPerRound) {
    const keys = Array.from({ length: keysPerRound }, (_, index) => first + index)
    const versions = keys.map((key) => map.getEntry(key)?.version)
    begin(place)
    keys.forEach((key, index) => {
      won[key] = attempt(map, key, place.me, versions[index] as never) ? 1 : 0
    })
  }
  return won
}

/** One value a key: what getOrInsert or getOrInsertComputed answered this worker. */
export function insertOnce(place: Place, computed: boolean, { rounds, keysPerRound }: Rounds): number[] {
  using map = ConcurrentMap.attach<Key, number>(place.handle)
  const answers: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    begin(place)
    for (let index = 0; index < keysPerRound; index += 1) {
      const key = round * keysPerRound + index
      const compute = () => place.me
      answers.push(computed ? map.getOrInsertComputed(key, compute) : map.getOrInsert(key, place.me))
    }
  }
  return answers
}

/** Counts up `times` times on one key and returns every number it was told. */
export function count(place: Place, how: Counting, times: number): Cell[] {
  using map = ConcurrentMap.attach<string, Cell>(place.handle)
  const told: Cell[] = []
  begin(place)
  for (let time = 0; time < times; time += 1) told.push(...countings[how](map))
  return told
}

const countings: Readonly<Record<Counting, (map: Counters) => Cell[]>> = {
  'add of 1': (map) => [map.add('n', 1)],
  'add of 1n': (map) => [map.add('n', 1n)],
  'addMany of two deltas': (map) => map.addMany([...pair]),
  'update with an increment': (map) => [map.update('n', increment) as Cell],
  'compareAndSet in a loop': (map) => [incrementByCompareAndSet(map)],
  'setIfVersion in a loop': (map) => [incrementByVersion(map)],
}

export type Counting =
  | 'add of 1'
  | 'add of 1n'
  | 'addMany of two deltas'
  | 'update with an increment'
  | 'compareAndSet in a loop'
  | 'setIfVersion in a loop'

/** Adds 1 to every key, again and again; the last worker takes the counts away meanwhile and sums them up. */
export function addOrTake(place: Place, keyCount: number, times: number): number {
  using map = ConcurrentMap.attach<Key, number>(place.handle)
  let taken = 0
  begin(place)
  for (let time = 0; time < times; time += 1) {
    for (let key = 0; key < keyCount; key += 1) {
      if (place.me === place.parties) taken += map.take(key) ?? 0
      else map.add(key, 1)
    }
  }
  return taken
}

/** Pushes ever greater numbers up by max, or ever lesser down by min; returns the first step backwards it sees. */
export function stretch(
  place: Place,
  how: 'max' | 'min',
  keyCount: number,
  times: number,
): string | undefined {
  using map = ConcurrentMap.attach<Key, number>(place.handle)
  const sign = how === 'max' ? 1 : -1
  const reached = new Array<number>(keyCount).fill(0)
  begin(place)
  for (let time = 1; time <= times; time += 1) {
    const key = time % keyCount
    const mine = time * place.parties + place.me
    const told = map[how](key, mine * sign) * sign
    const read = (map.get(key) as number) * sign
    if (told < Math.max(mine, reached[key] as number)) return `${how} told ${told} after ${reached[key]}`
    if (read < told) return `get read ${read} after ${how} told ${told}`
    reached[key] = read
  }
  return undefined
}

/** Inserts and removes the same few keys again and again; returns how many more went in than came out. */
export function insertAndRemove(place: Place, remover: Contest, keyCount: number, times: number): number {
  using map = ConcurrentMap.attach<Key, unknown>(place.handle)
  const remove = attempts[remover]
  let balance = 0
  begin(place)
  for (let time = 0; time < times; time += 1) {
    const key = time % keyCount
    if (map.setIfAbsent(key, 'free')) balance += 1
    const version = remover === 'deleteIfVersion' ? map.getEntry(key)?.version : undefined
    if (remover === 'deleteIfVersion' && version === undefined) continue
    if (remove(map, key, place.me, version as never)) balance -= 1
  }
  return balance
}

/** Swaps tokens of its own through a few keys and returns the tokens that came out. */
export function swapChain(place: Place, keyCount: number, times: number): string[] {
  using map = ConcurrentMap.attach<Key, string>(place.handle)
  const out: string[] = []
  begin(place)
  for (let time = 0; time < times; time += 1) {
    const old = map.swap(time % keyCount, `token ${time} of ${place.me}`)
    if (old !== undefined) out.push(old)
  }
  return out
}

const pair = [
  ['n', 1],
  ['n', 1],
] as const

function increment(old: Cell | undefined): number {
  return Number(old ?? 0) + 1
}

function incrementByCompareAndSet(map: Counters): number {
  for (;;) {
    const old = map.get('n')
    const expected = old === undefined ? ConcurrentMap.ABSENT : old
    if (map.compareAndSet('n', expected, increment(old))) return increment(old)
  }
}

function incrementByVersion(map: Counters): number {
  for (;;) {
    const entry = map.getEntry('n')
    if (entry === undefined) map.setIfAbsent('n', 0)
    else if (map.setIfVersion('n', increment(entry.value), entry.version)) return increment(entry.value)
  }
}

function removesByUpdate(map: ConcurrentMap<Key, unknown>, key: Key): boolean {
  let old: unknown
  map.update(key, (current) => {
    old = current
    return ConcurrentMap.ABSENT
  })
  return old === 'free'
}
