/**
 * A map over a frozen file, as its users see it: a `ConcurrentMap` whose misses are looked up in the file. What that
 * means for each operation is the core's business (`crates/threadmap-core/src/tiered`); this class opens one.
 */
import { checkName, checkPath } from './arguments.ts'
import { ConcurrentMap, Opened, settle } from './concurrent-map.ts'
import { kindOf, makeError, OptionsConflictError } from './errors.ts'
import { readHandle } from './handle.ts'
import type { Key } from './key.ts'
import { native, type TierDescription } from './native.ts'
import { integer, type MapOptions, type MapStats, readOptions } from './options.ts'

/** How a tiered map is made. */
export interface TieredOptions extends MapOptions {
  /** The frozen file beneath: what `freeze(path)` of any map wrote. */
  readonly cold: string | URL
  /**
   * Bytes of memory up to which entries of the file are kept there when they are read often, counted with all that
   * the map has in memory (`stats().bytes`). Written entries stay in memory whatever they take: the file is read-only.
   * @default 67108864
   */
  readonly hotBytes?: number
}

/** Figures of a tiered map at one moment. `entries` are those of memory and file together, `bytes` those of memory. */
export interface TieredStats extends MapStats {
  /** The file beneath. */
  readonly cold: string
  readonly coldEntries: number
  /** Bytes of the file. */
  readonly coldBytes: number
  /** The bound for promoted entries. */
  readonly hotBytes: number
  /** How many entries of the file were put into memory because they were read often. */
  readonly promotions: number
  /** How many of these were taken out again to make room. */
  readonly evictions: number
}

interface Asked {
  readonly cold?: string
  readonly hotBytes?: number
}

const DEFAULT_HOT_BYTES = 64 * 2 ** 20
const READERS = {
  cold: (value: unknown) => checkPath(value, 'option cold'),
  hotBytes: (value: unknown) => integer('hotBytes', value, 2 ** 52),
}

/** Throws when the living map of the name is not over that file. */
function checkTier(id: number, name: string, cold: string, hotBytes: number | undefined): void {
  const tier = native.describeTier(id)
  if (tier?.[0] === cold && (hotBytes === undefined || hotBytes === tier[1])) return
  const lives = tier === undefined ? 'without a file' : `with { cold: '${tier[0]}', hotBytes: ${tier[1]} }`
  const asked = hotBytes === undefined ? '' : `, hotBytes: ${hotBytes}`
  throw new OptionsConflictError(
    `the map '${name}' lives ${lives}, but was asked for with { cold: '${cold}'${asked} }. ` +
      "Use the living map's options, or end it with ConcurrentMap.delete(name) first",
  )
}

/**
 * A map over a frozen file: everything that {@link ConcurrentMap} has, as if all entries of the file had been put
 * into it. All threads that open the name share it. Reading finds in memory what was written or is read often, and all
 * else in the file; writing shadows the file, deleting hides it, and the file itself never changes. Each operation on
 * a key is atomic and linearizable as in any map: moving entries between file and memory cannot be seen.
 *
 * `size` is exact when nobody writes. A deleted entry of the file costs memory for its key, and `clear()` hides every
 * one of them: O(entries of the file). `freeze(path)` writes both tiers into a new file; there is no `snapshot()`.
 *
 * @example
 * const prices = TieredMap.open<string, Price>('prices', { cold: '/var/lib/app/prices.tmf', hotBytes: 256 * 2 ** 20 })
 */
export class TieredMap<K extends Key = Key, V = unknown> extends ConcurrentMap<K, V> {
  /** Not to be called: {@link TieredMap.open} makes tiered maps. */
  private constructor(opened: Opened) {
    if (!(opened instanceof Opened)) {
      throw makeError(
        'THREADMAP_INVALID_ARGUMENT',
        'a TieredMap is made by TieredMap.open(name, { cold: path })',
      )
    }
    super(opened as never)
  }

  /**
   * The tiered map of that name: made by the first thread that asks, the same for all. It lives until
   * `ConcurrentMap.delete(name)` or the end of the process, and has the file open as long, also when another takes the
   * file's name.
   * @throws OptionsConflictError when the name lives over another file, without one, or with other options, or when
   * `codec` is not that of the file; CorruptFileError, FileError as {@link FrozenMap.open}.
   */
  static override open<K extends Key = Key, V = unknown>(
    name: string,
    options: TieredOptions,
  ): TieredMap<K, V> {
    checkName(name)
    const request = readOptions<Asked>(options, READERS)
    const { cold, hotBytes, variant = 'sharded', shards = 0, maxKeyBytes = 0, maxValueBytes = 0 } = request
    if (cold === undefined) {
      throw makeError(
        'THREADMAP_INVALID_OPTION',
        `option cold must be the path of a frozen file, got ${kindOf(cold)}: use ConcurrentMap.open for a map without`,
      )
    }
    if (variant === 'snapshot') {
      throw makeError(
        'THREADMAP_INVALID_OPTION',
        "option variant of a tiered map must be 'sharded' or 'lock-free', got 'snapshot'",
      )
    }
    const limits = [maxKeyBytes, maxValueBytes, hotBytes ?? DEFAULT_HOT_BYTES] as const
    const id = native.openTiered(name, variant, shards, request.codec?.name, limits, cold)
    return new TieredMap<K, V>(settle(id, request, () => checkTier(id, name, cold, hotBytes)))
  }

  /** Figures for operators; exact when nobody writes. Cost: a visit to each shard. */
  override stats(): TieredStats {
    const stats = super.stats()
    const tier = native.describeTier(readHandle(this.handle)) as TierDescription
    const [cold, hotBytes, coldEntries, coldBytes, promotions, evictions] = tier
    return { ...stats, cold, coldEntries, coldBytes, hotBytes, promotions, evictions }
  }
}
