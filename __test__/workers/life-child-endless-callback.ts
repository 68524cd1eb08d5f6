// A worker never comes back from its update callback; main and another worker go on with the same key and others.

import { ConcurrentMap } from '../../index.ts'
import { startHolder, startThread, within } from '../support/life-threads.ts'

const map = new ConcurrentMap<string, number>([['k', 1]])
const stuck = startThread('stuck', { handle: map.handle, how: 'spin' })
const other = startHolder()
await other.ask('attach', map.handle)
await stuck.next()
for (const key of ['k', ...Array.from({ length: 2000 }, (_, i) => `other ${i}`)]) map.add(key, 1)
const sameKey = map.update('k', (old = 0) => old + 1)
const fromWorker = await other.ask('add', 'k', 1)
const size = [...map].length
await within(stuck.worker.terminate(), 'terminate() of a worker in an endless callback')
console.log(JSON.stringify({ sameKey, fromWorker, size, after: map.get('k'), deleted: map.delete('k') }))
process.exit(0)
