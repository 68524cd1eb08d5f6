// Starts and stops the whole service: shared state, pool of workers, one port for all of them.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { availableParallelism } from 'node:os'
import { type Front, startFront } from './handover.ts'
import { nowMs, windowAt } from './limit.ts'
import { Pool } from './pool.ts'
import { closeState, createState, handlesOf, type State, sweep } from './state.ts'

/** How one port serves many workers: the kernel spreads connections, or the main thread hands them over. */
export type Mode = 'reusePort' | 'handover'

export type ServiceOptions = {
  /** @default 0: any free port */
  readonly port?: number
  /** @default '127.0.0.1' */
  readonly host?: string
  /** @default one for each core */
  readonly workers?: number
  /** @default 'auto': reusePort where the platform has it */
  readonly mode?: Mode | 'auto'
  /** Requests of one client in one window. @default 1_000 */
  readonly limit?: number
  /** @default 60_000 */
  readonly windowMs?: number
}

export type Service = {
  readonly port: number
  readonly url: string
  readonly mode: Mode
  readonly state: State
  /** The thread id of each worker, which is what the header `x-worker` of a response says. */
  threadIds(): number[]
  /** Ends a worker as a crash would; the pool replaces it. */
  kill(index: number): Promise<void>
  /** Lets requests finish, for a second at most. */
  close(): Promise<void>
}

export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const { port = 0, host = '127.0.0.1', workers = availableParallelism(), mode: wanted = 'auto' } = options
  const { limit = 1_000, windowMs = 60_000 } = options
  const mode = wanted === 'auto' ? await bestMode(host) : wanted
  const state = createState()
  const settings = { limit, windowMs, startedMs: nowMs() }
  const sweeper = setInterval(() => sweep(state, windowAt(settings)), windowMs).unref()
  const handedOver = mode === 'handover'
  const listen = handedOver ? { port: 0, host: '127.0.0.1' } : { port, host, reusePort: true }
  const pool = new Pool({ state: handlesOf(state), limit: settings, listen, handedOver })
  let front: Front | undefined

  const close = async (): Promise<void> => {
    clearInterval(sweeper)
    front?.stop()
    await pool.close()
    await front?.close()
    closeState(state)
  }

  try {
    let open = await pool.grow()
    await Promise.all(Array.from({ length: workers - 1 }, () => pool.grow()))
    if (handedOver) {
      front = await startFront({ port, host }, pool, state.origins)
      open = front.port
    }
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${open}`
    return { port: open, url, mode, state, threadIds: () => pool.threadIds, kill: (i) => pool.kill(i), close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Whether two servers can really have one port is tried out: some platforms refuse, some ignore the option. */
async function bestMode(host: string): Promise<Mode> {
  const first = createServer()
  const second = createServer()
  try {
    first.listen({ port: 0, host, reusePort: true })
    await once(first, 'listening')
    second.listen({ port: (first.address() as AddressInfo).port, host, reusePort: true })
    await once(second, 'listening')
    return 'reusePort'
  } catch {
    return 'handover'
  } finally {
    first.close()
    second.close()
  }
}
