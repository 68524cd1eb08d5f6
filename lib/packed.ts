/**
 * Many values in one array of doubles, as native code and the facade hand them each other: a number is itself, and a
 * NaN whose upper word is one of these marks stands for what is none (`calls/packed.rs` of the boundary has the same).
 */

/** No entry, or `undefined`. */
export const UNDEFINED = 0x7ff80001
/** The next element of what crosses beside the numbers. */
export const OTHER = 0x7ff80002
/** A part of a text, which the lower word says. */
export const LATIN1 = 0x7ff80003
/** The same, of a text of the other kind. */
export const UTF16 = 0x7ff80004
export const NULL = 0x7ff80005
export const FALSE = 0x7ff80006
export const TRUE = 0x7ff80007

/** Doubles, and the words of each of them: the lower one at twice its index, the upper one behind. */
export class Packed {
  readonly doubles: Float64Array
  readonly words: Int32Array

  constructor(length: number) {
    this.doubles = new Float64Array(length)
    this.words = new Int32Array(this.doubles.buffer)
  }
}
