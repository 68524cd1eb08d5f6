// How much `npm run bench:all` measures: smoke (seconds, for the test of the pipeline: its figures say nothing), quick
// (minutes), normal (half an hour), full (hours with ten million keys).
import type { LatencyPlan } from './latency.ts'
import type { MatrixPlan } from './matrix.ts'
import { FULL, type Plan, QUICK } from './plan.ts'
import type { ResidentPlan } from './resident.ts'

export type Mode = 'smoke' | 'quick' | 'normal' | 'full'

export interface AllPlan {
  readonly node: Plan
  /** Entries of the maps that are gone over. */
  readonly whole: readonly number[]
  readonly matrix: MatrixPlan
  readonly latency: LatencyPlan
  readonly resident: ResidentPlan
  /** Options of the Rust program, whose plan the programs in other languages follow. */
  readonly core: readonly string[]
  /** Seconds that the Rust program may spend, over all its calls, on repeating what was disturbed. */
  readonly patience: number
  /** Milliseconds that Java gets to compile the loop of a row. */
  readonly javaWarm: number
}

const LAWS = ['uniform', 'zipf'] as const
const SMOKE: Plan = {
  thread: [{ distribution: 'uniform', origin: 'recurring', size: 64 }],
  workers: [{ distribution: 'uniform', origin: 'recurring', size: 64 }],
  workerOperations: ['get', 'set'],
  rounds: 2,
  warm: 0.1,
  slot: 0.1,
  workerRounds: 2,
  workerSlot: 0.5,
}

export const PLANS: Readonly<Record<Mode, AllPlan>> = {
  smoke: {
    node: SMOKE,
    whole: [64],
    matrix: { sizes: [64], distributions: ['uniform'], threads: [1, 2], rounds: 2, warm: 0.1, slot: 0.5 },
    latency: { entries: 200, rounds: 2 },
    resident: { entries: 1_000, workers: 2, rounds: 1 },
    core: ['--smoke'],
    patience: 0,
    javaWarm: 1,
  },
  quick: {
    node: QUICK,
    whole: [1_000, 100_000],
    matrix: {
      sizes: [1_000, 100_000],
      distributions: LAWS,
      threads: [1, 2, 4],
      rounds: 5,
      warm: 10,
      slot: 10,
    },
    latency: { entries: 50_000, rounds: 3 },
    resident: { entries: 100_000, workers: 4, rounds: 1 },
    core: ['--quick'],
    patience: 15,
    javaWarm: 100,
  },
  normal: {
    node: FULL,
    whole: [1_000, 100_000],
    matrix: {
      sizes: [1_000, 100_000, 1_000_000],
      distributions: LAWS,
      threads: [1, 2, 4],
      rounds: 9,
      warm: 15,
      slot: 20,
    },
    latency: { entries: 200_000, rounds: 5 },
    resident: { entries: 1_000_000, workers: 4, rounds: 2 },
    core: [],
    patience: 120,
    javaWarm: 250,
  },
  full: {
    node: { ...FULL, workers: FULL.thread, rounds: 25, workerRounds: 15, slot: 10, workerSlot: 40 },
    whole: [1_000, 100_000, 1_000_000],
    matrix: {
      sizes: [1_000, 10_000, 100_000, 1_000_000],
      distributions: LAWS,
      threads: [1, 2, 4, 8],
      rounds: 15,
      warm: 15,
      slot: 40,
    },
    latency: { entries: 1_000_000, rounds: 5 },
    resident: { entries: 1_000_000, workers: 4, rounds: 5 },
    core: ['--full'],
    patience: 900,
    javaWarm: 500,
  },
}
