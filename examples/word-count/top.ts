// The most frequent words of a list of any length, in memory for the few that are kept.

export type WordCount = [word: string, count: number]

/** The `limit` most frequent entries, most frequent first; words of the same count in order of their characters. */
export function topWords(entries: Iterable<WordCount>, limit: number): WordCount[] {
  const top: WordCount[] = []
  for (const entry of entries) {
    const last = top[limit - 1]
    if (last !== undefined && byCount(entry, last) > 0) continue
    top.push(entry)
    top.sort(byCount)
    top.length = Math.min(top.length, limit)
  }
  return top
}

function byCount(a: WordCount, b: WordCount): number {
  return b[1] - a[1] || (a[0] < b[0] ? -1 : 1)
}
