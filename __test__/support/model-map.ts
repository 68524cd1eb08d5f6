// A model of ConcurrentMap for one thread: the contract written as plainly as possible over the built-in Map.
// Invariant: clarity only; it shares no code with the package, not even the error classes.
import { describeKey, describeValue } from './describe.ts'

const absent = Symbol.for('threadmap.absent')

interface Entry {
  readonly key: unknown
  readonly value: unknown
  readonly version: number
}

type Fold = (old: never, operand: never) => number | bigint

export class ModelMap {
  readonly #entries = new Map<string, Entry>()
  version = 0

  get size(): number {
    return this.#entries.size
  }

  get(key: unknown): unknown {
    return copy(this.#find(key)?.value)
  }

  has(key: unknown): boolean {
    return this.#find(key) !== undefined
  }

  set(key: unknown, value: unknown): this {
    const stored = { key: normal(key), value: copy(value), version: this.version + 1 }
    this.#entries.set(describeKey(key), stored)
    this.version += 1
    return this
  }

  delete(key: unknown): boolean {
    const deleted = this.#entries.delete(describeKey(key))
    if (deleted) this.version += 1
    return deleted
  }

  clear(): void {
    this.version += this.size
    this.#entries.clear()
  }

  getOrInsert(key: unknown, value: unknown): unknown {
    if (!this.has(key)) this.set(key, value)
    return this.get(key)
  }

  getOrInsertComputed(key: unknown, compute: (key: unknown) => unknown): unknown {
    return this.has(key) ? this.get(key) : this.getOrInsert(key, compute(normal(key)))
  }

  swap(key: unknown, value: unknown): unknown {
    const old = this.get(key)
    this.set(key, value)
    return old
  }

  take(key: unknown): unknown {
    const old = this.get(key)
    this.delete(key)
    return old
  }

  setIfAbsent(key: unknown, value: unknown): boolean {
    return this.#setIf(!this.has(key), key, value)
  }

  replace(key: unknown, value: unknown): boolean {
    return this.#setIf(this.has(key), key, value)
  }

  compareAndSet(key: unknown, expected: unknown, value: unknown): boolean {
    return this.#setIf(this.#holds(key, expected), key, value)
  }

  compareAndDelete(key: unknown, expected: unknown): boolean {
    return this.#holds(key, expected) && this.delete(key)
  }

  add(
    key: unknown,
    delta: number | bigint,
    initial: number | bigint = typeof delta === 'bigint' ? 0n : 0,
  ): unknown {
    if (typeof initial !== typeof delta) throw failure(TypeError, 'THREADMAP_WRONG_CELL')
    const start = this.has(key) ? {} : { initial }
    return this.#fold(key, delta, (old: number, operand: number) => old + operand, start)
  }

  max(key: unknown, value: number | bigint): unknown {
    return this.#fold(key, value, (old: never, operand: never) => extreme(old, operand, Math.max))
  }

  min(key: unknown, value: number | bigint): unknown {
    return this.#fold(key, value, (old: never, operand: never) => extreme(old, operand, Math.min))
  }

  update(key: unknown, change: (old: unknown) => unknown): unknown {
    const value = change(this.get(key))
    if (value instanceof Promise) throw failure(TypeError, 'THREADMAP_INVALID_ARGUMENT')
    if (value !== absent) return this.set(key, value).get(key)
    this.delete(key)
    return undefined
  }

  getEntry(key: unknown): { value: unknown; version: number } | undefined {
    const entry = this.#find(key)
    return entry && { value: copy(entry.value), version: entry.version }
  }

  setIfVersion(key: unknown, value: unknown, version: number): boolean {
    return this.#setIf(this.#find(key)?.version === version, key, value)
  }

  deleteIfVersion(key: unknown, version: number): boolean {
    return this.#find(key)?.version === version && this.delete(key)
  }

  getMany(keys: Iterable<unknown>): unknown[] {
    return Array.from(keys, (key) => this.get(key))
  }

  setMany(entries: Iterable<readonly [unknown, unknown]>): this {
    for (const [key, value] of entries) this.set(key, value)
    return this
  }

  deleteMany(keys: Iterable<unknown>): number {
    return Array.from(keys, (key) => this.delete(key)).filter(Boolean).length
  }

  addMany(deltas: Iterable<readonly [unknown, number | bigint]>): unknown[] {
    return Array.from(deltas, ([key, delta]) => this.add(key, delta))
  }

  *entries(): Generator<[unknown, unknown]> {
    for (const { key, value } of this.#entries.values()) yield [copy(key), copy(value)]
  }

  [Symbol.iterator](): Generator<[unknown, unknown]> {
    return this.entries()
  }

  *keys(): Generator<unknown> {
    for (const [key] of this) yield key
  }

  *values(): Generator<unknown> {
    for (const [, value] of this) yield value
  }

  forEach(callback: (value: unknown, key: unknown, map: this) => void): void {
    for (const [key, value] of this) callback(value, key, this)
  }

  #find(key: unknown): Entry | undefined {
    return this.#entries.get(describeKey(key))
  }

  #setIf(condition: boolean, key: unknown, value: unknown): boolean {
    if (condition) this.set(key, value)
    return condition
  }

  #holds(key: unknown, expected: unknown): boolean {
    const entry = this.#find(key)
    if (expected === absent || entry === undefined) return (expected === absent) === (entry === undefined)
    return describeContentOf(entry.value) === describeContentOf(expected)
  }

  #fold(
    key: unknown,
    operand: number | bigint,
    fold: Fold,
    start: { initial?: number | bigint } = {},
  ): unknown {
    const entry = this.#find(key)
    const old = entry === undefined ? start.initial : entry.value
    if (old === undefined && entry === undefined) return this.set(key, operand).get(key)
    if (typeof old !== typeof operand) throw failure(TypeError, 'THREADMAP_WRONG_CELL')
    const value = fold(old as never, operand as never)
    // Cells of arithmetic are int64: a longer bigint that was set is none, whatever the result would be.
    if (!isInt64(old) || !isInt64(value)) throw failure(RangeError, 'THREADMAP_OVERFLOW')
    // A result that is there already is no change.
    if (entry !== undefined && Object.is(old, value)) return value
    return this.set(key, value).get(key)
  }
}

function isInt64(value: unknown): boolean {
  return typeof value !== 'bigint' || BigInt.asIntN(64, value) === value
}

function extreme(old: number | bigint, operand: number | bigint, of: typeof Math.max): number | bigint {
  if (typeof old === 'number' && typeof operand === 'number') return of(old, operand)
  return (of(-1, 1) === 1) === operand > old ? operand : old
}

// As `expected` is compared: 0 and -0 match, and so do a Buffer and a Uint8Array of the same bytes.
function describeContentOf(value: unknown): string {
  return value === 0 || value instanceof Uint8Array ? describeKey(value) : describeValue(value)
}

// structuredClone makes a Uint8Array of a Buffer; the contract gives a Buffer back as one.
function copy<T>(value: T): T {
  return Buffer.isBuffer(value) ? (Buffer.from(value) as T & Buffer) : structuredClone(value)
}

function normal(key: unknown): unknown {
  return copy(Array.isArray(key) ? Array.from(key, normal) : key === 0 ? 0 : key)
}

function failure(Kind: typeof TypeError | typeof RangeError, code: string): Error {
  return Object.assign(new Kind(code), { code })
}
