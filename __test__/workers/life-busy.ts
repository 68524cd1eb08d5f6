// Busy for ever in one map that all its siblings share: short calls, large ones, iterations and callbacks.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'
import { random } from '../support/life-threads.ts'

const pick = random((workerData as { seed: number }).seed)
const map = ConcurrentMap.open<string, number | string>('busy')
const numbers = ConcurrentMap.open<string, number>('busy')
map.setMany(Array.from({ length: 5000 }, (_, i): [string, number] => [`n${i}`, i]))
parentPort?.postMessage('busy')
for (;;) {
  for (let i = 0; i < 1000; i++) numbers.add(`n${pick(5000)}`, 1)
  map.set(`s${pick(100)}`, 'x'.repeat(pick(100_000)))
  map.getMany(Array.from({ length: 1000 }, () => `n${pick(5000)}`))
  for (const [key] of map) if (pick(1000) === 0) map.has(key)
  numbers.update(`n${pick(5000)}`, (old = 0) => {
    for (let i = 0; i < 100; i++) numbers.get(`n${pick(5000)}`)
    return old + 1
  })
}
