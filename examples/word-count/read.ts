// Reads one file in pieces of a bounded size, and notices when it is not the file of the list any more.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'

/** A file, with the size and times that it had when the list was made (`size` -1: take them now). */
export type FileEntry = { path: string; size: number; mtimeMs: number; ctimeMs: number }

/** The file has another size or time than in the list, before or after it was read. */
export class ChangedError extends Error {
  override readonly name = 'ChangedError'
}

// A link or a FIFO that took the place of a file since the walk must neither lead elsewhere nor wait for a writer.
// Windows has neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** The bytes of `file`, piece by piece, in `buffer`: each piece is overwritten by the next. */
export function* readPieces(file: FileEntry, buffer: Buffer): Generator<Buffer, void, void> {
  const handle = openSync(file.path, FLAGS)
  try {
    checkUnchanged(file, handle)
    for (let at = 0; at < file.size; ) {
      const length = readSync(handle, buffer, 0, Math.min(buffer.length, file.size - at), null)
      if (length === 0) throw new ChangedError(`${file.path} became shorter`)
      at += length
      yield buffer.subarray(0, length)
    }
    checkUnchanged(file, handle)
  } finally {
    closeSync(handle)
  }
}

function checkUnchanged(file: FileEntry, handle: number): void {
  const { size, mtimeMs, ctimeMs } = fstatSync(handle)
  if (file.size === -1) Object.assign(file, { size, mtimeMs, ctimeMs })
  // ctime too: a file may be replaced by another of the same size with its time set back.
  else if (file.size !== size || file.mtimeMs !== mtimeMs || file.ctimeMs !== ctimeMs) {
    throw new ChangedError(`${file.path} changed`)
  }
}
