/**
 * Transactions over several keys of a map of the variant `'snapshot'`: the function runs on one snapshot, outside of
 * every lock; what it wrote is published by one store if nothing that it read has changed, and it runs again otherwise.
 */
import { types } from 'node:util'
import { ABSENT } from './absent.ts'
import { checkFunction, fixedKey, listOf } from './arguments.ts'
import { kindOf, makeError, NestedTransactionError } from './errors.ts'
import type { Key } from './key.ts'
import { native, type Raw } from './native.ts'

/** How values cross. */
export interface Forms {
  pack(value: unknown): Raw
  unpack(raw: Raw): unknown
}

/** Options of {@link ConcurrentMap#transact}. */
export interface TransactOptions<K extends Key = Key> {
  /**
   * Keys that count as read before the function runs, whatever it does: the transaction runs again when another thread
   * changes one of them. It may touch others, too.
   * @default none
   */
  readonly keys?: Iterable<K>
}

/** What the function of {@link ConcurrentMap#transact} reads and writes with. Good until that function returns. */
export interface Transaction<K extends Key = Key, V = unknown> {
  /** What the function has written for the key, or what the map held when the transaction began. */
  get(key: K): V | undefined
  /** Whether there is an entry, in the same sense. */
  has(key: K): boolean
  /** Stores a copy of the value when the transaction is committed. @throws LimitError, DataCloneError. */
  set(key: K, value: V): this
  /** Removes the entry when the transaction is committed; says whether there is one. */
  delete(key: K): boolean
}

/** Whether this thread is inside of a transaction. */
let running = false

class NativeTransaction implements Transaction {
  readonly #id: number
  readonly #forms: Forms

  constructor(id: number, forms: Forms) {
    this.#id = id
    this.#forms = forms
  }

  get(key: Key): unknown {
    const found = native.transactionFind(this.#id, key, ABSENT)
    return found === ABSENT ? undefined : this.#forms.unpack(found)
  }

  has(key: Key): boolean {
    return native.transactionFind(this.#id, key, ABSENT) !== ABSENT
  }

  set(key: Key, value: unknown): this {
    native.transactionSet(this.#id, key, this.#forms.pack(value))
    return this
  }

  delete(key: Key): boolean {
    return native.transactionDelete(this.#id, key)
  }
}

/** The keys of the options, read once. */
function keysOf(options: unknown): Key[] {
  if (options === undefined) return []
  if (typeof options !== 'object' || options === null) {
    throw makeError('THREADMAP_INVALID_ARGUMENT', `options must be an object, got ${kindOf(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (name !== 'keys') {
      throw makeError('THREADMAP_INVALID_OPTION', `there is no option '${name}' of transact: it has keys`)
    }
  }
  const keys: unknown = Object.hasOwn(options, 'keys') ? Reflect.get(options, 'keys') : undefined
  return keys === undefined ? [] : listOf(keys as Iterable<Key>, 'keys').map(fixedKey)
}

/** Runs `work` until a run of it could be committed; its result. */
export function transact<R>(
  map: number,
  forms: Forms,
  work: (tx: Transaction<never, never>) => R,
  options: unknown,
): R {
  checkFunction(work, 'work')
  if (running) {
    throw new NestedTransactionError(
      'transact was called inside of the function of another transact: do all of it in one, with its tx',
    )
  }
  const keys = keysOf(options)
  for (;;) {
    const id = native.begin(map, keys)
    try {
      const result = run(work, new NativeTransaction(id, forms))
      if (types.isPromise(result)) {
        throw makeError(
          'THREADMAP_INVALID_ARGUMENT',
          'work gave a Promise: await outside, and transact with the result',
        )
      }
      if (native.commit(map, id)) return result
    } finally {
      native.abandon(id)
    }
  }
}

function run<R>(work: (tx: Transaction<never, never>) => R, tx: Transaction): R {
  running = true
  try {
    return work(tx as Transaction<never, never>)
  } finally {
    running = false
  }
}
