// What must not outlive the process: files in memory, servers. One listener for all of it.
const ends = new Set<() => void>()
let listening = false

/** Runs `end` when the process exits, or when what is returned is called: once. */
export const atTheEnd = (end: () => void): (() => void) => {
  if (!listening) process.once('exit', () => ends.forEach((one) => one()))
  listening = true
  ends.add(end)
  return () => {
    if (ends.delete(end)) end()
  }
}
