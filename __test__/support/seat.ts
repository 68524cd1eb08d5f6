// A worker's place at shared maps: attaches to the map of the running test and runs single steps on it.
// Invariant: at most one map is open at a time; `sit` closes the one before.
import type { ConcurrentMap, MapHandle } from '../../index.ts'
import { runStep } from './steps.ts'
import { attachFor, throughRefs, type Way } from './ways.ts'

let map: ConcurrentMap<never, never> | undefined
let subject: object | undefined

export function sit(handle: MapHandle, way: Way = 'as it is'): void {
  map?.close()
  map = attachFor(way, handle)
  subject = way === 'through refs' ? throughRefs(map) : map
}

export function step(operation: string, args: readonly unknown[]): unknown {
  if (subject === undefined) throw new Error('a step before sit')
  return runStep(subject, operation, args)
}
