// Opens a name in the moment the gate opens, and says which map it got.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'
import { refusalOf } from '../support/life-threads.ts'

const { gate } = workerData as { gate: Int32Array }

parentPort?.on('message', ({ name, options }: { name: string; options: object | undefined }) => {
  parentPort?.postMessage('waiting')
  Atomics.wait(gate, 0, 0)
  try {
    const map = options
      ? ConcurrentMap.open<string, number>(name, options)
      : ConcurrentMap.open<string, number>(name)
    const { handle } = map
    const { shards } = map.stats()
    const saw = map.add('hits', 1)
    parentPort?.postMessage({ handle, shards, saw })
  } catch (error) {
    parentPort?.postMessage({ refused: refusalOf(error).code })
  }
})
