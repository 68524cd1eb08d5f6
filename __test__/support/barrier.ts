// A meeting point for worker threads: nobody leaves `meet` before all parties have come.
// Invariant: one Int32Array of shared memory [came, round, for each party how often it has come]; a missing party is an
// error that names it and says what it was doing, never a hang.

import { patience } from './patience.ts'

const came = 0
const round = 1
const firstSeat = 2
const most = 64
const spins = 20_000
/** Ends a hung test and measures nothing: a party that has to start needs many seconds where ten programs share a core. */
const patienceInMs = 120_000 * patience

/** One party's place; parties are numbered from 0. */
export interface Seat {
  readonly seats: Int32Array
  readonly me: number
  readonly parties: number
}

export function createSeats(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(4 * (firstSeat + most)))
}

/** @param doing what a party is doing, as far as the others can see */
export function meet(
  { seats, me, parties }: Seat,
  doing?: (party: number) => string,
  waitInMs: number = patienceInMs,
): void {
  const current = Atomics.load(seats, round)
  Atomics.store(seats, firstSeat + me, current + 1)
  if (Atomics.add(seats, came, 1) === parties - 1) {
    Atomics.store(seats, came, 0)
    Atomics.add(seats, round, 1)
    Atomics.notify(seats, round)
    return
  }
  // Spinning first lets the parties that have a core leave within nanoseconds of each other.
  for (let spin = 0; spin < spins; spin += 1) {
    if (Atomics.load(seats, round) !== current) return
  }
  if (Atomics.wait(seats, round, current, waitInMs) !== 'timed-out') return
  const all = Array.from({ length: parties }, (_, party) => party)
  const isThere = (party: number): boolean => Atomics.load(seats, firstSeat + party) === current + 1
  const missing = all
    .filter((party) => !isThere(party))
    .map(
      (party) =>
        `party ${party} ${doing?.(party) ?? `has come ${Atomics.load(seats, firstSeat + party)} times`}`,
    )
  throw new Error(
    `${missing.length} of ${parties} parties have not come to meeting ${current + 1} in ${waitInMs / 1000} s: ` +
      `${missing.join('; ')}; there are ${all.filter(isThere).join(', ')}`,
  )
}
