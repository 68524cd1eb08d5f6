// Transactions over several keys: together or not at all, in one order for everybody.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, NestedTransactionError, UnsupportedError } from '../index.ts'
import { Crew } from './support/crew.ts'
import { variants } from './support/variants.ts'
import { accounts, start } from './workers/mover.ts'

type Movers = typeof import('./workers/mover.ts')
const file = new URL('./workers/mover.ts', import.meta.url)
const options = { variant: 'snapshot' } as const

const open = (entries: Record<string, unknown> = {}): ConcurrentMap<string, unknown> =>
  new ConcurrentMap<string, unknown>(Object.entries(entries), options)

describe('a transaction', () => {
  it('reads and writes several keys, and gives what its function does', () => {
    using map = open({ a: 1, b: 2, c: 3 })
    const result = map.transact((tx) => {
      expect(tx.get('a')).toBe(1)
      expect(tx.set('a', 10).set('d', { four: 4 })).toBe(tx)
      expect([tx.get('a'), tx.get('d'), tx.has('d')]).toEqual([10, { four: 4 }, true])
      expect([tx.delete('b'), tx.delete('b'), tx.has('b'), tx.get('b')]).toEqual([
        true,
        false,
        false,
        undefined,
      ])
      expect([tx.delete('none'), tx.has('none')]).toEqual([false, false])
      expect([map.get('a'), map.has('b'), map.has('d')]).toEqual([1, true, false])
      return 'result'
    })
    expect(result).toBe('result')
    expect(new Map(map)).toEqual(
      new Map<string, unknown>([
        ['a', 10],
        ['c', 3],
        ['d', { four: 4 }],
      ]),
    )
  })

  it('counts one change for each entry that it changes', () => {
    using map = open({ a: 1, b: 2 })
    const before = map.version
    map.transact((tx) => tx.set('a', 2).set('a', 3).set('c', 1).delete('none'))
    expect(map.version - before).toBe(2)
  })

  it('takes every kind of key, by content', () => {
    using map = new ConcurrentMap<never, number>(undefined, options)
    const keys = [Uint8Array.of(1), ['a', 1], 1, 1n, 'ж', null, undefined, true] as never[]
    map.transact((tx) => {
      for (const key of keys) tx.set(key, (tx.get(key) ?? 0) + 1)
      tx.set(['a', 1] as never, (tx.get(['a', 1] as never) ?? 0) + 1)
    })
    expect(keys.map((key) => map.get(key))).toEqual([1, 2, 1, 1, 1, 1, 1, 1])
  })

  it('that throws changes nothing', () => {
    using map = open({ a: 1 })
    const before = map.version
    const fail = (): never =>
      map.transact((tx) => {
        tx.set('a', 2).delete('a')
        tx.set('b', 1)
        throw new Error('on purpose')
      })
    expect(fail).toThrow('on purpose')
    expect([...map]).toEqual([['a', 1]])
    expect(map.version).toBe(before)
    expect(() => map.transact((tx) => tx.set('x', Symbol('s')))).toThrow(
      expect.objectContaining({ name: 'DataCloneError' }),
    )
    expect([...map]).toEqual([['a', 1]])
  })

  it('runs again when what it has read has changed, also from nothing or to the same value', () => {
    const changes: Record<string, (map: ConcurrentMap<string, unknown>) => unknown> = {
      'another value': (map) => map.set('read', 2),
      'the same value': (map) => map.set('read', 1),
      'a removal': (map) => map.delete('read'),
      'an insert': (map) => map.set('absent', 1),
      'everything replaced by the same': (map) => map.replaceAll([...map]),
      clear: (map) => map.clear(),
    }
    for (const [what, change] of Object.entries(changes)) {
      using map = open({ read: 1 })
      let runs = 0
      map.transact((tx) => {
        runs += 1
        const seen = [tx.get('read'), tx.has('absent')]
        if (runs === 1) change(map)
        expect([tx.get('read'), tx.has('absent')], 'one moment').toEqual(seen)
        tx.set('written', runs)
      })
      expect(runs, what).toBe(2)
      expect(map.get('written'), what).toBe(2)
    }
  })

  it('runs once when only other keys have changed, or keys that it has only written', () => {
    using map = open({ read: 1 })
    let runs = 0
    map.transact((tx) => {
      runs += 1
      tx.get('read')
      tx.set('written', 1)
      map.set('other', runs).set('written', 2)
    })
    expect([runs, map.get('written')]).toEqual([1, 1])
  })

  it('with keys runs again when one of them has changed, and may touch others', () => {
    using map = open({ a: 1, b: 1 })
    let runs = 0
    map.transact(
      (tx) => {
        runs += 1
        if (runs === 1) map.set('a', 2)
        tx.set('c', runs)
      },
      { keys: new Set(['a', 'b']) },
    )
    expect([runs, map.get('c')]).toEqual([2, 2])
  })

  it('that only reads runs once and sees one moment', () => {
    using map = open({ a: 1, b: 1 })
    let runs = 0
    const sum = map.transact((tx) => {
      runs += 1
      const a = tx.get('a') as number
      map.set('a', 5).set('b', 5)
      return a + (tx.get('b') as number)
    })
    expect([sum, runs]).toEqual([2, 1])
  })

  it('inside of another throws a typed error, and the outer one can go on', () => {
    using map = open({ a: 1 })
    using other = open()
    map.transact((tx) => {
      expect(() => map.transact(() => {})).toThrow(NestedTransactionError)
      expect(() => other.transact(() => {})).toThrow(
        expect.objectContaining({ code: 'THREADMAP_NESTED_TRANSACTION' }),
      )
      tx.set('a', 2)
    })
    expect(map.get('a')).toBe(2)
    expect(map.transact((tx) => tx.get('a'))).toBe(2)
  })

  it('with a Promise as its result throws a TypeError and changes nothing', () => {
    using map = open({ a: 1 })
    expect(() => map.transact(async (tx) => tx.set('a', 2))).toThrow(TypeError)
    expect(map.get('a')).toBe(1)
  })

  it('cannot be used once its function has returned', () => {
    using map = open({ a: 1 })
    let kept: { set(key: string, value: unknown): unknown; get(key: string): unknown } | undefined
    map.transact((tx) => {
      kept = tx
    })
    expect(() => kept?.set('a', 2)).toThrow(/has ended/)
    expect(() => kept?.get('a')).toThrow(/has ended/)
    expect(map.get('a')).toBe(1)
  })

  it('refuses what is no function, no options and no keys', () => {
    using map = open()
    for (const bad of [undefined, 1, {}, 'work']) expect(() => map.transact(bad as never)).toThrow(TypeError)
    for (const bad of [null, 1, { key: ['a'] }, { keys: 1 }, { keys: [{}] }]) {
      expect(() => map.transact(() => expect.fail('it ran'), bad as never)).toThrow(TypeError)
    }
  })
})

it.each(variants.filter(({ options }) => options.variant !== 'snapshot'))(
  'a $title map refuses transactions with a typed error',
  ({ options }) => {
    using map = new ConcurrentMap<string, number>([['a', 1]], options)
    expect(() => map.transact(() => expect.fail('it ran'))).toThrow(UnsupportedError)
    expect([...map]).toEqual([['a', 1]])
  },
)

describe('a bank', () => {
  const crews: Crew<Movers>[] = []
  afterAll(() => Promise.all(crews.map((crew) => crew.close())))
  const total = (map: ConcurrentMap<string, number>): number => {
    using snapshot = map.snapshot()
    return snapshot.values().reduce((sum, amount) => sum + amount, 0)
  }
  const bank = (): ConcurrentMap<string, number> =>
    new ConcurrentMap(
      Array.from({ length: accounts }, (_, account) => [`account ${account}`, start] as [string, number]),
      options,
    )

  it('of eight workers has the same total in every snapshot', async () => {
    using map = bank()
    const crew = new Crew<Movers>(file, 8)
    crews.push(crew)
    const moving = crew.all('move', (me) => [map.handle, me, 4_000])
    let [done, looks] = [false, 0]
    moving.finally(() => {
      done = true
    })
    while (!done) {
      expect(total(map)).toBe(accounts * start)
      looks += 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    const runs = await moving
    expect(total(map)).toBe(accounts * start)
    expect(looks).toBeGreaterThan(10)
    // Some transactions met others and ran again.
    expect(runs.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(8 * 4_000)
  })

  it('whose workers are killed in the middle of transactions loses nothing and stays open', async () => {
    using map = bank()
    for (let death = 0; death < 24; death += 1) {
      const crew = new Crew<Movers>(file, 2)
      const begun = new Int32Array(new SharedArrayBuffer(4))
      const moving = crew.all('moveForEver', (me) => [map.handle, me + 2 * death, begun, death % 3])
      moving.catch(() => {})
      while (Atomics.load(begun, 0) < 40) await new Promise((resolve) => setTimeout(resolve, 1))
      expect(total(map)).toBe(accounts * start)
      await crew.close()
      expect(total(map)).toBe(accounts * start)
      expect(map.transact((tx) => tx.set('account 0', tx.get('account 0') as number).has('account 0'))).toBe(
        true,
      )
    }
  })
})
