// What the service answers. Nothing here knows which worker it runs in: all state is in the shared maps.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { HttpError, readJson } from './body.ts'
import type { State } from './state.ts'

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> }

const SESSION_MS = 3_600_000

/** The answer to one request that the rate limit has let through. */
export async function answer(request: IncomingMessage, state: State): Promise<Answer> {
  const { route, id } = match(request)
  const { sessions, stock, counters } = state
  switch (route) {
    case 'POST /login': {
      // Whoever names a user is that user: an example. The token is what a real service would give as well.
      const { user } = ((await readJson(request)) ?? {}) as { user?: unknown }
      if (typeof user !== 'string' || user === '') throw new HttpError(400, 'give {"user": "a name"}')
      const token = randomBytes(24).toString('base64url')
      sessions.set(token, { user, expires: Date.now() + SESSION_MS })
      return { status: 201, body: { token } }
    }
    case 'GET /session': {
      const session = sessions.get(tokenOf(request))
      if (session === undefined || session.expires <= Date.now()) throw new HttpError(401, 'no such session')
      return { status: 200, body: session }
    }
    case 'DELETE /session':
      return { status: sessions.delete(tokenOf(request)) ? 204 : 401 }
    case 'PUT /stock/:id':
      return { status: stock.swap(id, await readJson(request)) === undefined ? 201 : 200 }
    case 'GET /stock/:id':
      return found(stock.get(id))
    case 'DELETE /stock/:id':
      // Of all requests for one article, over all workers, exactly one takes it.
      return found(stock.take(id))
    case 'DELETE /stock':
      return { status: 200, body: { deleted: stock.deleteMany(await readIds(request)) } }
    case 'GET /counters/:id':
      return { status: 200, body: { value: counters.get(id) ?? 0 } }
    case 'POST /counters/:id':
      return { status: 200, body: { value: counters.add(id, 1) } }
    default:
      throw new HttpError(404, `no ${route} here`)
  }
}

function found(value: unknown): Answer {
  if (value === undefined) throw new HttpError(404, 'no such article')
  return { status: 200, body: value }
}

async function readIds(request: IncomingMessage): Promise<string[]> {
  const ids = await readJson(request)
  if (Array.isArray(ids) && ids.every((id) => typeof id === 'string')) return ids
  throw new HttpError(400, 'give a list of article numbers')
}

function tokenOf(request: IncomingMessage): string {
  return request.headers.authorization?.replace(/^Bearer /, '') ?? ''
}

/** `/stock/4711` is the route `/stock/:id`. */
function match({ method, url = '/' }: IncomingMessage): { route: string; id: string } {
  const [path = '/'] = url.split('?', 1)
  const [, first = '', id, ...rest] = path.split('/')
  if (rest.length > 0) throw new HttpError(404, 'no such path')
  if (id === undefined || id === '') return { route: `${method} /${first}`, id: '' }
  try {
    return { route: `${method} /${first}/:id`, id: decodeURIComponent(id) }
  } catch {
    throw new HttpError(400, 'the path is not valid')
  }
}
