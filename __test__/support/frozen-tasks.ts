// What threads do with frozen and tiered maps: run by a crew.
import { ConcurrentMap, FrozenMap, TieredMap } from '../../index.ts'

/** Reads each key from 0 to `count`, each its own square; gives those that are wrong. */
export function misread(path: string, count: number): number[] {
  using map = FrozenMap.open<number, number>(path)
  const wrong: number[] = []
  for (let key = 0; key < count; key++) if (map.get(key) !== key * key) wrong.push(key)
  if (map.has(count) || map.size !== count || [...map].length !== count) wrong.push(count)
  return wrong
}

/** Leaves a frozen map open. */
export function holdOpen(path: string): number {
  const map = FrozenMap.open(path)
  Reflect.set(globalThis, `held ${path}`, map)
  return map.size
}

/** Freezes the named map again and again. */
export function freezeOften(name: string, path: string, times: number): void {
  const map = ConcurrentMap.open(name)
  for (let i = 0; i < times; i++) map.freeze(path)
}

/** Opens the file again and again while it is being replaced; gives the sizes seen. */
export function openOften(path: string, times: number): number[] {
  const sizes = new Set<number>()
  for (let i = 0; i < times; i++) {
    using map = FrozenMap.open(path, { verify: true })
    sizes.add([...map.keys()].length)
  }
  return [...sizes]
}

function tier(name: string, cold: string): TieredMap<number, number> {
  return TieredMap.open(name, { cold })
}

/** Adds one to each key, reading all of them twice as well, which promotes and evicts. */
export function addToAll(name: string, cold: string, keys: number, rounds: number): void {
  const map = tier(name, cold)
  for (let round = 0; round < rounds; round++) {
    for (let key = 0; key < keys; key++) {
      if (key % 4 === 0) map.add(key, 1)
      else if (map.get(key) !== key * key || map.get(key) !== key * key) throw new Error(`${key} is wrong`)
    }
  }
}

/** Takes each key once; gives how many this thread got. A key that is gone must stay so. */
export function takeAll(name: string, cold: string, keys: number): number {
  const map = tier(name, cold)
  let taken = 0
  for (let key = 0; key < keys; key++) {
    map.get(key)
    if (map.take(key) !== undefined) taken++
    if (map.get(key) !== undefined || map.has(key)) throw new Error(`${key} came back`)
  }
  return taken
}

/** Puts each key back that was taken; gives how many this thread was first to put. */
export function putBack(name: string, cold: string, keys: number): number {
  const map = tier(name, cold)
  let put = 0
  for (let key = 0; key < keys; key++) if (map.setIfAbsent(key, -key)) put++
  return put
}
