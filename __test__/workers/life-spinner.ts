// The control of life-busy.ts: as busy, without the addon.

import { parentPort, workerData } from 'node:worker_threads'
import { random } from '../support/life-threads.ts'

const pick = random((workerData as { seed: number }).seed)
const map = new Map<string, number>()
parentPort?.postMessage('busy')
for (;;) map.set(`n${pick(5000)}`, (map.get(`n${pick(5000)}`) ?? 0) + 1)
