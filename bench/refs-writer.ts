// A thread that writes so many numbers a second, spread over all keys, while it is told to.
import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap, type MapHandle } from '../index.ts'
import { keysOf, uniform } from './keys.ts'

interface Order {
  readonly handle: MapHandle
  readonly size: number
  /** 1 while it shall write. */
  readonly running: Int32Array<SharedArrayBuffer>
  readonly aSecond: number
}

const { handle, size, running, aSecond } = workerData as Order
const map = ConcurrentMap.attach<string, number>(handle)
const keys = keysOf(size)
const picks = uniform(size)
const GAP = 1e9 / aSecond
parentPort?.postMessage('ready')
for (let i = 0; ; ) {
  Atomics.wait(running, 0, 0)
  const start = Number(process.hrtime.bigint())
  for (let done = 0; Atomics.load(running, 0) === 1; ) {
    if (Number(process.hrtime.bigint()) < start + done * GAP) continue
    map.set(keys[picks[i & (picks.length - 1)] as number] as string, i)
    done += 1
    i += 1
  }
}
