// Comes, uses a shared map and a map of its own that it leaves open, and goes: by itself, by exit or by terminate.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'

const shared = ConcurrentMap.open<string, number>('come and go')
shared.add('sum', 1)
shared.entries().next()
const own = new ConcurrentMap<number, Uint8Array>()
const value = new Uint8Array(65_536).fill(1)
for (let i = 0; i < 16; i++) own.set(i, value)
parentPort?.postMessage('passed')
const { ending } = workerData as { ending: number }
if (ending === 1) process.exit(3)
if (ending === 2) setInterval(() => own.get(1), 1)
