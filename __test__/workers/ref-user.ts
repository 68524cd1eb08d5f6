// What another thread does to the entries of refs. Run by Crew.
import { Worker } from 'node:worker_threads'
import { ConcurrentMap, type MapHandle } from '../../index.ts'

export function set(handle: MapHandle, key: string, value: unknown): void {
  using map = ConcurrentMap.attach<string, unknown>(handle)
  map.set(key, value)
}

export function drop(name: string): void {
  ConcurrentMap.delete(name)
}

/** Waits for as long as it takes: a read that the compiler may take out of the loop would never end. */
export function waitWhileZero(handle: MapHandle, key: string): number {
  using map = ConcurrentMap.attach<string, number>(handle)
  const ref = map.ref(key)
  while (ref.get() === 0);
  return ref.get() as number
}

/** A thread that gets no memory from the first moment on. */
export function workWithoutSharedMemory(): Promise<unknown> {
  const worker = new Worker(new URL('./ref-without-memory.ts', import.meta.url))
  return new Promise((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
