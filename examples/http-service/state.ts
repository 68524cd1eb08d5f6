// What all workers share. The main thread makes the maps and keeps them open, so that they outlive every worker;
// a worker gets their handles through workerData and attaches the same maps.
import { ConcurrentMap, type MapHandle } from '../../index.ts'

export type Session = { user: string; expires: number }

/** `connection`: a number of its own for each, since an address may be the same. */
export type Origin = { address: string; connection: number }

export type State = {
  /** By token. */
  sessions: ConcurrentMap<string, Session>
  /** Requests by client and window: see limit.ts. */
  requests: ConcurrentMap<[client: string, window: number], number>
  /** Any JSON value by article number. */
  stock: ConcurrentMap<string, unknown>
  counters: ConcurrentMap<string, number>
  /** With handed-over connections, whose connection it is: see handover.ts. */
  origins: ConcurrentMap<number, Origin>
}

export type StateHandles = { [Name in keyof State]: MapHandle }

export function createState(): State {
  return {
    sessions: new ConcurrentMap(),
    requests: new ConcurrentMap(),
    stock: new ConcurrentMap(),
    counters: new ConcurrentMap(),
    origins: new ConcurrentMap(),
  }
}

export function handlesOf({ sessions, requests, stock, counters, origins }: State): StateHandles {
  return {
    sessions: sessions.handle,
    requests: requests.handle,
    stock: stock.handle,
    counters: counters.handle,
    origins: origins.handle,
  }
}

export function attachState({ sessions, requests, stock, counters, origins }: StateHandles): State {
  return {
    sessions: ConcurrentMap.attach(sessions),
    requests: ConcurrentMap.attach(requests),
    stock: ConcurrentMap.attach(stock),
    counters: ConcurrentMap.attach(counters),
    origins: ConcurrentMap.attach(origins),
  }
}

export function closeState(state: State): void {
  for (const map of Object.values(state)) map.close()
}

/** Removes what no request can need any more: sessions that have expired, counts of windows that are over. */
export function sweep({ sessions, requests }: State, currentWindow: number): void {
  const now = Date.now()
  for (const [token, { expires }] of sessions.entries()) if (expires <= now) sessions.delete(token)
  for (const key of requests.keys()) if (key[1] < currentWindow) requests.delete(key)
}
