// The same from CommonJS: Node requires an ES module without a flag since 22.12. Prints `counted 2000`.
const { isMainThread, Worker } = require('node:worker_threads')
const { ConcurrentMap } = require('threadmap')

const hits = ConcurrentMap.open('hits')
if (isMainThread) {
  const workers = [1, 2].map(() => new Worker(__filename))
  let running = workers.length
  for (const worker of workers) {
    worker.on('exit', () => {
      running -= 1
      if (running === 0) console.log(`counted ${hits.get('total')}`)
    })
  }
} else {
  for (let time = 0; time < 1_000; time++) hits.add('total', 1)
}
