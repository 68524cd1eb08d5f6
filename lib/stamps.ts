/**
 * Stamps: how a value that was kept is known to be the current one, by one load. Every writer of a map moves the stamp
 * of the key's group before it changes the entry (docs/design/refs.md), so while the stamp stands, nothing has changed.
 * The memory is the map's own, shared by all threads: always read by `load`, because a plain read may be merged with
 * an earlier one, and a loop that waits for another thread would spin for ever.
 */
import { native } from './native.ts'

/** Taken at load, so that what a program does to the global afterwards changes nothing here. */
export const load: typeof Atomics.load = Atomics.load
const Ints = Int32Array

/** The stamp of what is not kept: no group ever has it. */
export const NO_STAMP = -1

/** Twice the groups of a map: `STAMPS` of the core. */
const LENGTH = 2 * 4096

/** In place of the stamps of a map that is closed, or where the engine refuses memory of others: nothing matches. */
const NOTHING = new Ints(LENGTH).fill(NO_STAMP - 1)

const area = native.scratch()
/** Whether numbers can go through {@link numbers}, not only as arguments. */
export const hasScratch: boolean = area !== undefined
/** A number that goes in or out beside the arguments of a call. */
export const numbers: Float64Array = area === undefined ? new Float64Array(1) : new Float64Array(area, 0, 1)
/** After a read that may be kept: its stamp and its place. Without the area: no stamp, for ever. */
export const told: Int32Array = area === undefined ? new Ints([NO_STAMP, 0]) : new Ints(area, 8, 2)
/** Where in `told` the stamp is. */
export const STAMP = 0
/** Where in `told` the index is at which the stamp moves. */
export const PLACE = 1

/** What all that is kept of one opened map has in common. */
export class Watch {
  /** Kept alive by what is kept of it: a map that is collected is closed. */
  readonly owner: object
  readonly #id: number
  /** What `load` looks at. */
  stamps: Int32Array = NOTHING
  closed = false

  constructor(owner: object, id: number) {
    this.owner = owner
    this.#id = id
    const shared = native.stamps(id)
    if (shared !== undefined) this.stamps = new Ints(shared)
  }

  /** The map's id; that of no map once it is closed. */
  get id(): number {
    return this.closed ? 0 : this.#id
  }

  /** Nothing that was kept holds any more. */
  close(): void {
    this.closed = true
    this.stamps = NOTHING
  }
}
