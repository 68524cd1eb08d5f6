// A program that uses the package as an ES module: two workers of the same file count in one map. Bundlers pack this
// one, and every runtime runs it; its argument is the codec. Prints `counted 2000`.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { isMainThread, Worker, workerData } from 'node:worker_threads'
import { ConcurrentMap, diagnostics, ThreadmapError } from 'threadmap'

if (isMainThread) {
  const codec = process.argv[2] ?? 'clone'
  const value = codec === 'clone' ? { deep: new Map([[1, new Date(0)]]) } : { deep: [1, 'a'] }
  const kept = new ConcurrentMap([['codec', value]], { codec })
  assert.deepEqual(kept.get('codec'), value)
  const hits = ConcurrentMap.open('hits')
  const workers = [1, 2].map(() => new Worker(new URL(import.meta.url), { workerData: kept.handle }))
  for (const [code] of await Promise.all(workers.map((worker) => once(worker, 'exit')))) assert.equal(code, 0)
  assert.equal(hits.get('workers'), 2)
  hits.close()
  assert.throws(
    () => hits.get('total'),
    (error) => error instanceof ThreadmapError && error.code === 'THREADMAP_MAP_CLOSED',
  )
  assert.equal(diagnostics().namedMaps, 1)
  console.log(`counted ${ConcurrentMap.open('hits').get('total')}`)
} else {
  const hits = ConcurrentMap.open('hits')
  hits.add('workers', ConcurrentMap.attach(workerData).has('codec') ? 1 : 0)
  for (let time = 0; time < 1_000; time++) hits.add('total', 1)
}
