// The job this example is about: every thread adds to one and the same map.
import { ConcurrentMap } from '../../../index.ts'
import { runCrew } from '../crew.ts'
import type { Job } from './job.ts'

export const run: Job = async (files, workers, progress) => {
  const counts = new ConcurrentMap<string, number>()
  const tickets = new ConcurrentMap<string, number>()
  const data = { files, counts: counts.handle, tickets: tickets.handle }
  const { tally, words } = await runCrew(workers, data, progress)
  return { tally, words, entries: () => counts.entries() }
}
