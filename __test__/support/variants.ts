// Every way of building a map that must keep the same promises.
// Invariant: suites loop over this list and name no variant themselves; a new variant is one line here.
import type { MapOptions } from '../../index.ts'
import type { Way } from './ways.ts'

export interface Variant {
  readonly title: string
  readonly options: MapOptions
  /** How its threads use it; left out, as it is. */
  readonly way?: Way
}

/** Those that can lie over a file. */
export const tierable = (): readonly Variant[] =>
  variants.filter(({ options }) => options.variant !== 'snapshot')

export const variants: readonly Variant[] = [
  { title: 'sharded', options: { variant: 'sharded' } },
  { title: 'sharded with one shard', options: { variant: 'sharded', shards: 1 } },
  { title: 'lock-free', options: { variant: 'lock-free' } },
  { title: 'snapshot', options: { variant: 'snapshot' } },
]
