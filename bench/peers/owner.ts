// A plain `Map` that one thread owns; all others ask it by MessagePort. What people build without a shared map.
// Invariant: a port answers in the order of the questions, so answers need no numbers: the cheapest protocol.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { Value } from '../keys.ts'
import type { MapLike } from '../operations.ts'
import type { Content, Peer, Store } from '../peer.ts'

export type Question = readonly [method: keyof MapLike, first: unknown, second?: unknown]

class OwnedMap implements MapLike {
  readonly #port: MessagePort
  readonly #waiting: ((answer: unknown) => void)[] = []

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (answer) => this.#waiting.shift()?.(answer))
  }
  get(key: string): Promise<unknown> {
    return this.#ask(['get', key])
  }
  has(key: string): Promise<unknown> {
    return this.#ask(['has', key])
  }
  set(key: string, value: Value): Promise<unknown> {
    return this.#ask(['set', key, value])
  }
  delete(key: string): Promise<unknown> {
    return this.#ask(['delete', key])
  }
  add(key: string, delta: number): Promise<unknown> {
    return this.#ask(['add', key, delta])
  }
  getMany(keys: readonly string[]): Promise<unknown> {
    return this.#ask(['getMany', keys])
  }
  setMany(entries: readonly (readonly [string, Value])[]): Promise<unknown> {
    return this.#ask(['setMany', entries])
  }
  addMany(entries: readonly (readonly [string, number])[]): Promise<unknown> {
    return this.#ask(['addMany', entries])
  }

  #ask(question: Question): Promise<unknown> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      this.#port.postMessage(question)
    })
  }
}

const create = async (content: Content): Promise<Store> => {
  const owner = new Worker(new URL('./owner-thread.ts', import.meta.url), { workerData: content })
  const ports: MessagePort[] = []
  return {
    connect: () => {
      const { port1, port2 } = new MessageChannel()
      owner.postMessage(port1, [port1])
      ports.push(port2)
      return { token: port2, transfer: [port2] }
    },
    close: async () => {
      for (const port of ports) port.close()
      await owner.terminate()
    },
  }
}

const base = {
  shared: true,
  answers: true,
  create,
  attach: (token: unknown) => new OwnedMap(token as MessagePort),
}

export const peers: readonly Peer[] = [
  { ...base, name: 'owner, serial', style: 'serial', note: 'a Map in an owner thread, each answer awaited' },
  {
    ...base,
    name: 'owner, 100 in flight',
    style: 'flight',
    note: 'the same, 100 questions sent before the first answer is awaited',
    does: ['get', 'miss', 'has', 'set', 'add', 'getText', 'setText', 'churn', 'mixed'],
  },
]
