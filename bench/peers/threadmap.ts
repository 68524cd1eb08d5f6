// This package: one competitor for each way to open a map. Invariant: the map itself is called, with no wrapper between.
import { ConcurrentMap, type MapOptions } from '../../index.ts'
import { contentOf, type Value } from '../keys.ts'
import type { Peer } from '../peer.ts'

/** One line for each; the one that a map without options gets is called just 'threadmap'. */
const WAYS: Readonly<Record<string, MapOptions>> = {
  sharded: { variant: 'sharded' },
  'lock-free': { variant: 'lock-free' },
  snapshot: { variant: 'snapshot' },
}

const standard = new ConcurrentMap<string, Value>()
/** The variant that users get who name none. */
export const DEFAULT_VARIANT: string = standard.variant
standard.close()

const peerOf = ([way, options]: [string, MapOptions]): Peer => ({
  name: way === DEFAULT_VARIANT ? 'threadmap' : `threadmap ${way}`,
  note: `this map, ${way}${way === DEFAULT_VARIANT ? ' (the default)' : ''}, by its public class`,
  style: 'sync',
  shared: true,
  answers: true,
  create: async ({ size, value }) => {
    const map = new ConcurrentMap<string, Value>(contentOf(size, value), options)
    return { connect: () => ({ token: map.handle }), close: () => map.close() }
  },
  attach: (token) => ConcurrentMap.attach(token as ConcurrentMap['handle']) as ConcurrentMap<string, Value>,
  detach: (map) => (map as ConcurrentMap<string, Value>).close(),
})

export const peers: readonly Peer[] = Object.entries(WAYS).map(peerOf)
