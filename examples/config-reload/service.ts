// The service: workers that serve, and reloads at a steady pace on the thread that started them.
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'
import { openConfig, reload } from './config.ts'
import type { Job, Report } from './worker.ts'

export type Settings = { workers: number; reloads: number; everyMs: number; careless: boolean }
export type Outcome = Report & { readonly reloads: number }

let services = 0

/** Serves while the configuration is reloaded so many times; what all requests saw. */
export async function runService({ workers, reloads, everyMs, careless }: Settings): Promise<Outcome> {
  services += 1
  const name = `config-reload ${services}`
  using config = openConfig(name)
  reload(config, 0)
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const job: Job = { name, careless, stop }
  const crew = Array.from(
    { length: workers },
    () => new Worker(new URL('./worker.ts', import.meta.url), { workerData: job }),
  )
  try {
    const reports = crew.map(async (worker) => ((await once(worker, 'message')) as [Report])[0])
    await Promise.all(crew.map((worker) => once(worker, 'online')))
    const started = performance.now()
    for (let revision = 1; revision <= reloads; revision += 1) {
      reload(config, revision)
      await sleep(Math.max(0, started + revision * everyMs - performance.now()))
    }
    Atomics.store(stop, 0, 1)
    const all = await Promise.all(reports)
    const sum = (of: (report: Report) => number): number => all.reduce((total, each) => total + of(each), 0)
    return {
      reloads,
      requests: sum(({ requests }) => requests),
      mixed: sum(({ mixed }) => mixed),
      revisions: Math.max(...all.map(({ revisions }) => revisions)),
    }
  } finally {
    Atomics.store(stop, 0, 1)
    await Promise.all(crew.map((worker) => worker.terminate()))
    ConcurrentMap.delete(name)
  }
}
