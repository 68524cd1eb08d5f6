// Maps that are not linearizable, each broken the way a plausible mistake would break it: a check made in one step and
// acted on in another, a cache that nobody tells, a write that comes later than it says.
// Invariant: a wrapper works on the public API of a real map alone (the second of those with stamps takes the stamps
// from where refs have them), and who is alone on that map reads what it wrote:
// what is wrong shows between threads (in two of them also in versions), so the tests of one thread pass over it.
import { ABSENT, ConcurrentMap } from '../../index.ts'
import { native } from '../../lib/native.ts'
import { load, PLACE, STAMP, told, Watch } from '../../lib/stamps.ts'
import type { Name } from './one-key.ts'

export type Key = number | string
export type Cell = number | string
type Real = ConcurrentMap<Key, Cell>

/** The operations of a map on its keys. */
export type Subject = Pick<Real, Method>

type Method =
  | ('get' | 'has' | 'set' | 'delete' | 'swap' | 'take' | 'setIfAbsent' | 'replace')
  | ('compareAndSet' | 'compareAndDelete' | 'getOrInsert' | 'getOrInsertComputed' | 'add' | 'max' | 'min')
  | ('update' | 'getEntry' | 'setIfVersion' | 'deleteIfVersion')
  | ('getMany' | 'setMany' | 'deleteMany' | 'addMany')

type Methods = Partial<Record<Method, (...args: never[]) => unknown>>

interface Broken {
  /** The operations that the wrapper can do at all, where that is not every one. */
  readonly operations?: readonly Name[]
  wrap(real: Real): Methods
}

/** The real map with nothing but methods, ready to be mixed with others. */
export function plain(real: Real): Subject {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(ConcurrentMap.prototype))
  const methods = properties.filter(
    ([name, { value }]) => typeof value === 'function' && name !== 'constructor',
  )
  return Object.fromEntries(
    methods.map(([name, { value }]) => [name, value.bind(real)]),
  ) as unknown as Subject
}

/** The real map under the mistake of that name. */
export function breakMap(name: string, real: Real): Subject {
  return { ...plain(real), ...(broken[name] as Broken).wrap(real) } as Subject
}

/** The number by which native code knows the map. */
function idOf(map: Real): number {
  return map.handle.id * 2 ** 12 + map.handle.generation
}

const idle = new Int32Array(new SharedArrayBuffer(4))
let pauses = 0

/** Lets other threads in, on two cores too: every other time it sleeps for some microseconds. */
export function pause(): void {
  pauses += 1
  if (pauses % 2 === 0) Atomics.wait(idle, 0, 0, 0.02)
}

/** `real.get`, and then time for everybody else. */
function look(real: Real, key: Key): Cell | undefined {
  const value = real.get(key)
  pause()
  return value
}

/** Every method of `real`, each after `first` was told its key. */
function after(real: Real, first: (key: Key) => void): Methods {
  const wrapped = Object.entries(plain(real)).map(([name, method]) => [
    name,
    (subject: Key | readonly (Key | readonly Key[])[], ...rest: unknown[]) => {
      first([subject].flat(2)[0] as Key)
      return (method as (...args: unknown[]) => unknown)(subject, ...rest)
    },
  ])
  return Object.fromEntries(wrapped)
}

/** What `max` and `min` are in two steps. */
function extreme(real: Real, of: (a: number, b: number) => number): (key: Key, value: number) => Cell {
  return (key, value) => {
    const old = look(real, key)
    // What throws or keeps the entry is right as it stands.
    if (typeof old !== 'number' || of(old, value) === old)
      return real[of === Math.max ? 'max' : 'min'](key, value)
    real.set(key, value)
    return value
  }
}

export const broken: Readonly<Record<string, Broken>> = {
  'reads come from a cache that hears of no other thread': {
    wrap(real) {
      const cache = new Map<Key, Cell | undefined>()
      return {
        ...after(real, (key) => cache.delete(key)),
        get(key: Key) {
          if (!cache.has(key)) cache.set(key, real.get(key))
          return cache.get(key)
        },
      }
    },
  },
  'a ref gives what it has kept, without a look at its stamp': {
    wrap(real) {
      const kept = new Map<Key, Cell | undefined>()
      return {
        ...after(real, (key) => kept.delete(key)),
        get(key: Key) {
          // Where nothing is under way it is right for a while, as it is with a look at the stamp of another key.
          if (!kept.has(key)) kept.set(key, real.ref(key).get())
          return kept.get(key)
        },
      }
    },
  },
  'a value is kept under the stamp that stands after it was read': {
    wrap(real) {
      const watch = new Watch(real, idOf(real))
      const kept = new Map<Key, readonly [stamp: number, place: number, value: Cell | undefined]>()
      return {
        ...after(real, () => {}),
        get(key: Key) {
          const [stamp, place = 0, old] = kept.get(key) ?? []
          if (load(watch.stamps, place) === stamp) return old
          const value = look(real, key)
          native.getKept(idOf(real), key)
          kept.set(key, [told[STAMP] as number, told[PLACE] as number, value])
          return value
        },
      }
    },
  },
  'get answers what the get before it found': {
    wrap(real) {
      const seen = new Map<Key, Cell | undefined>()
      return {
        ...after(real, (key) => seen.delete(key)),
        get(key: Key) {
          const now = real.get(key)
          const before = seen.has(key) ? seen.get(key) : now
          seen.set(key, now)
          return before
        },
      }
    },
  },
  'set comes true with the next operation of its thread': {
    wrap(real) {
      const late: [Key, Cell][] = []
      return {
        ...after(real, () => real.setMany(late.splice(0))),
        set(key: Key, value: Cell) {
          real.setMany(late.splice(0))
          late.push([key, value])
        },
      }
    },
  },
  'set comes true twice': {
    wrap(real) {
      const again: [Key, Cell][] = []
      const settle = (key: Key): void => {
        // Alone, nobody can tell: it writes again only what it wrote itself in its last operation.
        for (const [held, value] of again.splice(0)) if (held === key) real.set(held, value)
      }
      return {
        ...after(real, settle),
        set(key: Key, value: Cell) {
          settle(key)
          real.set(key, value)
          again.push([key, value])
        },
      }
    },
  },
  'delete is has, then delete': {
    wrap: (real) => ({
      delete(key: Key) {
        const found = look(real, key) !== undefined
        real.delete(key)
        return found
      },
    }),
  },
  'take is get, then delete': {
    wrap: (real) => ({
      take(key: Key) {
        const found = look(real, key)
        real.delete(key)
        return found
      },
    }),
  },
  'swap is get, then set': {
    wrap: (real) => ({
      swap(key: Key, value: Cell) {
        const found = look(real, key)
        real.set(key, value)
        return found
      },
    }),
  },
  'setIfAbsent is has, then set': {
    wrap: (real) => ({
      setIfAbsent(key: Key, value: Cell) {
        const free = look(real, key) === undefined
        if (free) real.set(key, value)
        return free
      },
    }),
  },
  'replace is has, then set': {
    wrap: (real) => ({
      replace(key: Key, value: Cell) {
        const found = look(real, key) !== undefined
        if (found) real.set(key, value)
        return found
      },
    }),
  },
  'compareAndSet is get, then set': {
    wrap: (real) => ({
      compareAndSet(key: Key, expected: Cell | typeof ABSENT, value: Cell) {
        const holds = look(real, key) === (expected === ABSENT ? undefined : expected)
        if (holds) real.set(key, value)
        return holds
      },
    }),
  },
  'compareAndSet writes first, and takes it back when it should not have': {
    wrap: (real) => ({
      compareAndSet(key: Key, expected: Cell | typeof ABSENT, value: Cell) {
        const old = real.swap(key, value)
        if (old === (expected === ABSENT ? undefined : expected)) return true
        pause()
        if (old === undefined) real.delete(key)
        else real.set(key, old)
        return false
      },
    }),
  },
  'compareAndDelete is get, then delete': {
    wrap: (real) => ({
      compareAndDelete(key: Key, expected: Cell) {
        const holds = look(real, key) === expected
        if (holds) real.delete(key)
        return holds
      },
    }),
  },
  'getOrInsert is get, then set': {
    wrap: (real) => ({
      getOrInsert(key: Key, value: Cell) {
        const found = look(real, key)
        if (found === undefined) real.set(key, value)
        return found ?? value
      },
    }),
  },
  'add is get, then set': {
    wrap: (real) => ({
      add(key: Key, delta: number) {
        const old = look(real, key) ?? 0
        if (typeof old === 'string') return real.add(key, delta)
        real.set(key, old + delta)
        return old + delta
      },
    }),
  },
  'max is get, then set': { wrap: (real) => ({ max: extreme(real, Math.max) }) },
  'min is get, then set': { wrap: (real) => ({ min: extreme(real, Math.min) }) },
  'update is get, then set': {
    wrap: (real) => ({
      update(key: Key, change: (old: Cell | undefined) => Cell | typeof ABSENT) {
        const made = change(look(real, key))
        if (made === ABSENT) real.delete(key)
        else real.set(key, made)
        return made === ABSENT ? undefined : made
      },
    }),
  },
  'getEntry reads the value, then the version': {
    wrap: (real) => ({
      getEntry(key: Key) {
        const value = look(real, key)
        const entry = real.getEntry(key)
        return entry && { value: value ?? entry.value, version: entry.version }
      },
    }),
  },
  'setIfVersion is getEntry, then set': {
    wrap: (real) => ({
      setIfVersion(key: Key, value: Cell, version: number) {
        const holds = real.getEntry(key)?.version === version
        pause()
        if (holds) real.set(key, value)
        return holds
      },
    }),
  },
  'deleteIfVersion is getEntry, then delete': {
    wrap: (real) => ({
      deleteIfVersion(key: Key, version: number) {
        const holds = real.getEntry(key)?.version === version
        pause()
        if (holds) real.delete(key)
        return holds
      },
    }),
  },
  'versions begin again when an entry is inserted again': {
    operations: ['get', 'has', 'set', 'delete', 'getEntry', 'setIfVersion', 'deleteIfVersion'],
    wrap: (real) => countedVersions(real),
  },
}

/** Each entry is a text that counts its own changes: exact, but for entries that come after a removal. */
function countedVersions(real: Real): Methods {
  const open = (held: Cell | undefined): [version: number, value?: Cell] =>
    held === undefined ? [0] : JSON.parse(held as string)
  const next = (held: Cell | undefined, value: Cell): string => JSON.stringify([open(held)[0] + 1, value])
  const held = (key: Key, version: number): Cell | undefined => {
    const found = real.get(key)
    return open(found)[0] === version ? found : undefined
  }
  return {
    get: (key: Key) => open(real.get(key))[1],
    set: (key: Key, value: Cell) => real.update(key, (old) => next(old, value)),
    getEntry(key: Key) {
      const [version, value] = open(real.get(key))
      return value === undefined ? undefined : { value, version }
    },
    setIfVersion(key: Key, value: Cell, version: number) {
      const found = held(key, version)
      return found !== undefined && real.compareAndSet(key, found, next(found, value))
    },
    deleteIfVersion(key: Key, version: number) {
      const found = held(key, version)
      return found !== undefined && real.compareAndDelete(key, found)
    },
  }
}
