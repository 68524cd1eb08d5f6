// What a process with four workers holds when all of them can reach so many entries: one shared map, or a private one
// in each worker. Every store is weighed in a process of its own (resident-child.ts), from when its workers run
// empty-handed to when they have the entries and the garbage is collected.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { kindOf, type Peer } from './peer.ts'
import type { Missing } from './thread.ts'

export interface ResidentPlan {
  readonly entries: number
  readonly workers: number
  readonly rounds: number
}

export interface Weight {
  readonly peer: string
  /** Bytes of all processes that belong to it, by round. */
  readonly bytes: readonly number[]
}

const CHILD = fileURLToPath(new URL('./resident-child.ts', import.meta.url))
// A store that needs longer than this for its entries is no competitor in memory either.
const PATIENCE_MS = 300_000

const weigh = (peer: Peer, { entries, workers }: ResidentPlan): number => {
  const parameters = ['--expose-gc', '--no-warnings', CHILD, peer.name, String(entries), String(workers)]
  const child = spawnSync(process.execPath, parameters, { encoding: 'utf8', timeout: PATIENCE_MS })
  const bytes = Number(child.stdout)
  if (child.status === 0 && bytes > 0) return bytes
  throw new Error(
    `was not weighed: ${child.error?.message ?? (child.stderr.trim().split('\n').at(-1) || 'no figure')}`,
  )
}

export const runResident = (all: readonly Peer[], plan: ResidentPlan, missing: Missing): Weight[] => {
  const peers = all.filter((peer) => kindOf(peer) !== 'floor' && !peer.batched && peer.style !== 'flight')
  const bytes = new Map<Peer, number[]>(peers.map((peer) => [peer, []]))
  for (let round = 0; round < plan.rounds; round++) {
    for (const [peer, measured] of bytes) {
      try {
        measured.push(weigh(peer, plan))
      } catch (error) {
        bytes.delete(peer)
        missing(`memory of ${peer.name}`, error)
      }
    }
  }
  return [...bytes].map(([peer, measured]) => ({ peer: peer.name, bytes: measured }))
}
