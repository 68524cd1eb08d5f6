// What a competitor is. A new one is a file in peers/ and a line in peers/all.ts.
// Invariant: a peer never holds the map itself, a store does; the same peer serves main thread and workers.
import type { MessagePort } from 'node:worker_threads'
import type { ValueKind } from './keys.ts'
import type { MapLike, OperationName } from './operations.ts'

export interface Content {
  readonly size: number
  readonly value: ValueKind
}

/** A way to reach a store from a thread: `token` is cloned (and `transfer` moved) to that thread. */
export interface Connection {
  readonly token: unknown
  readonly transfer?: readonly MessagePort[]
}

export interface Store {
  connect(): Connection
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
  /** False where a get does not look anything up, so that its answers cannot be checked. */
  readonly answers: boolean
  create(content: Content): Promise<Store>
  attach(token: unknown, content: Content): MapLike
  /** Lets go of what `attach` gave; nothing to do where left out. */
  readonly detach?: (map: MapLike) => unknown
  /** Wraps one batch of calls: a transaction, a fresh snapshot, a wait for the commit. */
  readonly around?: (map: MapLike, run: () => number) => number | Promise<number>
}

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
