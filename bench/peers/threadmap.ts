// This package: one competitor for each variant. Invariant: the map itself is called, with no wrapper between.
import { ConcurrentMap } from '../../index.ts'
import { contentOf, type Value } from '../keys.ts'
import type { Peer } from '../peer.ts'

/** The variants that exist. The one that a map without options gets is called just 'threadmap'. */
const VARIANTS = ['sharded', 'lock-free'] as const

type Variant = (typeof VARIANTS)[number]

const standard = new ConcurrentMap<string, Value>()
/** The variant that users get who name none. */
export const DEFAULT_VARIANT: string = standard.variant
standard.close()

const peerOf = (variant: Variant): Peer => ({
  name: variant === DEFAULT_VARIANT ? 'threadmap' : `threadmap ${variant}`,
  note: `this map, variant '${variant}', by its public class`,
  style: 'sync',
  shared: true,
  answers: true,
  create: async ({ size, value }) => {
    const map = new ConcurrentMap<string, Value>(contentOf(size, value), { variant })
    return { connect: () => ({ token: map.handle }), close: () => map.close() }
  },
  attach: (token) => ConcurrentMap.attach(token as ConcurrentMap['handle']) as ConcurrentMap<string, Value>,
  detach: (map) => (map as ConcurrentMap<string, Value>).close(),
})

export const peers: readonly Peer[] = VARIANTS.map(peerOf)
