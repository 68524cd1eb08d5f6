// A counting thread. It claims files one by one until none is left, so a thread that met large files gets fewer.
// With a shared map its counts go there; without, into a Map of its own that is posted at the end.
import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap, type MapHandle } from '../../index.ts'
import { countFiles, type Tally } from './count.ts'
import type { FromWorker } from './crew.ts'
import type { FileEntry } from './read.ts'
import { count } from './words.ts'

/** The two ways to work: all counts and the next file's number in shared maps, or a Map and an atomic integer. */
export type WorkerData =
  | { files: FileEntry[]; counts: MapHandle; tickets: MapHandle }
  | { files: FileEntry[]; ticket: Int32Array }

/**
 * How many different words a thread gathers before it adds them to the shared map in one call. Measured over 80 MB
 * of node_modules with two threads (medians of 6 runs on a busy machine: wall time, CPU time, peak memory):
 * one `add` a word 4.8 s, 2.9 s, 191 MB; batches of 512 4.0 s, 3.0 s, 230 MB; of 4,096 3.2 s, 2.6 s, 225 MB;
 * of 65,536 3.7 s, 2.7 s, 253 MB; an `addMany` of every 1,024 words as they come, without gathering, is slowest.
 */
const BATCH = 4_096

const data = workerData as WorkerData

function post(message: FromWorker): void {
  parentPort?.postMessage(message)
}

const progress = (tally: Tally): void => post({ tally, done: false })

function* claim(files: FileEntry[], next: () => number): Generator<FileEntry> {
  for (let file = files[next()]; file !== undefined; file = files[next()]) yield file
}

if ('ticket' in data) {
  const { files, ticket } = data
  const counts = new Map<string, number>()
  const claimed = claim(files, () => Atomics.add(ticket, 0, 1))
  const tally = await countFiles(claimed, (word) => count(counts, word), progress)
  post({ tally, counts, done: true })
} else {
  const counts = ConcurrentMap.attach<string, number>(data.counts)
  const tickets = ConcurrentMap.attach<string, number>(data.tickets)
  const claimed = claim(data.files, () => tickets.add('next file', 1) - 1)
  const batch = new Map<string, number>()
  const flush = (): void => {
    counts.addMany(batch)
    batch.clear()
  }
  const found = (word: string): void => {
    count(batch, word)
    if (batch.size === BATCH) flush()
  }
  const tally = await countFiles(claimed, found, progress)
  flush()
  post({ tally, done: true })
}
