// The loop that all three jobs share, word for word: files in, words out, a tally on the way. Only what `found`
// does with a word differs between the jobs, so that the measured difference is the map's and nothing else's.
import { StringDecoder } from 'node:string_decoder'
import { setImmediate } from 'node:timers/promises'
import { ChangedError, type FileEntry, readPieces } from './read.ts'
import { WordSplitter } from './words.ts'

export type Tally = { files: number; bytes: number; words: number; long: number; changed: string[] }

/** Milliseconds between two reports: often enough for a line that moves, too seldom to cost anything. */
const REPORT_EVERY = 100

export function emptyTally(): Tally {
  return { files: 0, bytes: 0, words: 0, long: 0, changed: [] }
}

/** Adds up the tallies of several threads. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = emptyTally()
  for (const tally of tallies) {
    total.files += tally.files
    total.bytes += tally.bytes
    total.words += tally.words
    total.long += tally.long
    total.changed.push(...tally.changed)
  }
  return total
}

/**
 * Calls `found` for every word of `files`. A file that is not as it was listed is named in `changed`; some of its
 * words may have been counted by then, so a job with such a file has to be run again without it.
 */
export async function countFiles(
  files: Iterable<FileEntry>,
  found: (word: string) => void,
  progress: (tally: Tally) => void,
): Promise<Tally> {
  const tally = emptyTally()
  const buffer = Buffer.allocUnsafe(256 * 1_024)
  const foundOne = (word: string): void => {
    tally.words++
    found(word)
  }
  let due = performance.now() + REPORT_EVERY
  for (const file of files) {
    const splitter = new WordSplitter()
    // It keeps the bytes of a character that the border between two pieces cuts.
    const decoder = new StringDecoder('utf8')
    try {
      for (const piece of readPieces(file, buffer)) {
        splitter.push(decoder.write(piece), foundOne)
        tally.bytes += piece.length
        if (performance.now() < due) continue
        progress(tally)
        // Messages leave a thread at once on some platforms, and only between two of its turns on others.
        await setImmediate()
        due = performance.now() + REPORT_EVERY
      }
      splitter.push(decoder.end(), foundOne)
      splitter.end(foundOne)
    } catch (error) {
      if (!isAboutTheFile(error)) throw error
      tally.changed.push(file.path)
    }
    tally.long += splitter.long
    tally.files++
  }
  progress(tally)
  return tally
}

/** Errors of the file system, not those of the map that `found` writes to. */
function isAboutTheFile(error: unknown): boolean {
  return error instanceof ChangedError || (error as NodeJS.ErrnoException).syscall !== undefined
}
