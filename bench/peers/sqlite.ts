// better-sqlite3, as fast as it gets: a file in memory where /dev/shm exists (threads cannot share `:memory:`),
// write-ahead log, no sync, prepared statements, a table that is its own index. Writes come in both of its forms.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contentOf, type Value } from '../keys.ts'
import { atTheEnd } from '../leftovers.ts'
import type { MapLike } from '../operations.ts'
import type { Peer, Store } from '../peer.ts'

interface Statement {
  get(...parameters: readonly Value[]): unknown
  run(...parameters: readonly Value[]): unknown
  pluck(): Statement
}
/** What is used of it; it brings no types. */
interface Database {
  prepare(sql: string): Statement
  exec(sql: string): void
  pragma(sql: string): unknown
  close(): void
}
const openDatabase = createRequire(import.meta.url)('better-sqlite3') as new (
  path: string,
  options: { readonly timeout: number },
) => Database

const MEMORY = '/dev/shm'
const INSERT = 'INSERT INTO entries VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value ='
// A second writer waits for the first one's lock this long, in milliseconds.
const PATIENCE = 10_000

const openAt = (path: string): Database => {
  const database = new openDatabase(path, { timeout: PATIENCE })
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = OFF')
  return database
}

class Table implements MapLike {
  readonly database: Database
  readonly #get: Statement
  readonly #has: Statement
  readonly #set: Statement
  readonly #delete: Statement
  readonly #add: Statement

  constructor(database: Database) {
    this.database = database
    this.#get = database.prepare('SELECT value FROM entries WHERE key = ?').pluck()
    this.#has = database.prepare('SELECT 1 FROM entries WHERE key = ?').pluck()
    this.#set = database.prepare(`${INSERT} excluded.value`)
    this.#delete = database.prepare('DELETE FROM entries WHERE key = ?')
    this.#add = database.prepare(`${INSERT} value + excluded.value RETURNING value`).pluck()
  }
  get(key: string): unknown {
    return this.#get.get(key)
  }
  has(key: string): boolean {
    return this.#has.get(key) === 1
  }
  set(key: string, value: Value): unknown {
    return this.#set.run(key, value)
  }
  delete(key: string): unknown {
    return this.#delete.run(key)
  }
  add(key: string, delta: number): unknown {
    return this.#add.get(key, delta)
  }
  getMany(keys: readonly string[]): unknown[] {
    return keys.map((key) => this.#get.get(key))
  }
  setMany(entries: readonly (readonly [string, Value])[]): void {
    this.together(() => {
      for (const [key, value] of entries) this.#set.run(key, value)
    })
  }
  addMany(entries: readonly (readonly [string, number])[]): unknown[] {
    return this.together(() => entries.map(([key, delta]) => this.#add.get(key, delta)))
  }
  together<T>(work: () => T): T {
    this.database.exec('BEGIN IMMEDIATE')
    const result = work()
    this.database.exec('COMMIT')
    return result
  }
}

const base = {
  style: 'sync',
  shared: true,
  answers: true,
  create: async (content): Promise<Store> => {
    const folder = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'threadmap-bench-'))
    const remove = atTheEnd(() => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'entries')
    const database = openAt(path)
    database.exec('CREATE TABLE entries (key TEXT PRIMARY KEY, value) WITHOUT ROWID')
    new Table(database).setMany(contentOf(content.size, content.value))
    return {
      connect: () => ({ token: path }),
      close: () => {
        database.close()
        remove()
      },
    }
  },
  attach: (token) => new Table(openAt(token as string)),
  detach: (map) => (map as Table).database.close(),
} as const satisfies Partial<Peer>

export const peers: readonly Peer[] = [
  { ...base, name: 'sqlite', note: 'better-sqlite3: each write its own transaction' },
  {
    ...base,
    name: 'sqlite transaction',
    note: 'better-sqlite3, 1,000 calls in one transaction',
    does: ['set', 'add', 'setText', 'churn', 'mixed'],
    batched: true,
    around: (map, run) => (map as Table).together(run),
  },
]
