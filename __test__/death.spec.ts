// Worker threads die at any moment of any call. Invariant: everybody else goes on with a right, unlocked map.

import { expect, test } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { DEATHS, type StormReport } from './support/life-storm.ts'
import { collect, reportOf, runChild, startThread, within, workerFile } from './support/life-threads.ts'
import { patience } from './support/patience.ts'

test.each(['sharded', 'lock-free', 'snapshot'])(
  '240 workers die, 200 and more of them terminated, in every kind of call, and the survivors of a %s map find all in order',
  {
    timeout: 180_000 * patience,
  },
  async (variant) => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const report = await reportOf<StormReport & { faults: string[] }>(
      'storm',
      [String(seed), '240', '4', variant],
      { deadline: 170_000 },
    )
    expect(report.faults, `seed ${seed}`).toEqual([])
    expect(report.deaths).toBe(240)
    expect(report.terminated).toBeGreaterThanOrEqual(200)
    expect(Object.keys(report.endings).toSorted()).toEqual([...DEATHS, 'none'].toSorted())
    expect(report.acked).toBeGreaterThan(10_000)
    expect(report.audits).toHaveLength(3)
    // The bytes are told at all, and were there to be given back.
    expect(report.bytesFull).toBeGreaterThan(report.bytesEmpty + 500_000)
    // Each of the 180 workers of the last three rounds left 4 MiB of its own: 720 MiB if nobody gives them back. The
    // system's allocator keeps up to 200 of them on Node 22, for the next.
    const [warm = 0, ...later] = report.rssByRound
    expect(Math.max(...later) - warm).toBeLessThan(300 * 2 ** 20)
  },
)

// In a process of its own, which can be killed when the callback does block somebody.
test('an update callback that never returns blocks nobody, also not on its own key, and dies with its worker', async () => {
  const report = await reportOf('endless-callback')
  expect(report).toEqual({ sameKey: 3, fromWorker: 4, size: 2001, after: 4, deleted: true })
})

const callbacks = ['update', 'getOrInsertComputed', 'forEach', 'iterate', 'codec', 'setMany'] as const

test.each(callbacks)(
  'a worker that calls process.exit inside %s ends with its code and changes nothing',
  async (call) => {
    const map = new ConcurrentMap<string, unknown>([['k', 1]])
    const before = [...map]
    const dying = startThread('stuck', { handle: map.handle, how: 'exit', call })
    expect(await dying.next()).toBe('in the callback')
    expect((await dying.end).code).toBe(6)
    expect([...map]).toEqual(before)
    expect(map.set('k', 2).get('k')).toBe(2)
    map.close()
  },
)

test.each(callbacks)('an uncaught error inside %s of a worker ends that worker only', async (call) => {
  const map = new ConcurrentMap<string, unknown>([['k', 1]])
  const before = [...map]
  const dying = startThread('stuck', { handle: map.handle, how: 'throw', call })
  expect(await dying.next()).toBe('in the callback')
  expect((await dying.end).error?.message).toBe('thrown on purpose')
  expect([...map]).toEqual(before)
  map.close()
})

// In a process of its own: a panic writes to the standard error of the process, past all of JavaScript.
test('a Rust panic becomes an InternalError, in main and in workers, and everything works afterwards', async () => {
  const report = await reportOf<{ errors: string[]; sum: number; byWorkers: number; after: unknown }>('panic')
  expect(new Set(report.errors)).toEqual(new Set(['InternalError THREADMAP_INTERNAL true']))
  expect(report.errors).toHaveLength(50)
  expect(report.sum).toBe(50)
  expect(report.byWorkers).toBeGreaterThan(40)
  expect(report.after).toEqual({ iterator: ['k', 50], update: 7, worker: 8, size: 2, newcomer: 1 })
})

test('a worker killed for its heap takes nothing with it', async (context) => {
  const control = await runChild(workerFile('child-heap-limit'), ['without'])
  if (control.code !== 0) {
    const how = control.signal ?? `code ${control.code}`
    const reason = `Node ${process.versions.node} itself does not survive a worker out of memory (control ended with ${how})`
    console.warn(reason)
    context.skip(reason)
  }
  expect(JSON.parse(control.stdout)).toMatchObject({ errors: Array(3).fill('ERR_WORKER_OUT_OF_MEMORY') })
  const report = await reportOf<{ errors: string[]; stored: number; acked: number; usable: boolean }>(
    'heap-limit',
    ['with'],
  )
  expect(report.errors).toEqual(Array(3).fill('ERR_WORKER_OUT_OF_MEMORY'))
  expect(report.acked).toBeGreaterThan(0)
  expect(report.stored).toBeGreaterThanOrEqual(report.acked)
  expect(report.stored).toBeLessThanOrEqual(report.acked + 3)
  expect(report.usable).toBe(true)
})

test('a worker terminated before, while and right after it loads the addon harms nobody', async () => {
  const map = new ConcurrentMap<string, number>([['k', 1]])
  for (let i = 0; i < 40; i++) {
    const { worker, end } = startThread('attacher', { handle: map.handle })
    await new Promise((resolve) => setTimeout(resolve, i * 2))
    await within(worker.terminate(), 'terminate() of a worker that loads the addon')
    await end
  }
  expect(map.add('k', 0)).toBeGreaterThanOrEqual(1)
  expect(map.get('k')).toBeLessThanOrEqual(41)
  map.close()
  await collect()
})
