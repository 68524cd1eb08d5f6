// The body of a request: read as JSON, of which never more than MAX_BODY bytes are kept; or thrown away.
import type { IncomingMessage } from 'node:http'

const MAX_BODY = 64 * 1_024
/** Who sends more than this without looking at the answer is cut off. */
const MAX_DRAINED = 16 * 2 ** 20

/** Ends a request with this status and message. */
export class HttpError extends Error {
  override readonly name = 'HttpError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of chunksOf(request)) {
    length += chunk.length
    if (length > MAX_BODY) throw new HttpError(413, `the body is longer than ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new HttpError(400, 'the body is not JSON')
  }
}

/**
 * Reads what is left of the body. A connection that is closed while its client is still sending is reset, and the
 * client may never see the answer; so an answer is sent when the whole request is here.
 */
export async function drain(request: IncomingMessage): Promise<void> {
  if (request.complete) return
  let length = 0
  try {
    for await (const chunk of chunksOf(request)) {
      length += chunk.length
      if (length > MAX_DRAINED) return
    }
  } catch {
    // The client has gone away: nobody reads the answer.
  }
}

/** Leaving the loop early does not cut the connection, as it would without the option. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false })
}
