// Panics in native code, in main and in workers that do nothing else; reports what everybody finds afterwards.

import { ConcurrentMap, InternalError } from '../../index.ts'
import { readHandle } from '../../lib/handle.ts'
import { native } from '../../lib/native.ts'
import { startHolder, startThread, within } from '../support/life-threads.ts'

const map = new ConcurrentMap<string, number>([['k', 0]])
const iterator = map.entries()
const errors: string[] = []
for (let i = 0; i < 50; i++) {
  try {
    native.panic(readHandle(map.handle))
  } catch (error) {
    const { name, code } = error as InternalError
    errors.push(`${name} ${code} ${error instanceof InternalError}`)
  }
  map.add('k', 1)
}

const sum = map.get('k')
const seen = iterator.next().value
const panickers = Array.from({ length: 4 }, () => startThread('stuck', { handle: map.handle, how: 'panic' }))
await Promise.all(panickers.map((each) => each.next()))
for (const { worker } of panickers) await within(worker.terminate(), 'terminate() of a worker that panics')

const other = startHolder()
await other.ask('attach', map.handle)
const after = {
  iterator: seen,
  update: map.update('k', () => 7),
  worker: await other.ask('add', 'k', 1),
  size: map.size,
  newcomer: new ConcurrentMap([['n', 1]]).get('n'),
}
await other.worker.terminate()
console.log(JSON.stringify({ errors, sum, byWorkers: map.get('panics'), after }))
