// A meeting point for worker threads: nobody leaves `meet` before all parties have come.
// Invariant: one Int32Array of shared memory [came, round]; a missing party is an error, never a hang.

const came = 0
const round = 1
const spins = 20_000
const patienceInMs = 20_000

export function createSeats(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(8))
}

export function meet(seats: Int32Array, parties: number): void {
  const current = Atomics.load(seats, round)
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
  if (Atomics.wait(seats, round, current, patienceInMs) === 'timed-out') {
    throw new Error('a party never came to the meeting point')
  }
}
