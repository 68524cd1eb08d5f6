// Loads the package only when the gate opens, then opens a name at once.

import { parentPort, workerData } from 'node:worker_threads'

const { gate } = workerData as { gate: Int32Array }
parentPort?.postMessage('waiting')
Atomics.wait(gate, 0, 0)
const { ConcurrentMap } = await import('../../index.ts')
parentPort?.postMessage(ConcurrentMap.open<string, number>('first load').add('hits', 1))
// The worker lives on until all have answered: the map is named, but the addon must not be loaded by turns.
parentPort?.once('message', () => {})
