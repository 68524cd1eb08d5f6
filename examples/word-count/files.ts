// Which files are counted: the tree is walked once and every file in it is read once, before any job starts.
// That one pass (a) fixes the list, with the size and times that each file must keep, so all jobs count the same;
// (b) finds what is no text; (c) leaves all of it in the file cache, so no job reads a colder disk than another.
// Symbolic links are not followed (DIR itself may be one), so a loop of links cannot trap the walk.
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ChangedError, type FileEntry, readPieces } from './read.ts'

/** A file is binary, and left out, when a NUL byte stands in its first 8 KiB; anything else is read as UTF-8. */
const BINARY_SAMPLE = 8 * 1_024

/** The reason to leave out a file that was written to while it was read, or between two reads. */
export const CHANGED = 'changed while being counted'

/** Everything left out: how many for each reason, and the names of the first few. */
export type Skipped = Map<string, { total: number; names: string[] }>

export type Survey = { files: FileEntry[]; bytes: number; skipped: Skipped }

/** Walks and reads the tree under `root`; `progress` is called between two reads, with what was read so far. */
export function survey(root: string, progress: (files: number, bytes: number) => void): Survey {
  const found: Survey = { files: [], bytes: 0, skipped: new Map() }
  const buffer = Buffer.allocUnsafe(256 * 1_024)
  let seen = 0
  let bytes = 0
  for (const path of walk(root, found.skipped)) {
    progress(++seen, bytes)
    const file: FileEntry = { path, size: -1, mtimeMs: 0, ctimeMs: 0 }
    let first = true
    let text = true
    try {
      for (const piece of readPieces(file, buffer)) {
        if (first && piece.subarray(0, BINARY_SAMPLE).includes(0)) text = false
        first = false
        if (!text) break
        bytes += piece.length
        progress(seen, bytes)
      }
    } catch (error) {
      skip(found.skipped, reasonOf(error), path)
      continue
    }
    if (text) {
      found.files.push(file)
      found.bytes += file.size
    } else skip(found.skipped, 'binary', path)
  }
  // Largest first: the last files to be handed out are small, so the workers end at about the same moment.
  found.files.sort((a, b) => b.size - a.size)
  return found
}

/** Notes that `path` is left out. */
export function skip(skipped: Skipped, reason: string, path: string): void {
  const entry = skipped.get(reason) ?? { total: 0, names: [] }
  entry.total++
  if (entry.names.length < 3) entry.names.push(path)
  skipped.set(reason, entry)
}

/** The regular files under `root`, without recursion: a deep tree costs no stack. */
function* walk(root: string, skipped: Skipped): Generator<string> {
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    let names: string[]
    try {
      names = readdirSync(folder)
    } catch (error) {
      skip(skipped, reasonOf(error), folder)
      continue
    }
    for (const name of names) {
      const path = join(folder, name)
      try {
        const stat = lstatSync(path)
        if (stat.isDirectory()) folders.push(path)
        else if (stat.isFile()) yield path
        else skip(skipped, stat.isSymbolicLink() ? 'symbolic link, not followed' : 'not a regular file', path)
      } catch (error) {
        skip(skipped, reasonOf(error), path)
      }
    }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ChangedError) return CHANGED
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  if (code === 'ENOENT') return 'vanished, or its name is not valid UTF-8'
  // O_NOFOLLOW: what was a file a moment ago is a link now.
  if (code === 'ELOOP') return 'symbolic link, not followed'
  return code ?? message
}
