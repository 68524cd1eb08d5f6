/**
 * The door to the binding: the only file that imports it, and the types of its raw callbacks and cold functions. Each
 * callback is one shared function, `operation(id, ...)`; ids are numbers that never come back, so a wrong one misses.
 * What a codec made crosses as an array of one element.
 */
import { type Build, load, type Origin } from '#binding'
import { BindingError, makeError } from './errors.ts'

/** A stored value as it crosses: a primitive, bytes, or `[payload]` for what a codec made. */
export type Raw = unknown

/** What of the entries a scan is asked for: keys and values in turn, keys, values. */
export type What = 0 | 1 | 2

/** What `describe` tells, in this order. */
export type Description = readonly [
  name: string | undefined,
  variant: string,
  shards: number,
  codec: string,
  maxKeyBytes: number,
  maxValueBytes: number,
  entries: number,
  bytes: number,
  indexBytes: number,
  version: number,
]

/** What `frozenDescribe` tells, in this order. */
export type FrozenDescription = readonly [path: string, codec: string, entries: number, bytes: number]

/** What `describeTier` tells, in this order. */
export type TierDescription = readonly [
  path: string,
  hotBytes: number,
  fileEntries: number,
  fileBytes: number,
  promotions: number,
  evictions: number,
]

/** The raw callbacks and the cold functions of the binding. */
export interface NativeBinding {
  introduce(errorFactory: (code: string, message: string) => Error, bufferClass: typeof Buffer): void
  processId(): string
  claimWarning(image?: string): boolean
  names(): string[]
  hasName(name: string): boolean
  open(
    name: string | undefined,
    variant: string,
    shards: number,
    codec: string,
    maxKeyBytes: number,
    maxValueBytes: number,
  ): number
  attach(id: number): boolean
  close(id: number): void
  dropName(name: string): boolean
  describe(id: number): Description
  /** The bytes outside of its heap that V8 has been told of on this thread, by all addons. */
  externalMemory(): number
  /** Self-test: panics in native code; throws `InternalError`. */
  panic(id: number): never
  /** For benchmarks: the price of the boundary without a map. */
  floor(id: number, key: string): number
  get(id: number, key: unknown): Raw
  find<A>(id: number, key: unknown, absent: A): Raw | A
  has(id: number, key: unknown): boolean
  getEntry(id: number, key: unknown): readonly [value: Raw, version: number] | undefined
  size(id: number): number
  version(id: number): number
  set(id: number, key: unknown, value: Raw): void
  swap(id: number, key: unknown, value: Raw): Raw
  delete(id: number, key: unknown): boolean
  take(id: number, key: unknown): Raw
  setIfAbsent(id: number, key: unknown, value: Raw): boolean
  getOrInsert(id: number, key: unknown, value: Raw): Raw
  replace(id: number, key: unknown, value: Raw): boolean
  compareAndSet(id: number, key: unknown, value: Raw, expected: Raw): boolean
  compareAndDelete(id: number, key: unknown, expected: Raw): boolean
  setIfVersion(id: number, key: unknown, value: Raw, version: number): boolean
  deleteIfVersion(id: number, key: unknown, version: number): boolean
  add(id: number, key: unknown, delta: unknown, initial?: unknown): number | bigint
  max(id: number, key: unknown, value: unknown): number | bigint
  min(id: number, key: unknown, value: unknown): number | bigint
  getMany(id: number, keys: readonly unknown[]): Raw[]
  setMany(id: number, keysAndValues: readonly unknown[]): void
  deleteMany(id: number, keys: readonly unknown[]): number
  addMany(id: number, keysAndDeltas: readonly unknown[]): (number | bigint)[]
  /**
   * The operations on many keys for strings alone: `text` is all of them end to end, `doubles` holds their lengths, each
   * followed by the number that goes with it. Results take the places of the lengths (`bulk.ts`).
   */
  getPacked(id: number, text: string, doubles: Float64Array, count: number): Raw[] | undefined
  setPacked(id: number, text: string, doubles: Float64Array, count: number): void
  deletePacked(id: number, text: string, doubles: Float64Array, count: number): number
  addPacked(id: number, text: string, doubles: Float64Array, count: number): void
  /** Where the stamps of the map move, which it keeps from now on; undefined where the engine refuses such memory. */
  stamps(id: number): ArrayBuffer | undefined
  /** This thread's scratch area: a double, then two 32-bit integers (`stamps.ts`). */
  scratch(): ArrayBuffer | undefined
  /** Self-test: whether this thread gets no stamps, as where the engine refuses them. */
  refuseBuffers(refuse: boolean): void
  /** `get`, and in the scratch area whether and under which stamp the value may be kept. */
  getKept(id: number, key: unknown): Raw
  /** A slot that stands for map and key, to be given back by `unbind`. */
  bind(id: number, key: unknown): number
  unbind(slot: number): void
  refGet(slot: number): Raw
  refFind<A>(slot: number, absent: A): Raw | A
  refHas(slot: number): boolean
  refGetEntry(slot: number): readonly [value: Raw, version: number] | undefined
  refSet(slot: number, value: Raw): void
  /** Stores the number in the scratch area. */
  refSetNumber(slot: number): void
  refSwap(slot: number, value: Raw): Raw
  refDelete(slot: number): boolean
  refTake(slot: number): Raw
  refSetIfAbsent(slot: number, value: Raw): boolean
  refGetOrInsert(slot: number, value: Raw): Raw
  refReplace(slot: number, value: Raw): boolean
  refCompareAndSet(slot: number, value: Raw, expected: Raw): boolean
  refCompareAndDelete(slot: number, expected: Raw): boolean
  refSetIfVersion(slot: number, value: Raw, version: number): boolean
  refDeleteIfVersion(slot: number, version: number): boolean
  refAdd(slot: number, delta: unknown, initial?: unknown): number | bigint
  /** Adds the number in the scratch area, and leaves the sum there. */
  refAddNumber(slot: number): void
  refMax(slot: number, value: unknown): number | bigint
  refMin(slot: number, value: unknown): number | bigint
  /** The chunk that the header of the doubles asks for, and what is no number; or how many doubles it takes (`walk.ts`). */
  scan(id: number, what: What, doubles: Float64Array): Raw[] | number | undefined
  clear(id: number, cursor: number): number
  /** As `scan` of one version, which is held under the iteration in the header; 0 begins. */
  iterate(id: number, what: What, doubles: Float64Array): Raw[] | number | undefined
  endIteration(iteration: number): void
  takeSnapshot(id: number): number
  releaseSnapshot(snapshot: number): void
  snapshotFigures(snapshot: number): readonly [entries: number, version: number]
  snapshotFind<A>(snapshot: number, key: unknown, absent: A): Raw | A
  snapshotHas(snapshot: number, key: unknown): boolean
  snapshotScan(snapshot: number, what: What, doubles: Float64Array): Raw[] | number | undefined
  replaceAll(id: number, keysAndValues: readonly unknown[], expectedSnapshot: number): boolean
  begin(id: number, keys: readonly unknown[]): number
  transactionFind<A>(transaction: number, key: unknown, absent: A): Raw | A
  transactionSet(transaction: number, key: unknown, value: Raw): void
  transactionDelete(transaction: number, key: unknown): boolean
  commit(id: number, transaction: number): boolean
  abandon(transaction: number): void
  freezeBegin(id: number, path: string): number
  /** Writes a piece of a snapshot, or of the map itself (0). */
  freezeStep(id: number, writer: number, snapshot: number): boolean
  frozenOpen(path: string, verify: boolean): number
  frozenClose(id: number): void
  frozenDescribe(id: number): FrozenDescription
  frozenSize(id: number): number
  frozenGet(id: number, key: unknown): Raw
  frozenHas(id: number, key: unknown): boolean
  frozenScan(id: number, what: What, doubles: Float64Array): Raw[] | number | undefined
  openTiered(
    name: string,
    variant: string,
    shards: number,
    codec: string | undefined,
    limits: readonly [maxKeyBytes: number, maxValueBytes: number, hotBytes: number],
    path: string,
  ): number
  describeTier(id: number): TierDescription | undefined
}

function loaded(): ReturnType<typeof load> {
  try {
    return load()
  } catch (error) {
    const { message, cause } = error as Error
    throw new BindingError(message, { cause: cause ?? error })
  }
}

const { binding, build, path, from } = loaded()

/**
 * The binding, ready for this thread. A copy: what native code has filled with so many properties is a hash table to the
 * engine, which looks each operation up at each call; the members of the copy it takes as the constants that they are.
 */
export const native: NativeBinding = { ...(binding as NativeBinding) }

/** The binary: where it is, why it was taken, and what it says of itself. */
export const binary: { readonly path: string; readonly from: Origin; readonly build: Build } = {
  path,
  from,
  build,
}

native.introduce(makeError, Buffer)
