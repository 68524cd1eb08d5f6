// Versions: a version names one state of one entry for ever, so a stale one can never change anything.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { Crew } from './support/crew.ts'
import { variants } from './support/variants.ts'

const crew = new Crew<typeof import('./support/seat.ts')>(new URL('./support/seat.ts', import.meta.url), 1)
afterAll(() => crew.close())

type TestMap = ConcurrentMap<string, unknown>
type Version = NonNullable<ReturnType<TestMap['getEntry']>>['version']

const versionOf = (map: TestMap, key: string) => map.getEntry(key)?.version as Version

/** Every change of an entry that leaves it there. */
const changes: Record<string, (map: TestMap) => unknown> = {
  set: (map) => map.set('k', 2),
  'set to the same value': (map) => map.set('k', 1),
  swap: (map) => map.swap('k', 2),
  replace: (map) => map.replace('k', 2),
  compareAndSet: (map) => map.compareAndSet('k', 1, 2),
  add: (map) => map.add('k', 1),
  max: (map) => map.max('k', 2),
  min: (map) => map.min('k', 0),
  update: (map) => map.update('k', () => 2),
  setIfVersion: (map) => map.setIfVersion('k', 2, versionOf(map, 'k')),
  setMany: (map) => map.setMany([['k', 2]]),
  addMany: (map) => map.addMany([['k', 1]]),
  'delete and set': (map) => map.delete('k') && map.set('k', 1),
  'take and setIfAbsent': (map) => map.take('k') && map.setIfAbsent('k', 1),
  'clear and getOrInsert': (map) => map.clear() ?? map.getOrInsert('k', 1),
  'deleteMany and setMany': (map) => map.deleteMany(['k']) && map.setMany([['k', 1]]),
  'another kind of value': (map) => map.set('k', 'text').set('k', 1),
}

/** Everything that leaves the entry as it is. */
const reads: Record<string, (map: TestMap) => unknown> = {
  'get and has': (map) => map.get('k') === map.has('k'),
  getOrInsert: (map) => map.getOrInsert('k', 2),
  'setIfAbsent where there is one': (map) => map.setIfAbsent('k', 2),
  'compareAndSet of something else': (map) => map.compareAndSet('k', 5, 2),
  'compareAndDelete of something else': (map) => map.compareAndDelete('k', 5),
  'another key': (map) => map.set('other', 1).delete('other'),
  iteration: (map) => [...map],
  'update that throws': (map) => caught(() => map.update('k', () => expect.fail('thrown'))),
  'add of another type': (map) => caught(() => map.add('k', 1n as never)),
}

describe.each(variants)('versions in a $title map', ({ options }) => {
  it.each(Object.keys(changes))('of an entry change by %s, and the old one is stale', (name) => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    const old = versionOf(map, 'k')
    const before = Number(map.version)
    changes[name]?.(map)
    expect(versionOf(map, 'k')).not.toBe(old)
    expect(Number(map.version)).toBeGreaterThan(before)
    const value = map.get('k')
    expect(map.setIfVersion('k', 'never', old)).toBe(false)
    expect(map.deleteIfVersion('k', old)).toBe(false)
    expect(map.get('k')).toBe(value)
  })

  it.each(Object.keys(reads))('of an entry stay through %s', (name) => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    const old = versionOf(map, 'k')
    reads[name]?.(map)
    expect(versionOf(map, 'k')).toBe(old)
    expect(map.setIfVersion('k', 'written', old)).toBe(true)
    expect(map.get('k')).toBe('written')
  })

  it('never come back over thousands of changes, deletes and clears of few keys', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    const seen = new Set<unknown>()
    let changes = 0
    for (let time = 0; time < 5_000; time += 1) {
      const key = `k${time % 3}`
      if (time % 7 === 0) map.delete(key)
      if (time % 501 === 0) map.clear()
      map.set(key, 1)
      seen.add(`${key} ${versionOf(map, key)}`)
      changes += 1
    }
    expect(seen.size).toBe(changes)
  })

  it('of one map mean nothing to another', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    using other = new ConcurrentMap<string, unknown>(undefined, options)
    const version = versionOf(map, 'k')
    expect(other.setIfVersion('k', 2, version)).toBe(false)
    expect(other.deleteIfVersion('k', version)).toBe(false)
    expect(other.size).toBe(0)
  })

  it('are the same for every thread, and go stale by a write from any', async () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    await crew.run(0, 'sit', map.handle)
    const old = versionOf(map, 'k')
    expect(await crew.run(0, 'step', 'getEntry', ['k'])).toEqual({ value: 1, version: old })
    expect(await crew.run(0, 'step', 'setIfVersion', ['k', 2, old])).toBe(true)
    expect(map.setIfVersion('k', 3, old)).toBe(false)
    expect(await crew.run(0, 'step', 'version', [])).toBe(map.version)
    expect(map.deleteIfVersion('k', versionOf(map, 'k'))).toBe(true)
    expect(await crew.run(0, 'step', 'has', ['k'])).toBe(false)
  })

  it('setIfVersion cannot create and deleteIfVersion cannot miss', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    const version = versionOf(map, 'k')
    map.delete('k')
    expect(map.setIfVersion('k', 2, version)).toBe(false)
    expect(map.deleteIfVersion('k', version)).toBe(false)
    expect(map.has('k')).toBe(false)
  })
})

describe.each(variants)('the version of a $title map', ({ options }) => {
  it('counts changes, one for each entry that a call changes', () => {
    using map = new ConcurrentMap<string, unknown>(undefined, options)
    const start = Number(map.version)
    map.set('a', 1).set('a', 2).delete('a')
    expect(Number(map.version) - start).toBe(3)
    map.setMany(Object.entries({ a: 1, b: 2, c: 3 }))
    expect(Number(map.version) - start).toBe(6)
    map.deleteMany(['a', 'none'])
    expect(Number(map.version) - start).toBe(7)
  })

  it('stands still when nothing changes', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    const start = map.version
    for (const read of Object.values(reads).filter((read) => read !== reads['another key'])) read(map)
    map.delete('none')
    map.take('none')
    map.replace('none', 1)
    map.deleteMany(['none'])
    map.setMany([])
    map.getMany(['k', 'none'])
    expect(map.version).toBe(start)
  })

  it('grows by clear when there was something to remove', () => {
    using map = new ConcurrentMap<string, unknown>([['k', 1]], options)
    const start = Number(map.version)
    map.clear()
    expect(Number(map.version)).toBeGreaterThan(start)
  })
})

function caught(action: () => unknown): void {
  expect(action).toThrow()
}
