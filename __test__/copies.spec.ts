// Copies: what is stored is a copy, what is read is the caller's own; later changes on either side reach nobody.
import { describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { variants } from './support/variants.ts'

interface Session {
  name: string
  tags: string[]
}

type Write = (map: ConcurrentMap<string, never>, value: never) => void
type Read = (map: ConcurrentMap<string, never>) => unknown

const writes: Record<string, Write> = {
  set: (map, value) => map.set('k', value),
  getOrInsert: (map, value) => map.getOrInsert('k', value),
  getOrInsertComputed: (map, value) => map.getOrInsertComputed('k', () => value),
  swap: (map, value) => map.swap('k', value),
  setIfAbsent: (map, value) => map.setIfAbsent('k', value),
  compareAndSet: (map, value) => map.compareAndSet('k', ConcurrentMap.ABSENT as never, value),
  update: (map, value) => map.update('k', () => value),
  setMany: (map, value) => map.setMany([['k', value]]),
  replace: (map, value) => map.set('k', 0 as never).replace('k', value),
  setIfVersion: (map, value) =>
    map.setIfVersion('k', value, map.set('k', 0 as never).getEntry('k')?.version as never),
}

const reads: Record<string, Read> = {
  get: (map) => map.get('k'),
  getMany: (map) => map.getMany(['k'])[0],
  getEntry: (map) => map.getEntry('k')?.value,
  getOrInsert: (map) => map.getOrInsert('k', 0 as never),
  getOrInsertComputed: (map) => map.getOrInsertComputed('k', () => 0 as never),
  entries: (map) => [...map.entries()][0]?.[1],
  values: (map) => [...map.values()][0],
  forEach: (map) => valueOfForEach(map),
  'what update shows its function': (map) => valueOfUpdate(map),
  'what update returns': (map) => map.update('k', (old) => old as never),
}

describe.each(variants)('a $title map', ({ options }) => {
  it.each(Object.keys(writes))('keeps what %s stored when the caller changes the object later', (name) => {
    using map = new ConcurrentMap<string, never>(undefined, options)
    const session: Session = { name: 'a', tags: ['x'] }
    writes[name]?.(map, session as never)
    session.name = 'changed'
    session.tags.push('changed')
    expect(map.get('k')).toEqual({ name: 'a', tags: ['x'] })
  })

  it.each(Object.keys(writes))('keeps what %s stored when the caller changes the buffer later', (name) => {
    using map = new ConcurrentMap<string, never>(undefined, options)
    for (const bytes of [
      new Uint8Array([1, 2, 3]),
      Buffer.from([1, 2, 3]),
      new Uint8Array(100_000).fill(1, 0, 1),
    ]) {
      map.clear()
      // A Buffer's slice would be a window on the same bytes.
      const original = Uint8Array.from(bytes)
      writes[name]?.(map, bytes as never)
      bytes.fill(9)
      expect(Buffer.compare(map.get('k') as never as Uint8Array, original)).toBe(0)
    }
  })

  it.each(Object.keys(reads))('gives every caller of %s an object of its own', (name) => {
    using map = new ConcurrentMap<string, never>([['k', { name: 'a', tags: ['x'] } as never]], options)
    const mine = reads[name]?.(map) as Session
    mine.tags.push('changed')
    mine.name = 'changed'
    expect(reads[name]?.(map)).toEqual({ name: 'a', tags: ['x'] })
    expect(map.get('k')).toEqual({ name: 'a', tags: ['x'] })
  })

  it.each(Object.keys(reads))('gives every caller of %s bytes of its own', (name) => {
    for (const length of [1, 16, 1_000, 100_000]) {
      using map = new ConcurrentMap<string, never>([['k', Buffer.alloc(length, 1) as never]], options)
      const mine = reads[name]?.(map) as Uint8Array
      const other = reads[name]?.(map) as Uint8Array
      mine.fill(9)
      expect(other.every((byte) => byte === 1)).toBe(true)
      expect((map.get('k') as never as Uint8Array).every((byte) => byte === 1)).toBe(true)
    }
  })

  it("shows a removed value to its taker alone, and that copy is the taker's own", () => {
    using map = new ConcurrentMap<string, Session>(undefined, options)
    map.set('k', { name: 'a', tags: [] })
    const taken = map.take('k') as Session
    taken.name = 'changed'
    map.set('k', { name: 'b', tags: [] })
    const swapped = map.swap('k', taken) as Session
    swapped.name = 'changed too'
    expect(map.get('k')).toEqual({ name: 'changed', tags: [] })
  })

  it('keeps a change of the old value in update from counting unless it is returned', () => {
    using map = new ConcurrentMap<string, Session>([['k', { name: 'a', tags: [] }]], options)
    const attempt = () =>
      map.update('k', (old) => {
        old?.tags.push('changed')
        throw new Error('after the change')
      })
    expect(attempt).toThrow('after the change')
    expect(map.get('k')).toEqual({ name: 'a', tags: [] })
  })

  it('keeps bytes read earlier when many more are read', () => {
    using map = new ConcurrentMap<number, Uint8Array>(undefined, options)
    for (let key = 0; key < 500; key += 1) map.set(key, Buffer.alloc(1 + (key % 200), key % 251))
    const read = Array.from({ length: 500 }, (_, key) => map.get(key) as Uint8Array)
    for (let time = 0; time < 2_000; time += 1) map.get(time % 500)
    for (const [key, bytes] of read.entries()) {
      expect(bytes.length).toBe(1 + (key % 200))
      expect(bytes.every((byte) => byte === key % 251)).toBe(true)
      bytes.fill(255)
    }
    for (let key = 0; key < 500; key += 1) {
      expect(map.get(key)?.every((byte) => byte === key % 251)).toBe(true)
    }
  })

  it('finds a key by the bytes it was set with, when the caller changes them later', () => {
    using map = new ConcurrentMap<Uint8Array | readonly [Uint8Array], number>(undefined, options)
    const key = new Uint8Array([1, 2])
    map.set(key, 1).set([key], 2)
    key[0] = 9
    expect(map.get(new Uint8Array([1, 2]))).toBe(1)
    expect(map.get([new Uint8Array([1, 2])])).toBe(2)
    expect(map.has(key)).toBe(false)
    expect(map.has([key])).toBe(false)
  })

  it('keeps its keys when a caller changes what keys(), entries() or forEach() gave', () => {
    using map = new ConcurrentMap<Uint8Array, number>([[new Uint8Array([1, 2]), 1]], options)
    for (const key of map.keys()) key.fill(9)
    for (const [key] of map) key.fill(9)
    map.forEach((_, key) => key.fill(9))
    expect(map.get(new Uint8Array([1, 2]))).toBe(1)
    expect([...map.keys()].map((key) => [...key])).toEqual([[1, 2]])
  })

  it('copies a window of a buffer, not the buffer behind it', () => {
    using map = new ConcurrentMap<string, Uint8Array>(undefined, options)
    const behind = new Uint8Array(1_000).fill(5)
    behind.set([1, 2, 3], 100)
    map.set('window', behind.subarray(100, 103))
    map.set('slice', Buffer.from(behind.buffer).subarray(100, 103))
    expect([...(map.get('window') as Uint8Array)]).toEqual([1, 2, 3])
    expect([...(map.get('slice') as Uint8Array)]).toEqual([1, 2, 3])
  })

  it('gives a Buffer back as a Buffer and a Uint8Array as a Uint8Array', () => {
    using map = new ConcurrentMap<string, Uint8Array>(undefined, options)
    map.set('buffer', Buffer.from('text')).set('array', new Uint8Array([1]))
    expect(Buffer.isBuffer(map.get('buffer'))).toBe(true)
    expect(map.get('buffer')?.toString()).toBe('text')
    expect(Buffer.isBuffer(map.get('array'))).toBe(false)
    expect(Object.getPrototypeOf(map.get('array'))).toBe(Uint8Array.prototype)
  })
})

function valueOfForEach(map: ConcurrentMap<string, never>): unknown {
  let seen: unknown
  map.forEach((value) => {
    seen = value
  })
  return seen
}

function valueOfUpdate(map: ConcurrentMap<string, never>): unknown {
  let seen: unknown
  map.update('k', (old) => {
    seen = old
    return structuredClone(old) as never
  })
  return seen
}
