// A worker's place at shared maps: attaches to the map of the running test and runs single steps on it.
// Invariant: at most one map is open at a time; `sit` closes the one before.
import { ConcurrentMap, type MapHandle } from '../../index.ts'
import { runStep } from './steps.ts'

let map: ConcurrentMap | undefined

export function sit(handle: MapHandle): void {
  map?.close()
  map = ConcurrentMap.attach(handle)
}

export function step(operation: string, args: readonly unknown[]): unknown {
  if (map === undefined) throw new Error('a step before sit')
  return runStep(map, operation, args)
}
