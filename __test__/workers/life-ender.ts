// Ends in the way it is told; until then it holds a map with something in it, and an unfinished iterator.

import { parentPort, workerData } from 'node:worker_threads'

const { busy } = workerData as { busy: string }
const map =
  busy === 'map'
    ? (await import('../../index.ts')).ConcurrentMap.open<string, number>('busy')
    : new Map<string, number>()
map.set('k', 1)
map.entries().next()

parentPort?.once('message', (how: string) => {
  if (how === 'exit') process.exit(4)
  if (how === 'throw') throw new Error('thrown on purpose')
  if (how !== 'exit in update') return
  if (map instanceof Map) process.exit(6)
  map.update('k', () => process.exit(6))
})
parentPort?.postMessage('ready')
