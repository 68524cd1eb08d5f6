// One HTTP server of the pool, in a thread of its own. It holds nothing that is lost when it dies: a request is
// either answered, and then what it changed stands in the shared maps, or its connection breaks.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import { parentPort, threadId, workerData } from 'node:worker_threads'
import { drain, HttpError } from './body.ts'
import { type LimitSettings, secondsToWait } from './limit.ts'
import { type Answer, answer } from './routes.ts'
import { attachState, type StateHandles } from './state.ts'

/** `handedOver`: connections come from the main thread only, which knows whose they are. */
export type WorkerData = {
  state: StateHandles
  limit: LimitSettings
  listen: ListenOptions
  handedOver: boolean
}

export type FromWorker = { listening: number }

const { state: handles, limit, listen, handedOver } = workerData as WorkerData
const state = attachState(handles)

const server = createServer(async (request, response) => {
  const result = await handle(request).catch(failure)
  await drain(request)
  send(response, result)
})

async function handle(request: IncomingMessage): Promise<Answer> {
  if (request.url === '/health') return { status: 200, body: { worker: threadId } }
  const seconds = secondsToWait(state.requests, limit, clientOf(request))
  if (seconds === 0) return answer(request, state)
  return { status: 429, body: { error: 'too many requests' }, headers: { 'retry-after': String(seconds) } }
}

/** Who is limited: the API key, which a real service would check first, else the address. */
function clientOf(request: IncomingMessage): string {
  const key = request.headers['x-api-key']
  if (typeof key === 'string') return `key ${key}`
  const { remoteAddress, remotePort } = request.socket
  const address = handedOver ? state.origins.get(remotePort ?? 0)?.address : remoteAddress
  return `address ${address}`
}

function failure(error: unknown): Answer {
  if (error instanceof HttpError) return { status: error.status, body: { error: error.message } }
  // The client went away while it was sending: nobody reads this answer.
  if ((error as NodeJS.ErrnoException).code === 'ECONNRESET') return { status: 400 }
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`)
  return { status: 500, body: { error: 'internal error' } }
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  const text = body === undefined ? '' : `${JSON.stringify(body)}\n`
  const type = text === '' ? {} : { 'content-type': 'application/json' }
  const length = { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { ...headers, ...type, ...length, 'x-worker': threadId }).end(text)
}

// An error here (the port is taken) is thrown, and ends the thread: the pool reports it.
server.listen(listen, () => {
  parentPort?.postMessage({ listening: (server.address() as AddressInfo).port } satisfies FromWorker)
})

// The one message there is: stop. What is being answered is finished first.
parentPort?.once('message', () => {
  server.close()
  server.closeIdleConnections()
})
