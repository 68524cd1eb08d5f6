// A crew of worker threads that run the exported functions of one module by name.
// Invariant: each call settles: a task's failure rejects it, and so does the death of its worker.
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { type Thrown, unpack } from './thrown.ts'

type Task = (...args: never[]) => unknown
type TaskName<Tasks> = { [Name in keyof Tasks]: Tasks[Name] extends Task ? Name : never }[keyof Tasks] &
  string
type Arguments<T> = T extends (...args: infer Args) => unknown ? Args : never
type Result<T> = T extends (...args: never[]) => infer R ? Awaited<R> : never

interface Call {
  readonly worker: number
  resolve(value: unknown): void
  reject(error: Error): void
}

interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: Thrown
}

export class Crew<Tasks> {
  readonly #workers: Worker[] = []
  readonly #calls = new Map<number, Call>()
  #lastId = 0
  #closing = false

  /** Starts `size` workers that serve the functions which `module` exports. */
  constructor(module: URL, size: number = Math.max(4, availableParallelism())) {
    for (let index = 0; index < size; index += 1) {
      const worker = new Worker(new URL('../workers/task.ts', import.meta.url), {
        workerData: { module: module.href },
      })
      worker.on('message', (reply: Reply) => this.#settle(reply))
      worker.on('error', (error) => this.#abandon(index, error as Error))
      worker.on('exit', (code) => {
        if (!this.#closing) this.#abandon(index, new Error(`worker ${index} ended with code ${code}`))
      })
      this.#workers.push(worker)
    }
  }

  get size(): number {
    return this.#workers.length
  }

  /** Runs one task on one worker. */
  run<Name extends TaskName<Tasks>>(
    worker: number,
    name: Name,
    ...args: Arguments<Tasks[Name]>
  ): Promise<Result<Tasks[Name]>> {
    this.#lastId += 1
    const id = this.#lastId
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { worker, resolve: resolve as (value: unknown) => void, reject })
      this.#workers[worker]?.postMessage({ id, name, args })
    })
  }

  /** Runs one task on every worker at once; `argsOf` gives each worker its arguments. */
  all<Name extends TaskName<Tasks>>(
    name: Name,
    argsOf: (worker: number) => Arguments<Tasks[Name]>,
  ): Promise<Result<Tasks[Name]>[]> {
    return Promise.all(this.#workers.map((_, index) => this.run(index, name, ...argsOf(index))))
  }

  /** Ends every worker and waits until each is gone. */
  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#workers.map((worker) => worker.terminate()))
  }

  #settle(reply: Reply): void {
    const call = this.#calls.get(reply.id)
    this.#calls.delete(reply.id)
    if (reply.error === undefined) call?.resolve(reply.value)
    else call?.reject(unpack(reply.error))
  }

  #abandon(worker: number, error: Error): void {
    for (const [id, call] of this.#calls) {
      if (call.worker !== worker) continue
      this.#calls.delete(id)
      call.reject(error)
    }
  }
}
