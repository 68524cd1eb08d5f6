// Broken maps: each breaks one promise the way a plausible mistake would. Loaded only by mutants.slow.ts, which
// asks of the named spec to fail. Invariant: a mutant changes one method and works on the public API alone.
// THREADMAP_MUTANT names the mutant; the file is imported for its effect, in the specs' process and in each worker.
import { ABSENT, ConcurrentMap } from '../../index.ts'

type AnyMap = ConcurrentMap<never, never>
type Methods = Record<string, (this: AnyMap, ...args: never[]) => unknown>

interface Mutant {
  /** The spec that must fail. */
  readonly spec: string
  readonly methods: Methods
}

const real = Object.fromEntries(
  Object.getOwnPropertyNames(ConcurrentMap.prototype).flatMap((name) => {
    const method: unknown = Object.getOwnPropertyDescriptor(ConcurrentMap.prototype, name)?.value
    return typeof method === 'function' && name !== 'constructor' ? [[name, method]] : []
  }),
) as Record<string, (...args: unknown[]) => unknown>

function call(map: AnyMap, name: string, ...args: unknown[]): never {
  return Reflect.apply(real[name] as never, map, args) as never
}

/** One change of the key argument for all operations that take one key. */
function withKeys(change: (key: unknown) => unknown): Methods {
  const names = [
    'get',
    'set',
    'has',
    'delete',
    'take',
    'swap',
    'add',
    'update',
    'setIfAbsent',
    'replace',
    'getEntry',
  ]
  const single = names.map((name) => [
    name,
    function (this: AnyMap, key: unknown, ...rest: unknown[]) {
      return call(this, name, change(key), ...rest)
    },
  ])
  return {
    ...Object.fromEntries(single),
    getMany(keys: Iterable<unknown>) {
      return call(this, 'getMany', Array.from(keys, change))
    },
    setMany(entries: Iterable<readonly [unknown, unknown]>) {
      return call(
        this,
        'setMany',
        Array.from(entries, ([key, value]) => [change(key), value]),
      )
    },
  }
}

function withValues(change: (value: unknown) => unknown): Methods {
  return {
    set(key, value) {
      return call(this, 'set', key, change(value))
    },
    setMany(entries: Iterable<readonly [unknown, unknown]>) {
      return call(
        this,
        'setMany',
        Array.from(entries, ([key, value]) => [key, change(value)]),
      )
    },
  }
}

const kept = new WeakMap<AnyMap, Map<unknown, unknown>>()

function keptBy(map: AnyMap): Map<unknown, unknown> {
  const cache = kept.get(map) ?? new Map()
  kept.set(map, cache)
  return cache
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'add is get, then set': {
    spec: 'exactness',
    methods: {
      add(key, delta: number, initial: number) {
        const sum =
          ((this.get(key) as number | undefined) ?? initial ?? (typeof delta === 'bigint' ? 0n : 0)) + delta
        this.set(key, sum as never)
        return sum
      },
    },
  },
  'addMany is get, then set': {
    spec: 'exactness',
    methods: {
      addMany(deltas: Iterable<readonly [never, number]>) {
        return Array.from(deltas, ([key, delta]) => {
          const sum = ((this.get(key) as number | undefined) ?? 0) + delta
          this.set(key, sum as never)
          return sum
        })
      },
    },
  },
  'update is get, then set': {
    spec: 'exactness',
    methods: {
      update(key, change: (old: unknown) => never) {
        const value = change(this.get(key))
        if (value === ABSENT) this.delete(key)
        else this.set(key, value)
        return value === ABSENT ? undefined : value
      },
    },
  },
  'take is get, then delete': {
    spec: 'exactness',
    methods: {
      take(key) {
        const value = this.get(key)
        this.delete(key)
        return value
      },
    },
  },
  'swap is get, then set': {
    spec: 'exactness',
    methods: {
      swap(key, value) {
        const old = this.get(key)
        this.set(key, value)
        return old
      },
    },
  },
  'delete answers by has': {
    spec: 'exactness',
    methods: {
      delete(key) {
        const found = this.has(key)
        call(this, 'delete', key)
        return found
      },
    },
  },
  'deleteMany counts by has': {
    spec: 'exactness',
    methods: {
      deleteMany(keys: Iterable<never>) {
        const found = [...keys].filter((key) => this.has(key))
        for (const key of found) this.delete(key)
        return found.length
      },
    },
  },
  'setIfAbsent is has, then set': {
    spec: 'exactness',
    methods: {
      setIfAbsent(key, value) {
        return !this.has(key) && this.set(key, value) === this
      },
    },
  },
  'compareAndSet is get, then set': {
    spec: 'exactness',
    methods: {
      compareAndSet(key, expected, value) {
        const matches = (expected as unknown) === ABSENT ? !this.has(key) : Object.is(this.get(key), expected)
        return matches && this.set(key, value) === this
      },
    },
  },
  'compareAndDelete is get, then delete': {
    spec: 'exactness',
    methods: {
      compareAndDelete(key, expected) {
        if (!Object.is(this.get(key), expected)) return false
        this.delete(key)
        return true
      },
    },
  },
  'getOrInsert is has, then set': {
    spec: 'exactness',
    methods: {
      getOrInsert(key, value) {
        if (this.has(key)) return this.get(key)
        this.set(key, value)
        return value
      },
    },
  },
  'getOrInsertComputed is has, then set': {
    spec: 'exactness',
    methods: {
      getOrInsertComputed(key, compute: (key: never) => never) {
        if (this.has(key)) return this.get(key)
        const value = compute(key)
        this.set(key, value)
        return value
      },
    },
  },
  'setIfVersion is getEntry, then set': {
    spec: 'exactness',
    methods: {
      setIfVersion(key, value, version) {
        return this.getEntry(key)?.version === version && this.set(key, value) === this
      },
    },
  },
  'deleteIfVersion is getEntry, then delete': {
    spec: 'exactness',
    methods: {
      deleteIfVersion(key, version) {
        if (this.getEntry(key)?.version !== version) return false
        this.delete(key)
        return true
      },
    },
  },
  'max is get, then set': {
    spec: 'exactness',
    methods: {
      max(key, value: number) {
        const most = Math.max((this.get(key) as number | undefined) ?? value, value)
        this.set(key, most as never)
        return most
      },
    },
  },
  'min is get, then set': {
    spec: 'exactness',
    methods: {
      min(key, value: number) {
        const least = Math.min((this.get(key) as number | undefined) ?? value, value)
        this.set(key, least as never)
        return least
      },
    },
  },
  'keys go through UTF-8': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'string' ? Buffer.from(key).toString() : key)),
  },
  'keys are cut to Latin-1': {
    spec: 'odd-keys',
    methods: withKeys((key) =>
      typeof key === 'string' ? Buffer.from(key, 'latin1').toString('latin1') : key,
    ),
  },
  'keys end at NUL': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'string' ? key.split('\0')[0] : key)),
  },
  'keys are normalised': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'string' ? key.normalize() : key)),
  },
  'numbers are their strings as keys': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'number' ? String(key) : key)),
  },
  'bigints are numbers as keys': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'bigint' ? Number(key) : key)),
  },
  'bigints are 64 bits as keys': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'bigint' ? BigInt.asIntN(64, key) : key)),
  },
  'bytes are Latin-1 text as keys': {
    spec: 'odd-keys',
    methods: withKeys((key) => (key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : key)),
  },
  'tuples are joined by NUL': {
    spec: 'odd-keys',
    methods: withKeys((key) => (Array.isArray(key) ? [key.join('\0')] : key)),
  },
  'null is undefined as a key': { spec: 'odd-keys', methods: withKeys((key) => key ?? undefined) },
  'only 256 characters of a key count': {
    spec: 'odd-keys',
    methods: withKeys((key) => (typeof key === 'string' ? key.slice(0, 256) : key)),
  },
  'text goes through UTF-8': {
    spec: 'odd-values',
    methods: withValues((value) => (typeof value === 'string' ? Buffer.from(value).toString() : value)),
  },
  '-0 is stored as 0': {
    spec: 'odd-values',
    methods: withValues((value) => (value === 0 ? 0 : value)),
  },
  'numbers are stored as 32-bit floats': {
    spec: 'odd-values',
    methods: withValues((value) => (typeof value === 'number' ? Math.fround(value) : value)),
  },
  'bigints are stored as 64 bits': {
    spec: 'odd-values',
    methods: withValues((value) => (typeof value === 'bigint' ? BigInt.asIntN(64, value) : value)),
  },
  'Buffers are stored as Uint8Arrays': {
    spec: 'odd-values',
    methods: withValues((value) => (Buffer.isBuffer(value) ? new Uint8Array(value) : value)),
  },
  'objects are stored as JSON': {
    spec: 'odd-values',
    methods: withValues((value) => (isObject(value) ? JSON.parse(JSON.stringify(value, noBigint)) : value)),
  },
  'reads are kept and never checked again': {
    spec: 'conformance',
    methods: {
      get(key) {
        const cache = keptBy(this)
        if (!cache.has(key)) cache.set(key, call(this, 'get', key))
        return cache.get(key)
      },
      set(key, value) {
        keptBy(this).set(key, value)
        return call(this, 'set', key, value)
      },
    },
  },
  'reads share one object': {
    spec: 'copies',
    methods: {
      get(key) {
        const fresh: unknown = call(this, 'get', key)
        const cache = keptBy(this)
        if (isObject(fresh) && !cache.has(key)) cache.set(key, fresh)
        return isObject(fresh) ? cache.get(key) : fresh
      },
    },
  },
  'set answers before it acts': {
    spec: 'copies',
    methods: {
      set(key, value) {
        queueMicrotask(() => call(this, 'set', key, value))
        return this
      },
    },
  },
  'a stored undefined is no entry': {
    spec: 'conformance',
    methods: {
      has(key) {
        return this.get(key) !== undefined
      },
    },
  },
  'undefined as expected means no entry': {
    spec: 'conformance',
    methods: {
      compareAndSet(key, expected, value) {
        return call(this, 'compareAndSet', key, this.has(key) ? expected : (expected ?? ABSENT), value)
      },
    },
  },
  'replace inserts': {
    spec: 'conformance',
    methods: {
      replace(key, value) {
        const found = this.has(key)
        this.set(key, value)
        return found
      },
    },
  },
  'clear stops after one chunk': {
    spec: 'operations',
    methods: {
      clear() {
        for (const key of [...this.keys()].slice(0, 10_000)) this.delete(key)
      },
    },
  },
  'setMany stores one by one': {
    spec: 'bad-input',
    methods: {
      setMany(entries: Iterable<readonly [never, never]>) {
        for (const [key, value] of entries) this.set(key, value)
        return this
      },
    },
  },
  'addMany adds one by one': {
    spec: 'operations',
    methods: {
      addMany(deltas: Iterable<readonly [never, never]>) {
        return Array.from(deltas, ([key, delta]) => this.add(key, delta))
      },
    },
  },
  'update never runs its function again': {
    spec: 'operations',
    methods: {
      update(key, change: (old: unknown) => never) {
        let value: unknown
        let ran = false
        return call(this, 'update', key, (old: unknown) => {
          if (!ran) value = change(old)
          ran = true
          return value
        })
      },
    },
  },
  'versions start again after a delete': {
    spec: 'versions',
    methods: {
      getEntry(key) {
        const entry = call(this, 'getEntry', key) as { value: unknown; version: number } | undefined
        const cache = keptBy(this)
        if (entry === undefined) cache.clear()
        const first = (cache.get(key) as number | undefined) ?? entry?.version ?? 0
        cache.set(key, first)
        return entry && { value: entry.value, version: entry.version - first }
      },
      delete(key) {
        keptBy(this).delete(key)
        return call(this, 'delete', key)
      },
    },
  },
  'iteration starts again when the map has grown': {
    spec: 'iteration',
    methods: {
      *keys() {
        let size = this.size
        const seen = [...(call(this, 'keys') as Iterable<unknown>)]
        for (let at = 0; at < seen.length; at += 1) {
          yield seen[at]
          if (this.size > size * 4) {
            size = this.size
            at = 0
          }
        }
      },
    },
  },
  'iteration steps over entries when the map has shrunk': {
    spec: 'iteration',
    methods: {
      *keys() {
        const { size } = this
        for (const key of call(this, 'keys') as Iterable<unknown>) {
          if (this.size > size / 2 || Math.random() < 0.9) yield key
        }
      },
    },
  },
  'iteration is over a list, not an iterator': {
    spec: 'iteration',
    methods: {
      keys() {
        return [...(call(this, 'keys') as Iterable<unknown>)]
      },
    },
  },
  'limits are cut to size': {
    spec: 'limits',
    methods: withKeys((key) => (typeof key === 'string' ? key.slice(0, 65_536) : key)),
  },
  'toJSON gives what fits': {
    spec: 'limits',
    methods: {
      toJSON() {
        return [...this.entries().take(100_000)]
      },
    },
  },
  'what cannot be cloned is stored as undefined': {
    spec: 'codecs',
    methods: {
      set(key, value) {
        try {
          return call(this, 'set', key, value)
        } catch {
          return call(this, 'set', key, undefined)
        }
      },
    },
  },
  'a missing delta is 1': {
    spec: 'bad-input',
    methods: {
      add(key, delta = 1 as never, initial) {
        return call(this, 'add', key, delta, initial)
      },
    },
  },
  'objects are keys by their text': {
    spec: 'bad-input',
    methods: withKeys((key) =>
      isObject(key) && !Array.isArray(key) && !(key instanceof Uint8Array) ? String(key) : key,
    ),
  },
  'a closed map reads as empty': {
    spec: 'operations',
    methods: {
      get(key) {
        try {
          return call(this, 'get', key)
        } catch (error) {
          if ((error as { code?: unknown }).code === 'THREADMAP_MAP_CLOSED') return undefined
          throw error
        }
      },
    },
  },
  'max keeps the lesser of big bigints': {
    spec: 'model',
    methods: {
      max(key, value) {
        const old: unknown = this.get(key)
        if (typeof old !== 'bigint' || typeof value !== 'bigint') return call(this, 'max', key, value)
        const most = Number(value) > Number(old) ? value : old
        this.set(key, most as never)
        return most
      },
    },
  },
  'swap forgets the order of fields': {
    spec: 'model',
    methods: {
      swap(key, value) {
        const old: unknown = call(this, 'swap', key, value)
        return isObject(old) && 'b' in old ? Object.fromEntries(Object.entries(old).sort()) : old
      },
    },
  },
}

const chosen = process.env['THREADMAP_MUTANT']
if (chosen !== undefined) Object.assign(ConcurrentMap.prototype, mutants[chosen]?.methods)

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function noBigint(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
