// Under vitest, in either pool: the map is there, and a worker that a test starts shares it.
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { ConcurrentMap } from 'threadmap'
import { expect, test } from 'vitest'

test('a worker of the test counts in the map of the test', async () => {
  const hits = ConcurrentMap.open('counted by a worker')
  const worker = new Worker(fileURLToPath(new URL('./counter.mjs', import.meta.url)))
  await once(worker, 'exit')
  expect(hits.get('total')).toBe(1_000)
  ConcurrentMap.delete('counted by a worker')
})
