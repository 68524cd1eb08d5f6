// Starts the process of one job, gives it the file list, and gathers what it reports.
import { fork } from 'node:child_process'
import type { Tally } from './count.ts'
import type { FromJob, JobName, Measured, ToJob } from './jobs/job.ts'
import type { FileEntry } from './read.ts'

export type JobResult = Measured & { counts: Map<string, number> }

/** Runs one job in a process of its own; rejects when that process ends before it has reported everything. */
export function runJob(
  job: JobName,
  files: FileEntry[],
  workers: number,
  progress: (tally: Tally, words: readonly number[]) => void,
): Promise<JobResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./jobs/process.ts', import.meta.url), { serialization: 'advanced' })
    const counts = new Map<string, number>()
    let measured: Measured | undefined
    const take = (message: FromJob): void => {
      switch (message.kind) {
        case 'progress':
          progress(message.tally, message.words)
          break
        case 'entries':
          for (const [word, count] of message.entries) counts.set(word, count)
          break
        case 'failed':
          throw new Error(message.message)
        case 'done':
          measured = message.measured
          // The process stays until everything has arrived here, and ends when it is let go.
          child.disconnect()
      }
    }
    child.on('message', (message: FromJob) => {
      try {
        take(message)
      } catch (error) {
        reject(error)
        child.kill()
      }
    })
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      if (measured !== undefined) resolve({ ...measured, counts })
      else reject(new Error(`its process ended early (${signal ?? `exit code ${code}`})`))
    })
    child.send({ job, files, workers } satisfies ToJob)
  })
}
