// One port for many workers where the platform cannot share it: the main thread accepts every connection and passes
// its bytes on to a worker, which listens on a loopback port of its own. (A socket cannot be posted to a thread.)
// Whose connection it is stands in a shared map under the port that the main thread calls the worker from, before
// the first byte goes through: so the worker can ask.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from 'node:net'
import type { Pool } from './pool.ts'
import type { State } from './state.ts'

/** What the main thread runs: `stop` ends listening, `close` also ends every connection, and resolves after that. */
export type Front = { port: number; stop(): void; close(): Promise<void> }

/** Listens for the whole pool; the promise resolves when it does. */
export async function startFront(
  listen: ListenOptions,
  pool: Pool,
  origins: State['origins'],
): Promise<Front> {
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    // A client or a worker that goes away in the middle is no error of this thread.
    socket.on('error', () => socket.destroy())
    return socket.once('close', () => sockets.delete(socket))
  }

  /** No byte was read yet, so a worker that died a moment ago costs nothing: the next one gets the connection. */
  const handOver = async (client: Socket): Promise<void> => {
    while (!client.destroyed) {
      const port = await pool.next()
      if (port === undefined) return void client.destroy()
      const inner = keep(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
      const connected = await once(inner, 'connect').catch(() => undefined)
      if (connected === undefined) continue
      if (client.destroyed) return void inner.destroy()
      return join(client, inner, origins)
    }
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (client) => {
    void handOver(keep(client))
  })
  server.listen(listen)
  await once(server, 'listening')
  const stop = (): void => void server.close()
  const close = async (): Promise<void> => {
    stop()
    await Promise.all([...sockets].map((socket) => new Promise((end) => socket.destroy().once('close', end))))
  }
  return { port: (server.address() as AddressInfo).port, stop, close }
}

let connections = 0

function join(client: Socket, inner: Socket, origins: State['origins']): void {
  const { localPort = 0 } = inner
  const origin = { address: client.remoteAddress ?? 'unknown', connection: ++connections }
  origins.set(localPort, origin)
  inner.once('close', () => {
    // The next connection may have got this port already: its entry stays.
    origins.compareAndDelete(localPort, origin)
    // What the worker said last still goes out, also when the worker is gone.
    client.end(() => client.destroy())
  })
  client.once('close', () => inner.destroy())
  client.pipe(inner).pipe(client)
}
