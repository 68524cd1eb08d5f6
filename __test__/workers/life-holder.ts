// Holds one map and does to it what it is asked. Invariant: one answer for each question, errors included.

import { parentPort } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'
import { collect, refusalOf } from '../support/life-threads.ts'

type Held = ConcurrentMap<string, unknown>

let map: Held | undefined
let iterator: Iterator<unknown> | undefined
const held = (): Held => map as Held

const deeds: Record<string, (...args: never[]) => unknown> = {
  attach(handle: Held['handle']) {
    map = ConcurrentMap.attach(handle)
  },
  open(name: string) {
    map = ConcurrentMap.open(name)
  },
  make() {
    map = new ConcurrentMap()
    return map.handle
  },
  handle: () => held().handle,
  get: (key: string) => held().get(key),
  set: (key: string, value: unknown) => void held().set(key, value),
  add: (key: string, delta: number) => (held() as ConcurrentMap<string, number>).add(key, delta),
  size: () => held().size,
  step() {
    iterator ??= held().entries()
    return iterator.next().value
  },
  walk: () => [...held()].length,
  close: () => held().close(),
  dispose: () => held()[Symbol.dispose](),
  drop: async () => {
    map = undefined
    await collect()
  },
  end: () => void parentPort?.close(),
  exit: (code: number) => process.exit(code),
  throw: () =>
    void setImmediate(() => {
      throw new Error('thrown on purpose')
    }),
}

parentPort?.on('message', async ({ what, args }: { what: string; args: never[] }) => {
  try {
    parentPort?.postMessage({ value: await deeds[what]?.(...args) })
  } catch (error) {
    parentPort?.postMessage({ refusal: refusalOf(error) })
  }
})
