// How long operations of other threads take while 10^6 entries are being snapshotted: a histogram for each variant.
//   node ci/snapshot-waits.mjs [--entries 1000000] [--rounds 5] [--workers 1]
// The control is the same thread beside a main thread that is as busy without a snapshot: what an operating system that
// lends its cores takes from a thread is in both, and not a wait. What is one shows on Linux as a voluntary switch of
// the thread: those are counted. Exits non-zero when there are operations over 1 ms that the control does not have.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../index.ts'

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    workers: { type: 'string', default: '1' },
  },
})
const entries = Number(values.entries)
/** Powers of two of nanoseconds. */
const buckets = 36
const idle = 0
const control = 1
const measured = 2
const stop = 3

const keyOf = (i) => `key:${i}`

/** How often this thread has given its core up to wait for something; NaN where nobody tells. */
function switches() {
  try {
    return Number(
      /^voluntary_ctxt_switches:\s+(\d+)/m.exec(readFileSync('/proc/thread-self/status', 'utf8'))?.[1],
    )
  } catch {
    return Number.NaN
  }
}

function work({ handle, phase, histograms }) {
  const map = ConcurrentMap.attach(handle)
  const rows = [undefined, histograms.subarray(0, buckets), histograms.subarray(buckets)]
  const waits = [0, 0, 0]
  let [draw, last, began] = [12_345, idle, switches()]
  for (let turn = 0; ; turn++) {
    const now = Atomics.load(phase, 0)
    if (now !== last) {
      const so = switches()
      waits[last] += so - began
      last = now
      began = switches()
    }
    if (now === stop) return parentPort.postMessage(waits)
    draw = (draw * 1_103_515_245 + 12_345) % 2 ** 31
    const key = keyOf(draw % entries)
    const fresh = `fresh:${turn % 1_000}`
    const before = process.hrtime.bigint()
    switch (turn & 3) {
      case 0:
        map.set(key, turn)
        break
      case 1:
        map.get(key)
        break
      case 2:
        map.set(fresh, turn)
        break
      default:
        map.delete(fresh)
    }
    const took = Number(process.hrtime.bigint() - before)
    const row = rows[now]
    if (row !== undefined) row[Math.min(buckets - 1, 31 - Math.clz32(Math.max(1, took)))] += 1
  }
}

const show = (row) => {
  const total = row.reduce((sum, count) => sum + count, 0)
  let seen = 0
  const quantile = (q) => {
    seen = 0
    for (let bucket = 0; bucket < buckets; bucket++) {
      seen += row[bucket]
      if (seen >= q * total) return `${((2 * 2 ** bucket) / 1_000).toFixed(1)} us`
    }
  }
  const lines = [...row.keys()]
    .filter((bucket) => bucket >= 14 && row[bucket] > 0)
    .map(
      (bucket) =>
        `${Math.round(2 ** bucket / 1_000)}..${Math.round((2 * 2 ** bucket) / 1_000)} us: ${row[bucket]}`,
    )
  return `${total} operations, half under ${quantile(0.5)}, 99.9 % under ${quantile(0.999)}; above 16 us: ${lines.join(', ') || 'none'}`
}

async function main() {
  let failed = false
  for (const variant of ['sharded', 'lock-free', 'snapshot']) {
    const map = new ConcurrentMap(undefined, { variant })
    for (let from = 0; from < entries; from += 10_000) {
      map.setMany(Array.from({ length: Math.min(10_000, entries - from) }, (_, i) => [keyOf(from + i), i]))
    }
    const phase = new Int32Array(new SharedArrayBuffer(4))
    const crew = Array.from({ length: Number(values.workers) }, () => {
      const histograms = new Float64Array(new SharedArrayBuffer(16 * buckets))
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { handle: map.handle, phase, histograms },
      })
      return { worker, histograms, done: new Promise((resolve) => worker.on('message', resolve)) }
    })
    await new Promise((resolve) => setTimeout(resolve, 500))
    const times = []
    for (let round = 0; round < Number(values.rounds); round++) {
      Atomics.store(phase, 0, measured)
      const before = performance.now()
      const snapshot = map.snapshot()
      const took = performance.now() - before
      Atomics.store(phase, 0, idle)
      times.push(took)
      snapshot.close()
      Atomics.store(phase, 0, control)
      const end = performance.now() + Math.max(took, 20)
      for (let i = 0; performance.now() < end; i++) map.get(keyOf(i % entries))
      Atomics.store(phase, 0, idle)
    }
    Atomics.store(phase, 0, stop)
    const waits = await Promise.all(crew.map(({ done }) => done))
    const waited = (of) => waits.reduce((total, each) => total + each[of], 0)
    const sum = (from) => {
      const row = new Float64Array(buckets)
      for (const { histograms } of crew) row.forEach((_, b) => (row[b] += histograms[from + b]))
      return row
    }
    const [beside, during] = [sum(0), sum(buckets)]
    const over = (row) => row.subarray(20).reduce((total, count) => total + count, 0)
    console.log(
      `${variant}: ${entries} entries snapshotted in ${times.map((t) => t.toFixed(t < 1 ? 4 : 0)).join(', ')} ms`,
    )
    console.log(`  while it is taken: ${waited(measured)} waits; ${show(during)}`)
    console.log(`  control:           ${waited(control)} waits; ${show(beside)}`)
    if (over(during) > 0 && over(beside) === 0) failed = true
    map.close()
  }
  process.exitCode = failed ? 1 : 0
}

if (isMainThread) await main()
else work(workerData)
