/**
 * The stand-in for "no entry", where `undefined` would be a value.
 */

/** Stands for "no entry": as `expected` of `compareAndSet`, and as the result of an `update` that removes. */
export const ABSENT: unique symbol = Symbol.for('threadmap.absent') as never

/** The type of {@link ABSENT}. */
export type Absent = typeof ABSENT
