// Workers that come and go, for the leak bar: memory.spec.ts runs some hundred, ci/leak.mjs ten thousand.
// Invariant: each worker has loaded what it should and ended as it should, or the run fails.

import { startThread } from './life-threads.ts'

/** Runs `count` short workers, `lanes` at a time; `addon: false` is the control, what Node itself keeps of a worker. */
export async function comeAndGo(count: number, lanes: number, addon = true): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    for (let i = next++; i < count; i = next++) {
      const thread = startThread(addon ? 'passer' : 'passer-control', { ending: i % 3 })
      await thread.next()
      if (i % 3 === 2) await thread.worker.terminate()
      const { code, error } = await thread.end
      if (error || code !== [0, 3, 1][i % 3]) throw error ?? new Error(`worker ${i} ended with ${code}`)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
