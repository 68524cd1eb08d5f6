// Attaches the handle of its workerData, adds one, ends.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'

const map = ConcurrentMap.attach<string, number>(workerData.handle)
parentPort?.postMessage({ saw: map.get('k'), handle: map.handle })
map.add('k', 1)
