// The yardstick: one thread, one plain Map.
import { countFiles } from '../count.ts'
import { count } from '../words.ts'
import type { Job } from './job.ts'

export const run: Job = async (files, _workers, progress) => {
  const counts = new Map<string, number>()
  const report = (tally: Parameters<typeof progress>[0]): void => progress(tally, [tally.words])
  const tally = await countFiles(files, (word) => count(counts, word), report)
  return { tally, words: [tally.words], entries: () => counts.entries() }
}
