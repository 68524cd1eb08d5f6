// examples/http-service over real HTTP on the loopback interface, in every mode that this platform has. Each request
// is a connection of its own, so that the workers share the load.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  type Mode,
  type Service,
  type ServiceOptions,
  startService,
} from '../examples/http-service/service.ts'
import { sweep } from '../examples/http-service/state.ts'
import { patience } from './support/patience.ts'

const MAIN = fileURLToPath(new URL('../examples/http-service/main.ts', import.meta.url))

type Extra = { body?: unknown; headers?: Record<string, string>; localAddress?: string }
type Reply = { status: number; worker: string; body: unknown; headers: NodeJS.Dict<string | string[]> }

/** One request over a new connection; rejects when the connection fails before the whole answer is here. */
function send(port: number, route: string, extra: Extra = {}): Promise<Reply> {
  const [method = '', path = ''] = route.split(' ')
  const { localAddress, headers = {} } = extra
  const text = extra.body === undefined ? '' : JSON.stringify(extra.body)
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, agent: false as const, headers: { ...headers } }
    options.headers['content-length'] = String(Buffer.byteLength(text))
    const sent = request(
      { ...options, ...(localAddress === undefined ? {} : { localAddress }) },
      (response) => {
        let answer = ''
        response.setEncoding('utf8').on('data', (part: string) => (answer += part))
        response.on('error', reject)
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({
            status,
            worker: String(headers['x-worker']),
            body: answer && JSON.parse(answer),
            headers,
          })
        })
      },
    )
    sent.on('error', reject)
    sent.end(text)
  })
}

/** Asks again until there is an answer: how often the connection failed before it, which leaves open what was done. */
async function insist(
  port: number,
  route: string,
  extra: Extra = {},
): Promise<{ reply: Reply; lost: number }> {
  for (let lost = 0; ; lost++) {
    try {
      return { reply: await send(port, route, extra), lost }
    } catch (error) {
      if (lost === 200 * patience) throw error
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

function times<T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => one(index)))
}

/** `width` clients, each of which sends one request after the other until all have been sent. */
async function inTurns<T>(width: number, count: number, one: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = []
  let next = 0
  await times(width, async () => {
    while (next < count) results.push(await one(next++))
  })
  return results
}

function withStatus(replies: readonly Reply[], status: number): Reply[] {
  return replies.filter((reply) => reply.status === status)
}

function workersOf(replies: readonly Reply[]): Set<string> {
  return new Set(replies.map(({ worker }) => worker))
}

/** Keys of their own, so that the rate limit does not count these requests. */
let clients = 0
function unlimited(): Record<string, string> {
  return { 'x-api-key': `client ${++clients}` }
}

const automatic = await startService({ workers: 1 })
await automatic.close()
const modes: Mode[] = automatic.mode === 'reusePort' ? ['reusePort', 'handover'] : ['handover']

test('the platform decides about the mode: Linux can share a port', () => {
  if (process.platform === 'linux') expect(automatic.mode).toBe('reusePort')
  else expect(modes).toContain(automatic.mode)
})

describe.each(modes)('a service of 4 workers on one port, mode %s', (mode) => {
  let service: Service
  let port: number

  beforeAll(async () => {
    service = await startService({ workers: 4, mode, limit: 1_000, windowMs: 3_600_000 })
    port = service.port
  })

  afterAll(() => service.close())

  test('500 concurrent DELETEs over 100 articles: exactly 100 get one, 400 find none', async () => {
    service.state.stock.setMany(Array.from({ length: 100 }, (_, id) => [`${id}`, { lamp: id }]))
    const replies = await times(500, (n) => send(port, `DELETE /stock/${n % 100}`, { headers: unlimited() }))
    expect(withStatus(replies, 404)).toHaveLength(400)
    const taken = withStatus(replies, 200).map(({ body }) => (body as { lamp: number }).lamp)
    expect(taken.sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, id) => id))
    expect(service.state.stock.size).toBe(0)
    expect(workersOf(replies).size).toBeGreaterThan(1)
  })

  test('a limit of 1,000 lets exactly 1,000 of 1,500 requests pass, over all workers', async () => {
    const headers = { 'x-api-key': 'busy' }
    const replies = await inTurns(250, 1_500, () => send(port, 'GET /counters/none', { headers }))
    const refused = withStatus(replies, 429)
    expect(withStatus(replies, 200)).toHaveLength(1_000)
    expect(refused).toHaveLength(500)
    expect(workersOf(replies)).toEqual(new Set(service.threadIds().map(String)))
    expect(Number(refused[0]?.headers['retry-after'])).toBeGreaterThan(0)
    expect((await send(port, 'GET /counters/none', { headers: { 'x-api-key': 'other' } })).status).toBe(200)
  })

  test('a session made by one worker is read by all others', async () => {
    const login = await send(port, 'POST /login', { body: { user: 'ada' }, headers: unlimited() })
    expect(login.status).toBe(201)
    const { token } = login.body as { token: string }
    const authorization = `Bearer ${token}`
    const replies = await times(200, () =>
      send(port, 'GET /session', { headers: { ...unlimited(), authorization } }),
    )
    expect(withStatus(replies, 200)).toHaveLength(200)
    expect(new Set(replies.map(({ body }) => (body as { user: string }).user))).toEqual(new Set(['ada']))
    expect(workersOf(replies)).toEqual(new Set(service.threadIds().map(String)))

    expect((await send(port, 'DELETE /session', { headers: { authorization } })).status).toBe(204)
    const after = await times(40, () =>
      send(port, 'GET /session', { headers: { ...unlimited(), authorization } }),
    )
    expect(withStatus(after, 401)).toHaveLength(40)
  })

  test('lists of articles deleted at the same time add up to the articles there were', async () => {
    await times(60, (id) => send(port, `PUT /stock/${id}`, { body: { id }, headers: unlimited() }))
    const lists = await times(20, (n) => {
      const body = Array.from({ length: 40 }, (_, id) => `${(id + n) % 70}`)
      return send(port, 'DELETE /stock', { body, headers: unlimited() })
    })
    const deleted = lists.map(({ body }) => (body as { deleted: number }).deleted)
    expect(deleted.reduce((sum, count) => sum + count, 0)).toBe(60 - service.state.stock.size)
    // 20 lists of 40 from 70, each a place further on, name every article from 0 to 58.
    expect([...service.state.stock.keys()]).toEqual(['59'])
    service.state.stock.clear()
  })

  test('a JSON value comes back as it was put, whichever worker is asked', async () => {
    const values = [null, 0, false, '', 'ä', [1, [2]], { a: { b: [null] } }]
    await times(values.length, (n) =>
      send(port, `PUT /stock/v%2F${n}`, { body: values[n], headers: unlimited() }),
    )
    const replies = await times(values.length, (n) =>
      send(port, `GET /stock/v%2F${n}`, { headers: unlimited() }),
    )
    expect(replies.map(({ body }) => body)).toEqual(values)
    const again = await send(port, 'PUT /stock/v%2F0', { body: 1 })
    expect(again.status).toBe(200)
    service.state.stock.clear()
  })

  test('what is not right is answered as such, and the connection is not cut', async () => {
    const status = async (route: string, extra: Extra = {}): Promise<number> =>
      (await send(port, route, extra)).status
    expect(await status('POST /login', { body: { user: 7 } })).toBe(400)
    expect(await status('POST /login', { body: null })).toBe(400)
    expect(await status('POST /login')).toBe(400)
    expect(await status('DELETE /stock', { body: ['a', 7] })).toBe(400)
    expect(await status('PUT /stock/x', { body: 'x'.repeat(2_000_000) })).toBe(413)
    expect(await status('GET /session')).toBe(401)
    expect(await status('GET /stock/%E0')).toBe(400)
    expect(await status('GET /stock/none')).toBe(404)
    expect(await status('GET /nothing')).toBe(404)
    expect(await status('GET /stock/a/b')).toBe(404)
    expect(await status('PATCH /stock/a')).toBe(404)
  })

  test('a client without a key is limited by its address', async () => {
    await send(port, 'GET /counters/none')
    const clients = [...service.state.requests.keys()].map(([client]) => client)
    expect(clients).toContain('address 127.0.0.1')
    expect(clients.filter((client) => client.includes('undefined'))).toEqual([])
  })

  test('a client that goes away in the middle of its request leaves no trace', async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.write(
      'PUT /stock/half HTTP/1.1\r\nhost: x\r\nx-api-key: half\r\ncontent-length: 100\r\n\r\n"half of',
    )
    await expect.poll(() => service.state.requests.has(['key half', 0])).toBe(true)
    socket.resetAndDestroy()
    expect((await send(port, 'GET /stock/half')).status).toBe(404)
  })

  test('nothing is kept of connections that are over', async () => {
    await expect.poll(() => service.state.origins.size).toBe(0)
  })
})

describe.each(modes)('a service whose workers are killed under load, mode %s', (mode) => {
  let service: Service

  beforeAll(async () => {
    service = await startService({ workers: 3, mode, limit: 300, windowMs: 3_600_000 })
  })

  afterAll(() => service.close())

  test('loses no total: what was acknowledged is there, nothing is there twice, the port answers', async () => {
    const { port, state } = service
    const before = service.threadIds()
    const articles = 100
    state.stock.setMany(Array.from({ length: articles }, (_, id) => [`${id}`, id]))

    let attempts = 0
    let lost = 0
    let answered = 0
    const insistCounted = async (
      route: string,
      headers: Record<string, string>,
    ): Promise<Reply & { lost: number }> => {
      const outcome = await insist(port, route, { headers })
      lost += outcome.lost
      answered++
      return { ...outcome.reply, lost: outcome.lost }
    }
    const gone = new Map<number, { taken: number; unsure: number }>()
    let passed = 0
    let unsurePassed = 0
    const increments = 900
    const loads = Promise.all([
      inTurns(8, increments, async () => {
        const { lost } = await insistCounted('POST /counters/total', unlimited())
        attempts += 1 + lost
      }),
      inTurns(8, 3 * articles, async (n) => {
        const { status, body, lost } = await insistCounted(`DELETE /stock/${n % articles}`, unlimited())
        const article = gone.get(n % articles) ?? { taken: 0, unsure: 0 }
        if (status === 200) expect(body).toBe(n % articles)
        gone.set(n % articles, {
          taken: article.taken + (status === 200 ? 1 : 0),
          unsure: article.unsure + lost,
        })
      }),
      inTurns(8, 450, async () => {
        const { status, lost } = await insistCounted('GET /counters/none', { 'x-api-key': 'limited' })
        if (status !== 429) passed++
        unsurePassed += lost
      }),
    ])

    // A kill each time that another part of the answers is there: they fall into the load, however fast it is.
    const kills = 6
    for (let kill = 0; kill < kills; kill++) {
      await expect
        .poll(() => answered, { timeout: 60_000 * patience, interval: 1 })
        .toBeGreaterThan(kill * 200)
      await service.kill(kill % 3)
      expect((await insist(port, 'GET /health')).reply.status).toBe(200)
    }
    await loads

    const total = state.counters.get('total') ?? 0
    expect(total).toBeGreaterThanOrEqual(increments)
    expect(total).toBeLessThanOrEqual(attempts)
    if (lost === 0) expect(total).toBe(increments)

    expect(state.stock.size).toBe(0)
    for (const { taken, unsure } of gone.values()) {
      // Nobody got it twice; if nobody knows to have got it, an answer was lost on its way.
      expect(taken).toBeLessThanOrEqual(1)
      expect(taken + unsure).toBeGreaterThanOrEqual(1)
    }
    expect(gone.size).toBe(articles)

    expect(passed).toBeLessThanOrEqual(300)
    expect(passed + unsurePassed).toBeGreaterThanOrEqual(300)

    // All three were killed twice; three new ones are at work.
    await expect.poll(() => service.threadIds().filter((id) => id > Math.max(...before)).length).toBe(3)
    await expect
      .poll(
        async () =>
          workersOf((await times(60, () => insist(port, 'GET /health'))).map(({ reply }) => reply)).size,
      )
      .toBe(3)
  })
})

describe('starting and stopping', () => {
  const running: Service[] = []

  async function start(options: ServiceOptions): Promise<Service> {
    const service = await startService(options)
    running.push(service)
    return service
  }

  afterEach(async () => {
    for (const service of running.splice(0)) await service.close()
  })

  test.for(modes)('a closed service answers no more, and its port is free again, mode %s', async (mode) => {
    const service = await start({ workers: 2, mode })
    expect((await send(service.port, 'GET /health')).status).toBe(200)
    await service.close()
    await expect(send(service.port, 'GET /health')).rejects.toThrow('ECONNREFUSED')
    const server = createServer().listen(service.port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
  })

  test.for(modes)('closing ends connections that clients hold open, mode %s', async (mode) => {
    const service = await start({ workers: 2, mode })
    const sockets = await times(50, async () => {
      const socket = connect(service.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.write('GET /health HTTP/1.1\r\nhost: x\r\n\r\n')
      await once(socket, 'data')
      return socket.resume()
    })
    const ends = Promise.all(sockets.map((socket) => once(socket, 'close')))
    await service.close()
    await ends
  })

  test.for(modes)('a port that is taken is an error at the start, mode %s', async (mode) => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await expect(startService({ workers: 2, mode, port })).rejects.toThrow('EADDRINUSE')
    server.close()
  })

  test('the only worker of a service comes back on the same port', async () => {
    for (const mode of modes) {
      const service = await start({ workers: 1, mode })
      await service.kill(0)
      expect((await insist(service.port, 'GET /health')).reply.status).toBe(200)
    }
  })

  test('a client that was refused may come again in the next window, and old counts are thrown away', async () => {
    const service = await start({ workers: 2, limit: 1, windowMs: 300 * patience })
    const status = async (): Promise<number> => (await send(service.port, 'GET /counters/none')).status
    await expect.poll(status).toBe(429)
    await expect.poll(status).toBe(200)
    await expect.poll(() => service.state.requests.size).toBe(0)
  })

  test('sessions that have expired are refused, and thrown away', async () => {
    const { port, state } = await start({ workers: 1 })
    state.sessions.set('old', { user: 'ada', expires: Date.now() - 1 })
    state.sessions.set('new', { user: 'bob', expires: Date.now() + 60_000 })
    const status = async (token: string): Promise<number> =>
      (await send(port, 'GET /session', { headers: { authorization: `Bearer ${token}` } })).status
    expect(await status('old')).toBe(401)
    expect(await status('new')).toBe(200)
    sweep(state, 0)
    expect([...state.sessions.keys()]).toEqual(['new'])
  })

  test('two services of one process share nothing', async () => {
    const [one, other] = [await start({ workers: 1 }), await start({ workers: 1 })]
    await send(one.port, 'PUT /stock/1', { body: 'lamp' })
    expect((await send(other.port, 'GET /stock/1')).status).toBe(404)
  })

  if (process.platform !== 'win32') {
    test('the program by hand prints where it listens, answers, and ends with 0 on SIGINT', async () => {
      const child = spawn(process.execPath, [MAIN, '0'])
      let out = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      await expect.poll(() => out, { timeout: 60_000 * patience }).toContain('Ctrl-C stops it')
      const port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(out)?.[1])
      expect((await send(port, 'POST /counters/visits')).body).toEqual({ value: 1 })
      child.kill('SIGINT')
      const [code] = (await once(child, 'close')) as [number]
      expect(code).toBe(0)
      expect(out).toContain('stopped')
    })
  }
})
