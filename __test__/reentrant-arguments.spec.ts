// Arguments that run code of the user while they are read: getters, iterables, Proxies.
// All of an argument is converted before the map is touched, so what that code does comes first, and nothing hangs.
import { describe, expect, it } from 'vitest'
import { describeContent } from './support/describe.ts'
import { type AnyMap, seed, seededMap, stateOf } from './support/seeded.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

describe.each(variants)('arguments that use a $title map while it converts them', ({ options }) => {
  const actions: Record<string, (map: AnyMap) => unknown> = {
    'set the same key': (map) => map.set('number' as never, 'by the argument'),
    'delete the same key': (map) => map.delete('number' as never),
    'clear the map': (map) => map.clear(),
    'grow the map': (map) =>
      map.setMany(Array.from({ length: 5_000 }, (_, index) => [index, index]) as never),
    'iterate over the map': (map) => [...map],
    'update the same key': (map) => map.update('number' as never, (old) => old),
  }
  const withArguments: Record<string, (map: AnyMap, act: () => void) => unknown> = {
    'a getter in a tuple key': (map, act) => map.set(tupleThat(act) as never, 1),
    'a getter in a tuple key of get': (map, act) => map.get(tupleThat(act) as never),
    'a getter in a value': (map, act) => map.set('number' as never, objectThat(act)),
    'a getter in what is expected': (map, act) => map.compareAndSet('number' as never, objectThat(act), 1),
    'an iterable of keys': (map, act) => map.getMany(iterableThat(act, 'number') as never),
    'an iterable of keys to delete': (map, act) => map.deleteMany(iterableThat(act, 'text') as never),
    'an iterable of entries': (map, act) => map.setMany(iterableThat(act, ['new', 1]) as never),
    'a getter in an entry': (map, act) => map.setMany([tupleThat(act)] as never),
    'an iterable of deltas': (map, act) => map.addMany(iterableThat(act, ['counter', 1]) as never),
  }

  describe.each(Object.keys(withArguments))('%s', (argument) => {
    it.each(Object.keys(actions))('may %s', (action) => {
      using map = seededMap(options)
      using alone = seededMap(options)
      let acted = 0
      withArguments[argument]?.(map, () => {
        acted += 1
        actions[action]?.(map)
      })
      expect(acted).toBeGreaterThan(0)
      // Conversion comes first: the outcome is that of the action, then the operation.
      actions[action]?.(alone)
      withArguments[argument]?.(alone, () => {})
      expect(describeContent(map)).toEqual(describeContent(alone))
      expect(map.size).toBe(alone.size)
    })

    it('may close the map, and the operation then throws MapClosedError', () => {
      const map = seededMap(options)
      const thrown = thrownBy(() => withArguments[argument]?.(map, () => map.close()))
      expect(thrown).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    })

    it('may throw, and nothing changes', () => {
      using map = seededMap(options)
      const before = stateOf(map)
      const failing = () => {
        throw new Error('from the argument')
      }
      expect(() => withArguments[argument]?.(map, failing)).toThrow('from the argument')
      expect(stateOf(map)).toEqual(before)
    })
  })

  it('a tuple that shrinks while it is read is taken as it then is', () => {
    using map = seededMap(options)
    const tuple: unknown[] = ['a', 'b', 'c']
    Object.defineProperty(tuple, 0, {
      get: () => {
        tuple.length = 1
        return 'a'
      },
    })
    map.set(tuple as never, 'shrunk')
    expect(map.size).toBe(seed.length + 1)
    expect([...map.values()]).toContain('shrunk')
  })

  it('bytes that an earlier part of the key detaches are refused with a TypeError', () => {
    using map = seededMap(options)
    const bytes = new Uint8Array([1, 2, 3])
    const tuple = tupleThat(() => {
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    })
    tuple[1] = bytes
    expect(thrownBy(() => map.set(tuple as never, 1))).toMatchObject({ code: 'THREADMAP_INVALID_KEY' })
    expect(map.size).toBe(seed.length)
  })

  it('bytes that the value detaches while the key is at hand are refused with a TypeError', () => {
    using map = seededMap(options)
    const before = stateOf(map)
    const bytes = new Uint8Array([1, 2, 3])
    const value = objectThat(() => structuredClone(bytes.buffer, { transfer: [bytes.buffer] }))
    const thrown = thrownBy(() => map.set(bytes as never, value))
    expect(thrown).toMatchObject({ name: 'TypeError', code: 'THREADMAP_INVALID_KEY' })
    expect(stateOf(map)).toEqual(before)
  })
})

describe('tuples that can be no key', () => {
  const longestKey = 2 ** 24 - 1
  const tooLong: Record<string, (last: PropertyDescriptor) => unknown[]> = {
    'more parts than the longest key has bytes': (last) => {
      const tuple: unknown[] = []
      tuple.length = longestKey + 10
      return Object.defineProperty(tuple, longestKey + 5, last)
    },
    'more text than the longest key': (last) => {
      const text = 'x'.repeat(longestKey / 3)
      return Object.defineProperty([text, text, text, text, text], 5, last)
    },
    'more bytes than the longest key': (last) => {
      const bytes = new Uint8Array(longestKey / 3)
      return Object.defineProperty([bytes, bytes, bytes, bytes, bytes], 5, last)
    },
  }

  // Without an end to the conversion an array of 2^32 holes, or of long strings, would take all memory.
  it.each(Object.keys(tooLong))('for %s are not read to their end', (what) => {
    using map = seededMap({})
    const before = stateOf(map)
    let reads = 0
    const get = () => {
      reads += 1
      return 'last'
    }
    const key = tooLong[what]?.({ enumerable: true, get }) as never
    expect(map.get(key)).toBeUndefined()
    expect(thrownBy(() => map.set(key, 1))).toMatchObject({ code: 'THREADMAP_LIMIT' })
    expect(reads).toBe(0)
    expect(stateOf(map)).toEqual(before)
  })
})

/** An array of two whose first element runs `act` when it is read. */
function tupleThat(act: () => void): unknown[] {
  const first = {
    enumerable: true,
    get: () => {
      act()
      return 'first'
    },
  }
  return Object.defineProperty(['', 'second'], 0, first)
}

function objectThat(act: () => void): object {
  return {
    get field() {
      act()
      return 1
    },
  }
}

function* iterableThat(act: () => void, item: unknown): Generator<unknown> {
  yield item
  act()
  yield item
}
