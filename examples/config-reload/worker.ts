// A worker that serves requests until it is told to stop, and then tells what it saw.
import { parentPort, workerData } from 'node:worker_threads'
import { openConfig, paths } from './config.ts'
import { serve, serveCarelessly } from './request.ts'

export type Job = { readonly name: string; readonly careless: boolean; readonly stop: Int32Array }
export type Report = { readonly requests: number; readonly mixed: number; readonly revisions: number }

const { name, careless, stop } = workerData as Job
using config = openConfig(name)
const answer = careless ? serveCarelessly : serve
const seen = new Set<number>()
let [requests, mixed] = [0, 0]
while (Atomics.load(stop, 0) === 0) {
  const { revision, mixed: isMix } = answer(config, paths[requests % paths.length] as string)
  seen.add(revision)
  requests += 1
  if (isMix) mixed += 1
}
parentPort?.postMessage({ requests, mixed, revisions: seen.size } satisfies Report)
