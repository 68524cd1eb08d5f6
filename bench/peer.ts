// What a competitor is. A new one is a file in peers/ and a line in peers/all.ts.
// Invariant: a peer never holds the map itself, a store does; the same peer serves main thread and workers.
import type { MessagePort } from 'node:worker_threads'
import type { ValueKind } from './keys.ts'
import { type MapLike, type OperationName, writes } from './operations.ts'

export interface Content {
  readonly size: number
  readonly value: ValueKind
  /** How many entries will come, where that is more than those at the start. */
  readonly capacity?: number
}

/** For stores whose size is fixed at birth. */
export const capacityOf = ({ size, capacity = size }: Content): number => Math.max(size, capacity)

/** A way to reach a store from a thread: `token` is cloned (and `transfer` moved) to that thread. */
export interface Connection {
  readonly token: unknown
  readonly transfer?: readonly MessagePort[]
}

export interface Store {
  connect(): Connection
  /** Bytes of memory that the store holds in another process. */
  elsewhere?(): Promise<number>
  close(): void | Promise<void>
}

export interface Peer {
  readonly name: string
  readonly note: string
  /** 'sync': plain calls; 'serial': each call awaited; 'flight': 100 calls awaited together. */
  readonly style: 'sync' | 'serial' | 'flight'
  /** The operations that it can do, or that make sense for it; all where left out. */
  readonly does?: readonly OperationName[]
  /** False where threads cannot reach one another's entries: there is no 'one map' for two workers then. */
  readonly shared: boolean
  /** True where two threads that write at once break it: workers only read. */
  readonly oneWriter?: boolean
  /** True where a call is not done when it returns, but with its whole batch: it has no latency of its own. */
  readonly batched?: boolean
  /** False where a get does not look anything up, so that its answers cannot be checked. */
  readonly answers: boolean
  create(content: Content): Promise<Store>
  attach(token: unknown, content: Content): MapLike
  /** Lets go of what `attach` gave; nothing to do where left out. */
  readonly detach?: (map: MapLike) => unknown
  /** Wraps one batch of calls: a transaction, a fresh snapshot, a wait for the commit. */
  readonly around?: (map: MapLike, run: () => number) => number | Promise<number>
}

export type Kind = 'ours' | 'floor' | 'private' | 'shared'

/** What a peer stands for in the tables: this map, the price of a call, what one thread has alone, what all share. */
export const kindOf = ({ name, answers, shared }: Peer): Kind => {
  if (name.startsWith('threadmap')) return 'ours'
  if (!answers) return 'floor'
  return shared ? 'shared' : 'private'
}

/** Whether it can do the operation; with `together`, while other threads do it too. */
export const able = ({ does, oneWriter }: Peer, name: OperationName, together = false): boolean =>
  (does?.includes(name) ?? true) && !(together && oneWriter && writes(name))

/** Base of peers that do only some operations: the others must never be reached. */
export class Incomplete implements MapLike {
  get(_key: string): unknown {
    throw this.#missing('get')
  }
  has(_key: string): unknown {
    throw this.#missing('has')
  }
  set(_key: string, _value: unknown): unknown {
    throw this.#missing('set')
  }
  delete(_key: string): unknown {
    throw this.#missing('delete')
  }
  add(_key: string, _delta: number): unknown {
    throw this.#missing('add')
  }
  getMany(_keys: readonly string[]): unknown {
    throw this.#missing('getMany')
  }
  setMany(_entries: unknown): unknown {
    throw this.#missing('setMany')
  }
  addMany(_entries: unknown): unknown {
    throw this.#missing('addMany')
  }

  #missing(method: string): Error {
    return new Error(`this competitor has no ${method}: its list \`does\` is wrong`)
  }
}
