// One measured line: who did what with which keys, and its price in every round.
import type { Draw } from './keys.ts'
import type { OperationName } from './operations.ts'

export const SETTINGS = ['1 thread', '1 worker', '2 workers, one map', '2 workers, two maps'] as const
export type Setting = (typeof SETTINGS)[number]

export interface Series extends Draw {
  /** Series of one scene were measured within the same rounds; only they may be divided by one another. */
  readonly scene: string
  readonly operation: OperationName
  readonly peer: string
  readonly setting: Setting
  /** Nanoseconds an operation, by round; with two workers those of both together (1 / throughput). */
  readonly prices: readonly number[]
}
