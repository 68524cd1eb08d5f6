// The list of competitors. Invariant: one that cannot be loaded or filled is reported, never silently left out.
import type { Peer } from '../peer.ts'

/** One line for each module; a module exports its peers as `peers`. */
const modules: Readonly<Record<string, () => Promise<{ peers: readonly Peer[] }>>> = {
  threadmap: () => import('./threadmap.ts'),
  map: () => import('./map.ts'),
  'lru-cache': () => import('./lru-cache.ts'),
  floor: () => import('./floor.ts'),
  lmdb: () => import('./lmdb.ts'),
  sqlite: () => import('./sqlite.ts'),
  sharedmap: () => import('./sharedmap.ts'),
  'shareable-map': () => import('./shareable-map.ts'),
  ems: () => import('./ems.ts'),
  owner: () => import('./owner.ts'),
  redis: () => import('./redis.ts'),
}

export interface Line {
  readonly peers: Peer[]
  /** name -> reason */
  readonly missing: Map<string, string>
}

export const loadPeers = async (): Promise<Line> => {
  const line: Line = { peers: [], missing: new Map() }
  for (const [name, load] of Object.entries(modules)) {
    try {
      line.peers.push(...(await load()).peers)
    } catch (error) {
      line.missing.set(name, String(error).split('\n', 1)[0] as string)
    }
  }
  return line
}
