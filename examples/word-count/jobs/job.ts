// What a job is: a way to count the words of a list of files. And what its process and the main process say.
import type { Tally } from '../count.ts'
import type { Progress } from '../crew.ts'
import type { FileEntry } from '../read.ts'
import type { WordCount } from '../top.ts'

export type JobName = 'shared' | 'single' | 'private'

export type Job = (files: FileEntry[], workers: number, progress: Progress) => Promise<Counted>

/** `words`: how many each thread counted. */
export type Counted = { tally: Tally; words: number[]; entries: () => Iterable<WordCount> }

export type ToJob = { job: JobName; files: FileEntry[]; workers: number }

export type Measured = { tally: Tally; words: number[]; top: WordCount[]; seconds: number; peakBytes: number }

export type FromJob =
  | { kind: 'progress'; tally: Tally; words: readonly number[] }
  | { kind: 'entries'; entries: WordCount[] }
  | { kind: 'done'; measured: Measured }
  | { kind: 'failed'; message: string }
