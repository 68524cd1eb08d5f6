// The process that one job runs in: started anew for each, so that its peak memory is that job's alone.
// It waits for the file list, runs the job, measures it, and only then sends what it counted.
import { readFileSync } from 'node:fs'
import { topWords, type WordCount } from '../top.ts'
import type { FromJob, Job, ToJob } from './job.ts'

/** Entries a message. */
const CHUNK = 20_000

/** The job module and nothing else is loaded: one thread with a plain Map does not carry the native map. */
async function main({ job, files, workers }: ToJob): Promise<void> {
  const { run } = (await import(`./${job}.ts`)) as { run: Job }
  const started = performance.now()
  const { tally, words, entries } = await run(files, workers, (tally, words) => {
    process.send?.({ kind: 'progress', tally, words } satisfies FromJob)
  })
  // The list is part of the job: reading all of a map is work, and not the same for each kind of map.
  const top = topWords(entries(), 20)
  const seconds = (performance.now() - started) / 1_000
  const measured = { tally, words, top, seconds, peakBytes: peakBytes() }
  let chunk: WordCount[] = []
  for (const entry of entries()) {
    if (chunk.push(entry) < CHUNK) continue
    await send({ kind: 'entries', entries: chunk })
    chunk = []
  }
  await send({ kind: 'entries', entries: chunk })
  await send({ kind: 'done', measured })
}

function send(message: FromJob): Promise<void> {
  return new Promise((resolve, reject) => {
    process.send?.(message, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })
}

/**
 * The most memory this process ever had. Linux hands `maxRSS` of the parent down to a child, whatever the child
 * itself needs, so the kernel's figure for this address space is taken where there is one.
 */
function peakBytes(): number {
  try {
    const kib = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]
    if (kib !== undefined) return Number(kib) * 1_024
  } catch {
    // No Linux.
  }
  return process.resourceUsage().maxRSS * 1_024
}

process.once('message', (order: ToJob) => {
  main(order).catch((error: unknown) => send({ kind: 'failed', message: String(error) }))
})
// The process that asked has everything, or is gone.
process.once('disconnect', () => process.exit())
