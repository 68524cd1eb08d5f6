/**
 * Iterators over what native code gives in chunks: entries, keys or values, and at the end of each chunk the cursor
 * to go on with. The cursor is all the state there is: an iterator that is abandoned costs nothing.
 */
import type { Raw } from './native.ts'

/** What is asked for: keys and values in turn, keys, values. */
export type What = 0 | 1 | 2

/** Gives what `make` makes of the items of each chunk; `scan` fetches the chunk at a cursor. */
export function* walk<T>(
  what: What,
  scan: (cursor: number) => Raw[],
  make: (items: Raw[], at: number) => T,
): Generator<T, undefined, unknown> {
  const width = what === 0 ? 2 : 1
  for (let cursor = 0; cursor >= 0; ) {
    const items = scan(cursor)
    cursor = items.pop() as number
    for (let at = 0; at < items.length; at += width) yield make(items, at)
  }
  return undefined
}
