// Ends in the way it is told while three workers are busy: in one map, or, as a control, in plain JavaScript.
// Writes `leaving` right before its end.

import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import type { ConcurrentMap } from '../../index.ts'
import { startThread } from '../support/life-threads.ts'

const [how = '', busy] = process.argv.slice(2)

type Numbers = ConcurrentMap<string, number>
type Plain = Map<string, number> & { update?: never }

const plain = new Map([['k', 1]])
const map: Numbers | Plain =
  busy === 'map' && isMainThread
    ? (await import('../../index.ts')).ConcurrentMap.open<string, number>('busy')
    : plain
map.set('k', 1)
const workers = [1, 2, 3].map((seed) => startThread(busy === 'map' ? 'busy' : 'spinner', { seed }))
await Promise.all(workers.map((each) => each.next()))

function update(callback: () => number): void {
  if (map instanceof Map) callback()
  else map.update('k', callback)
}

const leaving = (): void => void writeSync(1, 'leaving\n')

function leave(code: number): never {
  leaving()
  process.exit(code)
}

async function endOfWorker(how: string): Promise<void> {
  const ender = startThread('ender', { busy })
  await ender.next()
  const start = performance.now()
  if (how === 'terminate') void ender.worker.terminate()
  else ender.worker.postMessage(how)
  const { code } = await ender.end
  console.log(`worker ended: ${code} in ${(performance.now() - start).toFixed(1)} ms`)
  process.exit(0)
}

const ways: Record<string, () => unknown> = {
  'process.exit': () => leave(7),
  'a natural end': () => {
    for (const { worker } of workers) worker.unref()
    leaving()
  },
  'a natural end with process.exitCode': () => {
    for (const { worker } of workers) worker.unref()
    process.exitCode = 5
    leaving()
  },
  'an uncaught error': () =>
    setImmediate(() => {
      leaving()
      throw new Error('thrown on purpose')
    }),
  'an unhandled rejection': () => {
    leaving()
    void Promise.reject(new Error('rejected on purpose'))
  },
  'process.exit in an update callback': () => update(() => leave(8)),
  'process.exit in a forEach callback': () => map.forEach((): void => leave(9)),
  'process.exit in an exit listener that uses the map': () => {
    process.on('exit', () => {
      for (const [key] of map) map.delete(key)
      process.exit(10)
    })
    leave(11)
  },
  SIGTERM: () => {
    leaving()
    process.kill(process.pid, 'SIGTERM')
  },
  'process.exit in a worker': () => endOfWorker('exit'),
  'a natural end of a worker': () => endOfWorker('natural'),
  'an uncaught error in a worker': () => endOfWorker('throw'),
  'terminate() of a worker': () => endOfWorker('terminate'),
  'process.exit in an update callback of a worker': () => endOfWorker('exit in update'),
}
await ways[how]?.()
