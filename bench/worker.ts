// A benchmark worker: attaches to stores, makes loops ready, and runs one for a fixed time when all have arrived.
import { parentPort } from 'node:worker_threads'
import { arrive } from './barrier.ts'
import type { Draw } from './keys.ts'
import { batchOf, type Loop, loopOver } from './loop.ts'
import { keysPerCall, type MapLike, type OperationName } from './operations.ts'
import type { Content, Peer } from './peer.ts'
import { loadPeers } from './peers/all.ts'

export type Order =
  | { kind: 'attach'; map: string; peer: string; token: unknown; content: Content }
  | {
      kind: 'prepare'
      lane: string
      maps: readonly string[]
      peer: string
      operation: OperationName
      draw: Draw
      seed: number
      /** Milliseconds, over all maps. */
      warm: number
    }
  | {
      kind: 'run'
      lane: string
      map: string
      ms: number
      barrier: Int32Array<SharedArrayBuffer>
      parties: number
    }
  | { kind: 'forget' }

/** The answer to 'run': operations done and how long that took; to others, nothing but 'done'. */
export interface Answer {
  readonly operations: number
  readonly ms: number
}

interface Prepared {
  readonly loops: ReadonlyMap<string, Loop>
  readonly batch: number
  readonly keys: number
  next: number
}

const { peers } = await loadPeers()
const peerOf = (name: string): Peer => peers.find((peer) => peer.name === name) as Peer

const IDLE: Answer = { operations: 0, ms: 0 }
const maps = new Map<string, { peer: Peer; map: MapLike }>()
const lanes = new Map<string, Prepared>()
let sum = 0

const runFor = async (lane: Prepared, map: string, ms: number): Promise<Answer> => {
  const loop = lane.loops.get(map) as Loop
  const start = performance.now()
  const first = lane.next
  let now = start
  while (now < start + ms) {
    const result = loop(lane.next, lane.batch)
    sum += typeof result === 'number' ? result : await result
    lane.next += lane.batch
    now = performance.now()
  }
  return { operations: (lane.next - first) * lane.keys, ms: now - start }
}

const obey = async (order: Order): Promise<Answer> => {
  switch (order.kind) {
    case 'attach': {
      const peer = peerOf(order.peer)
      maps.set(order.map, { peer, map: peer.attach(order.token, order.content) })
      return IDLE
    }
    case 'prepare': {
      const peer = peerOf(order.peer)
      const bind = loopOver(peer, order.operation, order.draw, order.seed)
      const loops = new Map(order.maps.map((name) => [name, bind(maps.get(name)?.map as MapLike)]))
      const lane = {
        loops,
        batch: batchOf(peer, order.operation),
        keys: keysPerCall(order.operation),
        next: 0,
      }
      lanes.set(order.lane, lane)
      for (const name of order.maps) await runFor(lane, name, order.warm / order.maps.length)
      return IDLE
    }
    case 'run': {
      arrive(order.barrier, order.parties)
      return runFor(lanes.get(order.lane) as Prepared, order.map, order.ms)
    }
    case 'forget': {
      lanes.clear()
      for (const { peer, map } of maps.values()) await peer.detach?.(map)
      maps.clear()
      return { operations: sum, ms: 0 }
    }
  }
}

parentPort?.on('message', async (order: Order) => parentPort?.postMessage(await obey(order)))
