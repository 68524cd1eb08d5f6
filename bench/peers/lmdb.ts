// lmdb-js, as fast as it gets: a file in memory where /dev/shm exists, noSync and useWritemap (no system call a
// transaction), a mapSize that is never outgrown, and for each kind of value the encoding that is fastest for it.
// Reads renew their snapshot once a batch, not once a get; writes come in its three forms, each a row of its own.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, open } from 'lmdb'
import { contentOf, type Value } from '../keys.ts'
import { atTheEnd } from '../leftovers.ts'
import type { MapLike } from '../operations.ts'
import type { Content, Peer, Store } from '../peer.ts'

const MEMORY = '/dev/shm'
const MAP_BYTES = 1 << 28

// 'ordered-binary' beat msgpack for small numbers, 'string' both of them for text (measured on lmdb 3.5.6).
const ENCODING = { number: 'ordered-binary', string: 'string' } as const

const openAt = (path: string, { value }: Content): Database<Value, string> =>
  open<Value, string>({
    path,
    encoding: ENCODING[value],
    noSync: true,
    useWritemap: true,
    mapSize: MAP_BYTES,
  })

class LmdbMap implements MapLike {
  readonly database: Database<Value, string>
  /** How a write is done: at once, queued for the next batch, or in the running transaction. */
  readonly queued: boolean
  pending: unknown

  constructor(database: Database<Value, string>, queued: boolean) {
    this.database = database
    this.queued = queued
  }
  get(key: string): unknown {
    return this.database.get(key)
  }
  has(key: string): boolean {
    return this.database.doesExist(key)
  }
  set(key: string, value: Value): unknown {
    if (!this.queued) return this.database.putSync(key, value)
    this.pending = this.database.put(key, value)
    return this.pending
  }
  delete(key: string): unknown {
    if (!this.queued) return this.database.removeSync(key)
    return this.database.remove(key)
  }
  add(key: string, delta: number): number {
    return this.database.transactionSync(() => {
      const next = ((this.database.get(key) as number | undefined) ?? 0) + delta
      this.database.putSync(key, next)
      return next
    })
  }
  // Its own getMany works in another thread and answers later; a loop within one snapshot is faster here.
  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.database.get(key))
  }
  setMany(entries: readonly (readonly [string, Value])[]): unknown {
    const setAll = (): void => {
      for (const [key, value] of entries) this.set(key, value)
    }
    if (!this.queued) return this.database.transactionSync(setAll)
    setAll()
    return this.pending
  }
  addMany(entries: readonly (readonly [string, number])[]): number[] {
    return this.database.transactionSync(() => entries.map(([key, delta]) => this.add(key, delta)))
  }
}

const create = async (content: Content): Promise<Store> => {
  const path = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'threadmap-bench-'))
  const remove = atTheEnd(() => rmSync(path, { recursive: true, force: true }))
  const database = openAt(path, content)
  database.transactionSync(() => {
    for (const [key, value] of contentOf(content.size, content.value)) database.putSync(key, value)
  })
  return {
    connect: () => ({ token: path }),
    close: async () => {
      await database.close()
      remove()
    },
  }
}

const base = {
  style: 'sync',
  shared: true,
  answers: true,
  create,
  detach: (map: MapLike) => (map as LmdbMap).database.close(),
} as const
const attachQueued = (queued: boolean) => (token: unknown, content: Content) =>
  new LmdbMap(openAt(token as string, content), queued)

export const peers: readonly Peer[] = [
  {
    ...base,
    name: 'lmdb',
    note: 'lmdb, get and putSync: each write its own transaction',
    attach: attachQueued(false),
    around: (map, run) => {
      ;(map as LmdbMap).database.resetReadTxn()
      return run()
    },
  },
  {
    ...base,
    name: 'lmdb batched put',
    note: 'lmdb, put queued and 1,000 of them awaited together: its own way of fast writes',
    does: ['set', 'setText', 'churn', 'setMany'],
    batched: true,
    attach: attachQueued(true),
    around: async (map, run) => {
      const sum = run()
      await (map as LmdbMap).pending
      return sum
    },
  },
  {
    ...base,
    name: 'lmdb transaction',
    note: 'lmdb, 1,000 calls in one transactionSync',
    does: ['set', 'add', 'setText', 'churn', 'mixed', 'setMany', 'addMany'],
    batched: true,
    attach: attachQueued(false),
    around: (map, run) => (map as LmdbMap).database.transactionSync(run),
  },
]
