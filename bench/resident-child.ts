// Weighs one store: node --expose-gc resident-child.ts PEER ENTRIES WORKERS prints bytes. The main thread starts the
// workers, lets them run, fills the store if they share it (or has each fill its own), and compares what is resident.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { keyAt } from './keys.ts'
import type { MapLike } from './operations.ts'
import type { Content, Peer } from './peer.ts'
import { loadPeers } from './peers/all.ts'

interface Given {
  readonly name: string
  readonly entries: number
}

const CHUNK = 1_000
const SETTLE_MS = 100

const peerCalled = async (name: string): Promise<Peer> => {
  const found = (await loadPeers()).peers.find((peer) => peer.name === name)
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

const contentOfSize = (entries: number): Content => ({ size: 0, capacity: entries, value: 'number' })

/** Keys are made as they are needed and forgotten: what is weighed is what the store keeps of them. */
const fill = async (map: MapLike, entries: number): Promise<void> => {
  for (let at = 0; at < entries; at += CHUNK) {
    const length = Math.min(CHUNK, entries - at)
    await map.setMany(Array.from({ length }, (_, i) => [keyAt(at + i), (at + i) & 63] as const))
  }
}

const collect = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    ;(globalThis as { gc?: () => void }).gc?.()
    await sleep(SETTLE_MS / 2)
  }
}

const beWorker = async ({ name, entries }: Given): Promise<void> => {
  const peer = await peerCalled(name)
  let map: MapLike | undefined
  parentPort?.on('message', async (token: unknown) => {
    if (map === undefined) {
      map = peer.attach(token, contentOfSize(entries))
      if (!peer.shared) await fill(map, entries)
      const last = await map.get(keyAt(entries - 1))
      if (last !== ((entries - 1) & 63)) throw new Error(`a worker of ${name} reads ${String(last)}`)
    }
    await collect()
    parentPort?.postMessage('done')
  })
  parentPort?.postMessage('here')
}

const main = async (name: string, entries: number, count: number): Promise<void> => {
  const peer = await peerCalled(name)
  const given: Given = { name, entries }
  const workers = Array.from({ length: count }, () => new Worker(import.meta.filename, { workerData: given }))
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  const before = process.memoryUsage.rss()
  const content = contentOfSize(entries)
  const store = await peer.create(content)
  const elsewhereBefore = (await store.elsewhere?.()) ?? 0
  if (peer.shared) {
    await fill(peer.attach(store.connect().token, content), entries)
  }
  for (const worker of workers) {
    const { token, transfer } = store.connect()
    worker.postMessage(token, transfer as never)
    await once(worker, 'message')
  }
  await collect()
  const after = process.memoryUsage.rss()
  const elsewhere = ((await store.elsewhere?.()) ?? 0) - elsewhereBefore
  process.stdout.write(`${after - before + elsewhere}\n`)
  process.exit()
}

if (isMainThread) await main(process.argv[2] as string, Number(process.argv[3]), Number(process.argv[4]))
else await beWorker(workerData as Given)
