// How much is measured: the full run (below 6 minutes) and the quick one (below 1 minute).
import type { Draw } from './keys.ts'
import type { OperationName } from './operations.ts'

export interface Plan {
  readonly thread: readonly Draw[]
  readonly workers: readonly Draw[]
  readonly workerOperations: readonly OperationName[]
  readonly rounds: number
  /** Milliseconds that a competitor gets in each warming round, and in a worker before its first. */
  readonly warm: number
  /** Milliseconds of one competitor in one round. */
  readonly slot: number
  readonly workerRounds: number
  readonly workerSlot: number
}

const kindsOf = (size: number): Draw[] => [
  { distribution: 'uniform', origin: 'recurring', size },
  { distribution: 'zipf', origin: 'recurring', size },
  { distribution: 'uniform', origin: 'built', size },
  { distribution: 'zipf', origin: 'built', size },
]

const SMALL = 1_000
const LARGE = 100_000
const workerOperations = ['get', 'set', 'add', 'mixed'] as const

export const FULL: Plan = {
  thread: [...kindsOf(SMALL), ...kindsOf(LARGE)],
  workers: [...kindsOf(SMALL), ...kindsOf(LARGE).slice(0, 1)],
  workerOperations,
  rounds: 15,
  warm: 15,
  slot: 6,
  workerRounds: 11,
  workerSlot: 20,
}

export const QUICK: Plan = {
  thread: kindsOf(SMALL),
  workers: kindsOf(SMALL).slice(0, 1),
  workerOperations,
  rounds: 7,
  warm: 15,
  slot: 3,
  workerRounds: 7,
  workerSlot: 15,
}
