// Maps over frozen files, for tests that know only maps.
import { ConcurrentMap, TieredMap, type TieredOptions } from '../../index.ts'
import { freshPath } from './scratch.ts'
import type { Make } from './settings.ts'

let tiers = 0

/** A tiered map over a file of these entries, under a name of its own. */
export function tierOver<K extends string | number, V>(
  entries: Iterable<readonly [K, V]>,
  options: Omit<TieredOptions, 'cold'> = {},
): TieredMap<K, V> {
  const cold = freshPath()
  using map = new ConcurrentMap<K, V>(entries, options.codec === undefined ? {} : { codec: options.codec })
  map.freeze(cold)
  tiers += 1
  return TieredMap.open<K, V>(`tier ${tiers}`, { ...options, cold })
}

/** A tiered map whose file has all the entries. */
export const overAFile: Make = (entries, options) =>
  tierOver((entries ?? []) as Iterable<never>, options) as ConcurrentMap<never, never>
