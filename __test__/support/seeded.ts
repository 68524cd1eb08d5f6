// A map with a few entries, and its whole state in words: for tests that something changed nothing.
import { ConcurrentMap, type MapOptions } from '../../index.ts'
import { describeContent } from './describe.ts'

export type AnyMap = ConcurrentMap<never, unknown>

export const seed: [string, unknown][] = Object.entries({ number: 1, text: 'x', object: { a: 1 } })

export function seededMap(options: MapOptions = {}): AnyMap {
  return new ConcurrentMap<never, unknown>(seed as never, options)
}

export function stateOf(map: AnyMap): object {
  return { size: map.size, version: map.version, content: describeContent(map) }
}
