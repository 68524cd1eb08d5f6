// A barrier of Atomics: `arrive` returns in all parties at once, when the last of them has come.
// Invariant: the count is back at zero before the generation moves, so the same words serve round after round.

const COUNT = 0
const GENERATION = 1
// A party that never comes (its worker died) must not hang the others.
const PATIENCE = 10_000

export const newBarrier = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(8))

export const arrive = (barrier: Int32Array<SharedArrayBuffer>, parties: number): void => {
  const generation = Atomics.load(barrier, GENERATION)
  if (Atomics.add(barrier, COUNT, 1) + 1 === parties) {
    Atomics.store(barrier, COUNT, 0)
    Atomics.add(barrier, GENERATION, 1)
    Atomics.notify(barrier, GENERATION)
    return
  }
  if (Atomics.wait(barrier, GENERATION, generation, PATIENCE) === 'timed-out') {
    throw new Error('a benchmark worker never came to the barrier')
  }
}
