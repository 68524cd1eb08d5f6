// What the writers of iteration.spec.ts do while another thread iterates.
// Invariant: they never delete a key that starts with 'stable', and stop when the flag is raised.
import { ConcurrentMap, type MapHandle } from '../../index.ts'

const raised = 1

/** The writers' shared words: whether to stop, and how many have begun. */
export function createFlag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8))
}

export function raise(flag: Int32Array): void {
  Atomics.store(flag, 0, raised)
}

/** Resolves once that many writers write. */
export async function begun(flag: Int32Array, writers: number): Promise<void> {
  for (let now = 0; now < writers; now = Atomics.load(flag, 1)) await Atomics.waitAsync(flag, 1, now).value
}

function begin(flag: Int32Array): void {
  Atomics.add(flag, 1, 1)
  Atomics.notify(flag, 1)
}

/** Grows the map by thousands of keys and shrinks it again until told to stop; returns how often. */
export function growAndShrink(handle: MapHandle, flag: Int32Array, me: number): number {
  using map = ConcurrentMap.attach<string, number>(handle)
  const keys = Array.from({ length: 2_000 }, (_, index) => `passing ${me} ${index}`)
  let turns = 0
  while (Atomics.load(flag, 0) !== raised) {
    map.setMany(keys.map((key) => [key, turns]))
    map.deleteMany(keys)
    turns += 1
    if (turns === 1) begin(flag)
  }
  return turns
}

/** Writes stable keys again and inserts and deletes single keys beside them until told to stop. */
export function writeSingleKeys(handle: MapHandle, flag: Int32Array, stable: number): number {
  using map = ConcurrentMap.attach<string, number>(handle)
  let turns = 0
  while (Atomics.load(flag, 0) !== raised) {
    map.set(`stable ${turns % stable}`, turns)
    map.add(`stable ${(turns * 7) % stable}`, 1)
    map.set(`single ${turns % 500}`, turns)
    map.take(`single ${(turns * 3) % 500}`)
    turns += 1
    if (turns === 1) begin(flag)
  }
  return turns
}

/** Iterates in the worker's own thread: how often each stable key came, and keys that came twice. */
export function countVisits(handle: MapHandle, times: number): { rounds: number[]; twice: string[] } {
  using map = ConcurrentMap.attach<string, number>(handle)
  const rounds: number[] = []
  const twice: string[] = []
  for (let time = 0; time < times; time += 1) {
    const seen = new Set<string>()
    for (const key of map.keys()) {
      if (seen.has(key)) twice.push(key)
      seen.add(key)
    }
    rounds.push([...seen].filter((key) => key.startsWith('stable')).length)
  }
  return { rounds, twice }
}
