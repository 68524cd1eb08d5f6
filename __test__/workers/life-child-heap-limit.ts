// Three workers, one after the other, run into their heap limit; with the addon they work in a map meanwhile.
// The file is its own worker, so that the control without the addon differs in nothing else.

import { parentPort, Worker, workerData } from 'node:worker_threads'

interface Task {
  readonly addon: boolean
  readonly acked: Int32Array
}

if (parentPort === null) {
  const addon = process.argv[2] === 'with'
  const acked = new Int32Array(new SharedArrayBuffer(4))
  const errors: (string | undefined)[] = []
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { addon, acked } satisfies Task,
      resourceLimits: { maxOldGenerationSizeMb: 20, maxYoungGenerationSizeMb: 2 },
    })
    worker.on('error', (error: Error & { code?: string }) => errors.push(error.code))
    await new Promise((resolve) => worker.once('exit', resolve))
  }
  const report = { errors, stored: 0, acked: Atomics.load(acked, 0), usable: true }
  if (addon) {
    const { ConcurrentMap } = await import('../../index.ts')
    const map = ConcurrentMap.open<string, number>('heap limit')
    report.stored = map.get('adds') ?? 0
    for (const key of map.keys()) if (map.set(key, 7).get(key) !== 7) report.usable = false
    report.usable &&= map.size === [...map].length
    map.clear()
  }
  console.log(JSON.stringify(report))
} else {
  const { addon, acked } = workerData as Task
  const hoard: unknown[] = []
  const map = addon
    ? (await import('../../index.ts')).ConcurrentMap.open<string, number>('heap limit')
    : new Map<string, number>()
  for (let i = 0; ; i++) {
    hoard.push(Array.from({ length: 100 }, (_, j) => ({ i, j })))
    map.set(`key ${i % 500}`, i)
    if ('add' in map) {
      map.add('adds', 1)
      Atomics.add(acked, 0, 1)
      map.update('updated', (old = 0) => old + hoard.push([i]))
      hoard.push([...map.keys()].length)
    }
  }
}
