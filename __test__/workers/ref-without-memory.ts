// Refs in a thread to which the engine refuses shared memory before the package is loaded.
import { parentPort } from 'node:worker_threads'
import { native } from '../../lib/native.ts'

native.refuseBuffers(true)
const { ConcurrentMap } = await import('../../index.ts')
using map = new ConcurrentMap<string, number>([['k', 0]], { near: true })
const ref = map.ref('k')
const told = [
  ref.get(),
  ref.set(1.5).get(),
  ref.add(2.5),
  ref.get(),
  map.get('k'),
  ref.swap(9) && map.ref('x').get(),
]
parentPort?.postMessage(told)
