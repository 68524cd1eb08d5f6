// A rate limit over all workers: at most `limit` requests of one client in one window of time. `add` gives each
// request a number of its own, whichever worker counts it, so exactly the first `limit` pass.
import type { State } from './state.ts'

/** `startedMs`: when the first window began, on the clock of `nowMs`. */
export type LimitSettings = { limit: number; windowMs: number; startedMs: number }

/** Milliseconds of a clock that all threads of the process share and nobody sets back. */
export function nowMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}

export function windowAt({ windowMs, startedMs }: LimitSettings): number {
  return Math.floor((nowMs() - startedMs) / windowMs)
}

/** Seconds until the client may come again; 0 when this request passes. */
export function secondsToWait(requests: State['requests'], settings: LimitSettings, client: string): number {
  const window = windowAt(settings)
  if (requests.add([client, window], 1) <= settings.limit) return 0
  const ends = settings.startedMs + (window + 1) * settings.windowMs
  return Math.max(1, Math.ceil((ends - nowMs()) / 1_000))
}
