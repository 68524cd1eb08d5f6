// Redis or Valkey over the loopback interface, by @redis/client, without persistence: what people take when threads,
// processes and machines are all to share. The server that is on the PATH is started for each store and ended with it.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { createClient } from '@redis/client'
import { contentOf, type Value, type ValueKind } from '../keys.ts'
import { atTheEnd } from '../leftovers.ts'
import type { MapLike } from '../operations.ts'
import type { Peer, Store } from '../peer.ts'

const SERVERS = ['valkey-server', 'redis-server'] as const
const HOST = '127.0.0.1'
// One MSET of so many entries fills fast and stays far below the limits of the protocol.
const CHUNK = 1_000
const PATIENCE_MS = 10_000

const serverOnPath = (): string => {
  const found = SERVERS.find((name) => spawnSync(name, ['--version']).status === 0)
  if (found === undefined) throw new Error(`neither ${SERVERS.join(' nor ')} is on the PATH`)
  return found
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, HOST)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

type Client = ReturnType<typeof connectTo>

const connectTo = (port: number) => {
  const client = createClient({ socket: { host: HOST, port } })
  // Without a listener an error, as the end of the server is one, would end the process.
  client.on('error', () => {})
  // Commands wait in the client until it is connected.
  client.connect().catch(() => {})
  return client
}

class Remote implements MapLike {
  readonly client: Client
  readonly #numbers: boolean
  constructor(client: Client, kind: ValueKind) {
    this.client = client
    this.#numbers = kind === 'number'
  }
  async get(key: string): Promise<unknown> {
    return this.#value(await this.client.get(key))
  }
  async has(key: string): Promise<boolean> {
    return (await this.client.exists(key)) === 1
  }
  set(key: string, value: Value): unknown {
    return this.client.set(key, value)
  }
  delete(key: string): unknown {
    return this.client.del(key)
  }
  add(key: string, delta: number): unknown {
    return this.client.incrBy(key, delta)
  }
  async getMany(keys: readonly string[]): Promise<unknown[]> {
    return (await this.client.mGet([...keys])).map((text) => this.#value(text))
  }
  setMany(entries: readonly (readonly [string, Value])[]): unknown {
    return this.client.mSet(entries.map(([key, value]) => [key, String(value)] as [string, string]))
  }
  addMany(entries: readonly (readonly [string, number])[]): unknown {
    return Promise.all(entries.map(([key, delta]) => this.client.incrBy(key, delta)))
  }

  #value(text: unknown): unknown {
    if (text === null) return undefined
    return this.#numbers ? Number(text) : text
  }
}

const start = async (port: number): Promise<ChildProcess> => {
  const options = ['--bind', HOST, '--port', String(port), '--save', '', '--appendonly', 'no']
  const server = spawn(serverOnPath(), options, { stdio: ['ignore', 'pipe', 'ignore'] })
  const late = AbortSignal.timeout(PATIENCE_MS)
  for await (const [said] of on(server, late)) if (said.includes('Ready to accept')) return server
  throw new Error('the server ended at once')
}

/** What the server says, as it comes. */
async function* on(server: ChildProcess, late: AbortSignal): AsyncGenerator<[string]> {
  while (server.exitCode === null) {
    const [chunk] = await once(server.stdout as NodeJS.ReadableStream, 'data', { signal: late })
    yield [String(chunk)]
  }
}

const base = {
  shared: true,
  answers: true,
  create: async ({ size, value }): Promise<Store> => {
    const port = await freePort()
    const server = await start(port)
    const end = atTheEnd(() => server.kill())
    const client = connectTo(port)
    const remote = new Remote(client, value)
    const content = contentOf(size, value)
    for (let at = 0; at < size; at += CHUNK) await remote.setMany(content.slice(at, at + CHUNK))
    return {
      connect: () => ({ token: port }),
      elsewhere: async () => Number(/used_memory_rss:(\d+)/.exec(String(await client.info('memory')))?.[1]),
      close: async () => {
        client.destroy()
        const gone = once(server, 'exit')
        end()
        await gone
      },
    }
  },
  attach: (token, { value }) => new Remote(connectTo(token as number), value),
  detach: (map) => (map as Remote).client.destroy(),
} as const satisfies Partial<Peer>

export const peers: readonly Peer[] = [
  {
    ...base,
    name: 'redis, serial',
    style: 'serial',
    note: 'Redis or Valkey on loopback, each answer awaited',
  },
  {
    ...base,
    name: 'redis, 100 in flight',
    style: 'flight',
    note: 'the same, 100 commands sent before the first answer is awaited',
    does: ['get', 'miss', 'has', 'set', 'add', 'getText', 'setText', 'churn', 'mixed'],
  },
]
