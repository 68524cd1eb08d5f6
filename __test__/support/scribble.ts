// A worker that changes shared bytes all the while, so that no two reads of them agree.

export function scribble(shared: Uint8Array, stop: Int32Array): void {
  for (let turn = 1; Atomics.load(stop, 0) === 0; turn += 1) shared.fill(1 + (turn % 250))
}
