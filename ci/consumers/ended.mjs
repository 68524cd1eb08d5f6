// Workers are terminated in the middle of their calls; the map stays whole for the thread that remains.
// Prints `counted 20`.
import { once } from 'node:events'
import { isMainThread, Worker } from 'node:worker_threads'
import { ConcurrentMap } from 'threadmap'

const hits = ConcurrentMap.open('hits')
if (isMainThread) {
  for (let round = 0; round < 20; round++) {
    const before = hits.get('begun') ?? 0
    const workers = [1, 2].map(() => new Worker(new URL(import.meta.url)))
    while ((hits.get('begun') ?? 0) < before + workers.length)
      await new Promise((resolve) => setTimeout(resolve, 1))
    const ends = workers.map((worker) => once(worker, 'exit'))
    for (const worker of workers) worker.terminate()
    await Promise.all(ends)
    hits.add('rounds', 1)
    // Deno says that a worker has ended before its thread has: give that thread its time.
    for (let time = 0; [...hits.keys()].length !== hits.size; time++) {
      if (time === 1_000) throw new Error('keys and size differ')
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  console.log(`counted ${hits.get('rounds')}`)
} else {
  hits.add('begun', 1)
  for (let i = 0; ; i++) {
    hits.set(`key ${i % 100}`, 'x'.repeat(i % 300))
    hits.delete(`key ${(i * 7) % 100}`)
  }
}
