// Whether the jobs agree, exactly: the same words, each as often. And what the program's exit code says of it.

export type Counts = ReadonlyMap<string, number>

/** A word that two jobs counted differently; `undefined` where a job does not know it at all. */
export type Difference = { word: string; expected: number | undefined; got: number | undefined }

/** `total` differences, and the first of them in order of their words. */
export type Comparison = { total: number; first: Difference[] }

/** Compares what a job `got` with what was `expected`. */
export function compare(expected: Counts, got: Counts, limit = 10): Comparison {
  const words: string[] = []
  for (const [word, count] of expected) if (got.get(word) !== count) words.push(word)
  for (const word of got.keys()) if (!expected.has(word)) words.push(word)
  words.sort()
  const first = words
    .slice(0, limit)
    .map((word) => ({ word, expected: expected.get(word), got: got.get(word) }))
  return { total: words.length, first }
}

/** How a run can end. A run that could not compare is no success: nobody knows whether the jobs agree. */
export type Verdict = 'agree' | 'differ' | 'not compared' | 'wrong use'

export function exitCode(verdict: Verdict): number {
  return { agree: 0, differ: 1, 'wrong use': 2, 'not compared': 3 }[verdict]
}
