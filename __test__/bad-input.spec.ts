// Bad input: each argument of each operation wrong in every way that JavaScript allows.
// Each meets a typed error, and the map is as before: same size, content and version. Nothing crashes.
import { describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { Crew } from './support/crew.ts'
import { describeContent } from './support/describe.ts'
import { type AnyMap, seededMap, stateOf } from './support/seeded.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'
import { type Kind, type Wrong, wrong } from './support/wrong.ts'

type Method = (...args: unknown[]) => unknown

interface Operation {
  readonly name: string
  /** Arguments with which the operation would change the map, or hit an entry. */
  readonly good: readonly unknown[]
  readonly kinds: readonly Kind[]
}

// What each operation works on: `number` and `text` are there, `none` is not.
const operations: readonly Operation[] = [
  { name: 'get', good: ['number'], kinds: ['key'] },
  { name: 'has', good: ['number'], kinds: ['key'] },
  { name: 'set', good: ['number', 2], kinds: ['key', 'value'] },
  { name: 'delete', good: ['number'], kinds: ['key'] },
  { name: 'getOrInsert', good: ['none', 2], kinds: ['key', 'value'] },
  { name: 'getOrInsertComputed', good: ['none', () => 2], kinds: ['key', 'function'] },
  { name: 'getOrInsertComputed', good: ['number', () => 2], kinds: ['key', 'function'] },
  { name: 'forEach', good: [() => {}], kinds: ['function'] },
  { name: 'swap', good: ['number', 2], kinds: ['key', 'value'] },
  { name: 'take', good: ['number'], kinds: ['key'] },
  { name: 'setIfAbsent', good: ['none', 2], kinds: ['key', 'value'] },
  { name: 'setIfAbsent', good: ['number', 2], kinds: ['key', 'value'] },
  { name: 'replace', good: ['number', 2], kinds: ['key', 'value'] },
  { name: 'replace', good: ['none', 2], kinds: ['key', 'value'] },
  { name: 'compareAndSet', good: ['number', 1, 2], kinds: ['key', 'expected', 'value'] },
  { name: 'compareAndDelete', good: ['number', 1], kinds: ['key', 'expected'] },
  { name: 'add', good: ['number', 1, 0], kinds: ['key', 'number', 'initial'] },
  { name: 'max', good: ['number', 9], kinds: ['key', 'number'] },
  { name: 'min', good: ['number', -9], kinds: ['key', 'number'] },
  { name: 'update', good: ['number', () => 2], kinds: ['key', 'function'] },
  { name: 'update', good: ['none', () => 2], kinds: ['key', 'function'] },
  { name: 'getEntry', good: ['number'], kinds: ['key'] },
  { name: 'setIfVersion', good: ['number', 2, 1], kinds: ['key', 'value', 'version'] },
  { name: 'deleteIfVersion', good: ['number', 1], kinds: ['key', 'version'] },
  { name: 'getMany', good: [['number']], kinds: ['keys'] },
  { name: 'setMany', good: [[['number', 2]]], kinds: ['entries'] },
  { name: 'deleteMany', good: [['number']], kinds: ['keys'] },
  { name: 'addMany', good: [[['number', 2]]], kinds: ['deltas'] },
]
const titled = operations.map((operation) => {
  const [first] = operation.good
  return [typeof first === 'string' ? `${operation.name} of ${first}` : operation.name, operation] as const
})
const methods = [
  ...new Set(operations.map(({ name }) => name)),
  ...['clear', 'entries', 'keys', 'values', 'stats', 'close', 'toJSON'],
]
const getters = ['size', 'version', 'handle', 'name', 'variant']

function call(map: object, name: string, args: readonly unknown[]): unknown {
  return (map as Record<string, Method>)[name]?.(...args)
}

/** Every case of one operation: one argument wrong, the others good. */
function casesOf({ name, good, kinds }: Operation): (readonly [string, string, unknown[], Wrong])[] {
  return kinds.flatMap((kind, at) =>
    wrong[kind].map((bad) => [name, `${bad.title} as ${kind}`, good.with(at, bad.make()), bad] as const),
  )
}

describe.each(variants)('a $title map', ({ options }) => {
  it.each(titled)('%s refuses every wrong argument and changes nothing', (_, operation) => {
    using map = seededMap(options)
    let before = stateOf(map)
    const failures: unknown[] = []
    for (const [name, title, args, { error }] of casesOf(operation)) {
      const thrown = thrownBy(() => call(map, name, args))
      const { stack: _, ...shown } = thrown ?? { name: 'nothing was thrown' }
      if (!matches(shown, error)) failures.push({ title, expected: error, got: shown })
      if (matches(stateOf(map), before)) continue
      failures.push({ title, changed: stateOf(map) })
      before = stateOf(map)
    }
    expect(failures).toEqual([])
  })

  it.each(['update', 'getOrInsertComputed'])('%s refuses every wrong result of its function', (name) => {
    using map = seededMap(options)
    const before = stateOf(map)
    for (const key of name === 'update' ? ['number', 'none'] : ['none']) {
      for (const { title, error, make } of wrong.result) {
        expect(
          thrownBy(() => call(map, name, [key, make])),
          title,
        ).toMatchObject(error)
        expect(stateOf(map), title).toEqual(before)
      }
    }
  })

  it('takes missing arguments as undefined, and refuses them where undefined is wrong', () => {
    using map = seededMap(options)
    const before = stateOf(map)
    for (const { name, good, kinds } of operations) {
      const required = kinds.findLastIndex((kind) => !['key', 'value', 'expected', 'initial'].includes(kind))
      if (required < 0) continue
      expect(
        thrownBy(() => call(map, name, good.slice(0, required))),
        name,
      ).toMatchObject({
        name: 'TypeError',
        code: 'THREADMAP_INVALID_ARGUMENT',
      })
    }
    expect(stateOf(map)).toEqual(before)
    expect(call(map, 'get', [])).toBeUndefined()
    expect(call(map, 'has', [])).toBe(false)
    expect(call(map, 'delete', [])).toBe(false)
    call(map, 'set', [])
    expect(call(map, 'has', [undefined])).toBe(true)
  })

  it('ignores arguments that it does not know', () => {
    using map = seededMap(options)
    call(map, 'set', ['k', 1, Symbol('s'), {}, () => {}])
    expect(call(map, 'get', ['k', Symbol('s')])).toBe(1)
  })

  it.each(methods)('%s refuses every wrong this', (name) => {
    using map = seededMap(options)
    const before = stateOf(map)
    const method = (ConcurrentMap.prototype as never as Record<string, Method>)[name] as Method
    const good = operations.find((operation) => operation.name === name)?.good ?? []
    for (const [title, self] of wrongSelves(map)) {
      const use = () => {
        const result = Reflect.apply(method, self, good)
        // Iterators may be made lazily: what counts is that nothing comes out.
        if (result instanceof Iterator) result.next()
      }
      expect(thrownBy(use), title).toMatchObject({ name: 'TypeError' })
    }
    expect(stateOf(map)).toEqual(before)
  })

  it.each(getters)('the getter %s refuses every wrong this', (name) => {
    using map = seededMap(options)
    for (const [title, self] of wrongSelves(map)) {
      expect(
        thrownBy(() => Reflect.get(ConcurrentMap.prototype, name, self)),
        title,
      ).toMatchObject({
        name: 'TypeError',
      })
    }
  })

  it('takes no number of special size or sign for more than it is', () => {
    using map = seededMap(options)
    for (const number of [2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY, -0, 1e308, -1, 0.5]) {
      map.set(number as never, number)
      expect(map.get(number as never)).toBe(number)
      expect(map.setIfVersion('number' as never, 'never', number)).toBe(number === 1)
      expect(map.deleteIfVersion('number' as never, number)).toBe(false)
      map.delete(number as never)
    }
    expect(describeContent(map)).toEqual(describeContent(seededMap(options)))
  })
})

describe.each(variants)('strange but good bytes in a $title map', ({ options }) => {
  it('of a resizable buffer are taken as they are at the moment of the call', () => {
    using map = seededMap(options)
    const buffer = new ArrayBuffer(2, { maxByteLength: 8 })
    const bytes = new Uint8Array(buffer)
    bytes.set([1, 2])
    map.set(bytes as never, bytes)
    buffer.resize(4)
    expect(map.has(bytes as never)).toBe(false)
    expect(map.get(new Uint8Array([1, 2]) as never)).toEqual(new Uint8Array([1, 2]))
    map.set(bytes as never, 'grown')
    expect(map.get(new Uint8Array([1, 2, 0, 0]) as never)).toBe('grown')
  })

  it('back in the bounds of their buffer are good again', () => {
    using map = seededMap(options)
    const buffer = new ArrayBuffer(4, { maxByteLength: 8 })
    const bytes = new Uint8Array(buffer, 2, 2)
    buffer.resize(1)
    expect(thrownBy(() => map.get(bytes as never))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
    buffer.resize(4)
    map.set(bytes as never, 1)
    expect(map.get(new Uint8Array(2) as never)).toBe(1)
  })

  it('that lie about their length count as what they hold', () => {
    using map = seededMap(options)
    const bytes = new Uint8Array([1, 2, 3])
    for (const name of ['length', 'byteLength', 'byteOffset', 'buffer']) {
      Object.defineProperty(bytes, name, { value: 1e9 })
    }
    map.set(bytes as never, bytes)
    expect(map.get(new Uint8Array([1, 2, 3]) as never)).toEqual(new Uint8Array([1, 2, 3]))
  })

  it('of a subclass, of another realm or without prototype come back as plain bytes', () => {
    using map = seededMap(options)
    class Packet extends Uint8Array {}
    const bare = Object.setPrototypeOf(new Uint8Array([2]), null) as Uint8Array
    map.set('subclass' as never, new Packet([1])).set('bare' as never, bare)
    expect(map.get('subclass' as never)).toEqual(new Uint8Array([1]))
    expect(map.get('bare' as never)).toEqual(new Uint8Array([2]))
  })

  it('shared with a worker that changes them all the while are stored as some moment of them', async () => {
    using map = seededMap(options)
    const shared = new Uint8Array(new SharedArrayBuffer(64))
    const stop = new Int32Array(new SharedArrayBuffer(4))
    const crew = new Crew<typeof import('./support/scribble.ts')>(
      new URL('./support/scribble.ts', import.meta.url),
      1,
    )
    try {
      const scribbling = crew.run(0, 'scribble', shared, stop)
      await crewHasBegun(shared)
      for (let time = 0; time < 20_000; time += 1) {
        map.set('value' as never, shared)
        expect((map.get('value' as never) as Uint8Array).length).toBe(64)
        map.set(shared as never, 1)
        map.get([shared, 'a'] as never)
        map.compareAndSet('value' as never, shared, 1)
      }
      Atomics.store(stop, 0, 1)
      await scribbling
      // Each key is there under its bytes, once: a key hashed at one moment and stored at another would be lost.
      const keys = [...map.keys()] as never[]
      expect(keys.filter((key) => !map.has(key))).toEqual([])
      expect(map.deleteMany(keys)).toBe(keys.length)
      expect(map.size).toBe(0)
    } finally {
      await crew.close()
    }
  })
})

function matches(actual: unknown, wanted: object): boolean {
  try {
    expect(actual).toMatchObject(wanted)
    return true
  } catch {
    return false
  }
}

function wrongSelves(map: AnyMap): [string, unknown][] {
  return [
    ['undefined', undefined],
    ['null', null],
    ['a number', 1],
    ['a string', 'map'],
    ['a plain object', {}],
    ['the class', ConcurrentMap],
    ['the prototype', ConcurrentMap.prototype],
    ['an object of that prototype', Object.create(ConcurrentMap.prototype)],
    ['the built-in Map', new Map()],
    ['a Proxy of a map', new Proxy(map, {})],
    ['an object below a map', Object.create(map)],
    ['a handle', map.handle],
  ]
}

async function crewHasBegun(shared: Uint8Array): Promise<void> {
  while (shared[0] === 0) await new Promise((resolve) => setImmediate(resolve))
}
