// The control of life-passer.ts: the same comings and goings, without the addon.

import { parentPort, workerData } from 'node:worker_threads'

const own = new Map<number, Uint8Array>()
own.set(0, new Uint8Array(65_536).fill(1))
parentPort?.postMessage('passed')
const { ending } = workerData as { ending: number }
if (ending === 1) process.exit(3)
if (ending === 2) setInterval(() => own.get(0), 1)
