// The threads of one job: starts them, adds up their tallies while they work, hands back what each of them found.
import { Worker } from 'node:worker_threads'
import { emptyTally, sum, type Tally } from './count.ts'

/** What a worker posts: a tally now and then, and at the end its private Map, if it has one. */
export type FromWorker = { tally: Tally; counts?: Map<string, number>; done: boolean }

/** Called with the tally of all threads, and the words that each of them has counted. */
export type Progress = (tally: Tally, words: readonly number[]) => void

export type CrewResult = { tally: Tally; words: number[] }

/** Runs `size` threads of worker.ts with the same `workerData`; `finished` is called with each private Map. */
export async function runCrew(
  size: number,
  workerData: unknown,
  progress: Progress,
  finished: (counts: Map<string, number>) => void = () => {},
): Promise<CrewResult> {
  const tallies = Array.from({ length: size }, emptyTally)
  const words = (): number[] => tallies.map((tally) => tally.words)
  const ends = tallies.map(
    (_, slot) =>
      new Promise<void>((resolve, reject) => {
        const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
        let done = false
        worker.on('message', (message: FromWorker) => {
          tallies[slot] = message.tally
          if (message.counts !== undefined) finished(message.counts)
          done = message.done
          progress(sum(tallies), words())
        })
        worker.on('error', reject)
        worker.on('exit', (code) => {
          if (done) resolve()
          else reject(new Error(`a worker ended with code ${code} before its work was done`))
        })
      }),
  )
  await Promise.all(ends)
  return { tally: sum(tallies), words: words() }
}
