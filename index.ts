/**
 * threadmap: one concurrent map that all worker threads of a process truly share. The public names, nothing else.
 */

export { ABSENT } from './lib/absent.ts'
export type { Codec, CodecName } from './lib/codec.ts'
export { ConcurrentMap } from './lib/concurrent-map.ts'
export { type Diagnostics, diagnostics } from './lib/diagnostics.ts'
export type { VersionedEntry } from './lib/entry-ref.ts'
export { EntryRef } from './lib/entry-ref.ts'
export {
  CorruptFileError,
  FileError,
  InternalError,
  InvalidHandleError,
  LimitError,
  MapClosedError,
  NestedTransactionError,
  OptionsConflictError,
  StalledError,
  ThreadmapError,
  UnsupportedError,
} from './lib/errors.ts'
export { FrozenMap, type FrozenOptions, type FrozenStats } from './lib/frozen-map.ts'
export type { MapHandle } from './lib/handle.ts'
export type { Key, KeyPart } from './lib/key.ts'
export type { MapOptions, MapStats, Variant } from './lib/options.ts'
export { Snapshot } from './lib/snapshot.ts'
export { TieredMap, type TieredOptions, type TieredStats } from './lib/tiered-map.ts'
export type { Transaction, TransactOptions } from './lib/transaction.ts'
