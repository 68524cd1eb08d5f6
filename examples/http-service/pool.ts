// Keeps a fixed number of workers alive: one that dies, for whatever reason, is replaced in its slot.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FromWorker, WorkerData } from './worker.ts'

/** A worker that dies before it listens is replaced after a pause, doubled each time: no busy loop of failures. */
const FIRST_PAUSE_MS = 50
const LAST_PAUSE_MS = 5_000
/** How long a worker may take to finish its requests at the end. */
const GRACE_MS = 1_000

/** `port`: where it listens, 0 until it does. */
type Slot = { worker: Worker; port: number; pauseMs: number }

export class Pool {
  readonly #slots: Slot[] = []
  readonly #data: WorkerData
  #turn = 0
  #closing = false
  /** Called when a worker listens or the pool closes. */
  #waiting: (() => void)[] = []

  constructor(data: WorkerData) {
    this.#data = data
  }

  /** Adds a worker; resolves with its port, rejects when it dies before it listens. */
  async grow(): Promise<number> {
    const worker = this.#spawn()
    const died = once(worker, 'exit').then(([code]) => {
      throw new Error(`a worker ended with code ${code} before it was listening`)
    })
    const [{ listening }] = (await Promise.race([once(worker, 'message'), died])) as [FromWorker]
    if (this.#closing) {
      await worker.terminate()
      throw new Error('the pool was closed while it was starting')
    }
    const slot: Slot = { worker, port: 0, pauseMs: FIRST_PAUSE_MS }
    this.#slots.push(slot)
    this.#watch(slot)
    this.#isListening(slot, listening)
    // The first worker of a shared port finds the port; all others, and every replacement, join it.
    if (!this.#data.handedOver) this.#data.listen = { ...this.#data.listen, port: listening }
    return listening
  }

  /** The thread id of each worker. */
  get threadIds(): number[] {
    return this.#slots.map(({ worker }) => worker.threadId)
  }

  /** The port of a living worker, in turns; waits while there is none; `undefined` when the pool is closing. */
  async next(): Promise<number | undefined> {
    while (!this.#closing) {
      for (let tries = 0; tries < this.#slots.length; tries++) {
        const slot = this.#slots[this.#turn++ % this.#slots.length]
        if (slot !== undefined && slot.port !== 0) return slot.port
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    return undefined
  }

  /** Ends a worker in the middle of whatever it does, as a crash would. */
  async kill(index: number): Promise<void> {
    await this.#slots[index]?.worker.terminate()
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#wake()
    await Promise.all(
      this.#slots.map(async ({ worker }) => {
        if (worker.threadId === -1) return
        const ended = once(worker, 'exit')
        worker.postMessage('stop')
        const late = new AbortController()
        await Promise.race([ended, setTimeout(GRACE_MS, undefined, { signal: late.signal })])
        late.abort()
        await worker.terminate()
      }),
    )
  }

  #spawn(): Worker {
    return new Worker(new URL('./worker.ts', import.meta.url), { workerData: this.#data })
  }

  #watch(slot: Slot): void {
    slot.worker.on('message', ({ listening }: FromWorker) => this.#isListening(slot, listening))
    slot.worker.on('error', (error) => process.stderr.write(`a worker died: ${error.stack}\n`))
    slot.worker.once('exit', () => void this.#replace(slot))
  }

  async #replace(slot: Slot): Promise<void> {
    if (slot.port === 0) {
      await setTimeout(slot.pauseMs, undefined, { ref: false })
      slot.pauseMs = Math.min(2 * slot.pauseMs, LAST_PAUSE_MS)
    }
    slot.port = 0
    if (this.#closing) return
    slot.worker = this.#spawn()
    this.#watch(slot)
  }

  #isListening(slot: Slot, port: number): void {
    slot.port = port
    slot.pauseMs = FIRST_PAUSE_MS
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }
}
