// Gets into a callback of the map, says so, and then spins, exits or throws there; or panics for ever.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'
import { readHandle } from '../../lib/handle.ts'
import { native } from '../../lib/native.ts'

const { handle, how, call = 'update' } = workerData as { handle: never; how: string; call?: string }
const map = ConcurrentMap.attach<string, unknown>(handle)

function inside(): never {
  parentPort?.postMessage('in the callback')
  if (how === 'exit') process.exit(6)
  if (how === 'throw') throw new Error('thrown on purpose')
  for (;;);
}

function* entries(): Generator<[string, unknown]> {
  yield ['k', 'never stored']
  inside()
}

if (how === 'panic') {
  for (let i = 0; ; i++) {
    try {
      native.panic(readHandle(map.handle))
    } catch {
      ;(map as ConcurrentMap<string, number>).add('panics', 1)
    }
    if (i === 10) parentPort?.postMessage('panicking')
  }
} else {
  const calls: Record<string, () => unknown> = {
    update: () => map.update('k', inside),
    getOrInsertComputed: () => map.getOrInsertComputed('absent', inside),
    forEach: () => map.forEach(inside),
    iterate: () => {
      for (const _ of map) inside()
    },
    codec: () => {
      const codec = { name: 'inside', encode: inside, decode: inside }
      ConcurrentMap.open<string, object>('inside', { codec }).set('k', {})
    },
    setMany: () => map.setMany(entries()),
  }
  calls[call]?.()
}
