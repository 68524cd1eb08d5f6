// What one does without a shared map: a Map in each thread, copied to the main thread at the end and merged there.
import { runCrew } from '../crew.ts'
import type { Job } from './job.ts'

export const run: Job = async (files, workers, progress) => {
  const merged = new Map<string, number>()
  const merge = (counts: Map<string, number>): void => {
    for (const [word, count] of counts) merged.set(word, (merged.get(word) ?? 0) + count)
  }
  const ticket = new Int32Array(new SharedArrayBuffer(4))
  const { tally, words } = await runCrew(workers, { files, ticket }, progress, merge)
  return { tally, words, entries: () => merged.entries() }
}
