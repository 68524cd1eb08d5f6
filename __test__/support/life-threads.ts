// Threads and child processes for the lifetime specs.
// Invariant: every wait has a deadline, so that a thread blocked for good is a failure that says so, never a hang.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Worker, type WorkerOptions } from 'node:worker_threads'
import { patience } from './patience.ts'

// Stripping the types of the package costs each new worker about 150 ms; from the compile cache it costs 10.
process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
  new URL('../../node_modules/.cache/threadmap-compile', import.meta.url),
)

export const DEADLINE: number = 60_000 * patience

export const workerFile = (name: string): URL => new URL(`../workers/life-${name}.ts`, import.meta.url)

export interface End {
  readonly code: number
  readonly error: (Error & { code?: string }) | undefined
}

/** One worker thread: what it posts, in order, and how it ended. */
export interface Thread {
  readonly worker: Worker
  readonly end: Promise<End>
  /** The next message not handed out yet; rejects when the thread ends without one. */
  next<T>(): Promise<T>
}

export async function within<T>(promise: Promise<T>, what: string, ms: number = DEADLINE): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    // Not held open for the timer: some children show how they end by themselves.
    timer = setTimeout(() => reject(new Error(`blocked: ${what} did not happen within ${ms} ms`)), ms).unref()
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

export function startThread(name: string, workerData: unknown = {}, options: WorkerOptions = {}): Thread {
  const worker = new Worker(workerFile(name), { ...options, workerData })
  const inbox: unknown[] = []
  const waiting: Array<PromiseWithResolvers<unknown>> = []
  let error: End['error']
  worker.on('message', (message) => {
    const first = waiting.shift()
    if (first) first.resolve(message)
    else inbox.push(message)
  })
  worker.on('error', (thrown: Error) => {
    error = thrown
  })
  const end = new Promise<End>((resolve) => {
    worker.on('exit', (code) => {
      const reason = new Error(`worker ${name} ended (code ${code}) instead of answering`, { cause: error })
      for (const each of waiting.splice(0)) each.reject(reason)
      resolve({ code, error })
    })
  })
  return {
    worker,
    end: within(end, `the end of worker ${name}`, 10 * DEADLINE),
    next<T>(): Promise<T> {
      if (inbox.length > 0) return Promise.resolve(inbox.shift() as T)
      const next = Promise.withResolvers<unknown>()
      waiting.push(next)
      return within(next.promise as Promise<T>, `a message of worker ${name}`)
    },
  }
}

export interface Refusal {
  readonly name: string
  readonly code: string | undefined
  readonly message: string
}

/** What a worker can say of an error: errors of a class lose it on the way through postMessage. */
export const refusalOf = (error: unknown): Refusal => {
  const { name, code, message } = error as Refusal
  return { name, code, message }
}

export interface Holder extends Thread {
  /** Does one thing in the worker (see workers/life-holder.ts); throws a Refusal when the worker's call threw. */
  ask<T = unknown>(what: string, ...args: unknown[]): Promise<T>
}

/** A worker that has the package loaded and does what it is told. */
export function startHolder(options: WorkerOptions = {}): Holder {
  const thread = startThread('holder', {}, options)
  return {
    ...thread,
    async ask<T>(what: string, ...args: unknown[]): Promise<T> {
      thread.worker.postMessage({ what, args })
      const answer = await thread.next<{ value?: T; refusal?: Refusal }>()
      if (answer.refusal) throw answer.refusal
      return answer.value as T
    },
  }
}

export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** From the line `leaving` on its standard output to its end, in milliseconds; NaN without that line. */
  readonly leavingTook: number
}

export interface ChildOptions {
  readonly flags?: readonly string[]
  /** In ms, on a machine of one's own: times the tests' patience. */
  readonly deadline?: number
}

/** Runs a script with the Node that runs this, killing it at the deadline (signal SIGKILL then). */
export function runChild(
  file: URL,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<ChildEnd> {
  const child = spawn(process.execPath, [...(options.flags ?? []), fileURLToPath(file), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const deadline = options.deadline === undefined ? DEADLINE : options.deadline * patience
  const killer = setTimeout(() => child.kill('SIGKILL'), deadline)
  let stdout = ''
  let stderr = ''
  let left = Number.NaN
  let exited = Number.NaN
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (Number.isNaN(left) && /^leaving$/m.test(stdout)) left = performance.now()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', () => {
      exited = performance.now()
    })
    child.on('close', (code, signal) => {
      clearTimeout(killer)
      resolve({ code, signal, stdout, stderr, leavingTook: exited - left })
    })
  })
}

/** Runs workers/life-child-NAME.ts and returns what it prints last, as JSON. */
export async function reportOf<T>(
  name: string,
  args: readonly string[] = [],
  options: ChildOptions = {},
): Promise<T> {
  const end = await runChild(workerFile(`child-${name}`), args, options)
  if (end.code !== 0) {
    const how =
      end.signal === 'SIGKILL' ? 'was killed at its deadline' : `ended with ${end.code ?? end.signal}`
    throw new Error(`child ${name} ${args.join(' ')} ${how}\n${end.stdout}\n${end.stderr}`)
  }
  return JSON.parse(end.stdout.trimEnd().split('\n').at(-1) ?? '') as T
}

let gc: (() => void) | undefined

/** Collects garbage and lets finalizers run, without a flag on the command line. */
export async function collect(): Promise<void> {
  if (!gc) {
    setFlagsFromString('--expose-gc')
    gc = runInNewContext('gc') as () => void
  }
  for (let turn = 0; turn < 3; turn++) {
    gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Collects until the condition holds; false when it never does. */
export async function collectUntil(condition: () => boolean): Promise<boolean> {
  for (let turn = 0; turn < 20; turn++) {
    await collect()
    if (condition()) return true
  }
  return false
}

/** Small seeded generator (mulberry32): a failing run is repeated by its seed. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
