// The ways in which a thread may use a map: as it is, through refs, or with a near cache in front.
// Invariant: what comes out works as the map does, so every suite that runs on a map runs on it in each way.
import { ConcurrentMap, type EntryRef, type MapHandle, type MapOptions } from '../../index.ts'

export type Way = 'as it is' | 'through refs' | 'with a near cache'
export const ways: readonly Way[] = ['as it is', 'through refs', 'with a near cache']

type Any = ConcurrentMap<never, never>
type Method = (...args: unknown[]) => unknown

/** The operations that a ref has. */
export const operationsOfRefs: readonly (keyof EntryRef)[] = [
  ...(['get', 'has', 'set', 'delete', 'swap', 'take', 'setIfAbsent', 'replace'] as const),
  ...(['compareAndSet', 'compareAndDelete', 'getOrInsert', 'getOrInsertComputed'] as const),
  ...(['add', 'max', 'min', 'update', 'getEntry', 'setIfVersion', 'deleteIfVersion'] as const),
]

/** Few enough that some are made again and again. */
const nearEntries = 8

/** The options of a map that is used in that way. */
export function optionsFor(way: Way, options: MapOptions): MapOptions {
  return way === 'with a near cache' ? { ...options, near: { entries: nearEntries } } : options
}

/** The map of the handle, opened to be used in that way. */
export function attachFor<K extends string | number, V>(way: Way, handle: MapHandle): ConcurrentMap<K, V> {
  return ConcurrentMap.attach<K, V>(handle, optionsFor(way, {}))
}

/** The operations of the map on one key, each through a ref: one ref for a key, as long as the key is a primitive. */
export function refMethods(map: object): Record<string, Method> {
  const refs = new Map<unknown, EntryRef>()
  const refOf = (key: unknown): EntryRef => {
    const ref = refs.get(key) ?? (map as Any).ref(key as never)
    if (typeof key !== 'object') refs.set(key, ref as never)
    return ref as EntryRef
  }
  const methods = operationsOfRefs.map((name): [string, Method] => [
    name,
    (key, ...rest) => (refOf(key)[name] as Method).apply(refOf(key), rest),
  ])
  return Object.fromEntries(methods)
}

/** The map, whose operations on one key go through refs. */
export function throughRefs(map: object): object {
  const methods = refMethods(map)
  const view: object = new Proxy(map, {
    get(target, name) {
      if (name === 'set') {
        return (key: unknown, value: unknown) => {
          methods.set?.(key, value)
          return view
        }
      }
      if (name === 'setMany') {
        return (entries: never) => {
          ;(target as Any).setMany(entries)
          return view
        }
      }
      if (name === 'forEach') {
        return (visit: Method) => (target as Any).forEach((value, key) => visit(value, key, view))
      }
      const method = typeof name === 'string' ? methods[name] : undefined
      const own: unknown = method ?? Reflect.get(target, name, target)
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
  return view
}
