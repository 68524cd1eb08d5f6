/**
 * Handles: the token by which another thread of the process finds a map. A plain object of an id and its generation,
 * never an address; checked property by property, because it may come from anywhere.
 */
import { types } from 'node:util'
import { InvalidHandleError, kindOf } from './errors.ts'
import { native } from './native.ts'

/** A frozen, structured-cloneable token for a map of this process: post it, or pass it in `workerData`. */
export interface MapHandle {
  readonly kind: 'threadmap'
  readonly process: string
  readonly id: number
  readonly generation: number
}

/** Native ids are a slot in the upper 20 bits and its generation in the lower 12. */
const GENERATION_BITS = 12

/** The handle of a native id. */
export function makeHandle(nativeId: number): MapHandle {
  return Object.freeze({
    kind: 'threadmap',
    process: native.processId(),
    id: nativeId >>> GENERATION_BITS,
    generation: nativeId & ((1 << GENERATION_BITS) - 1),
  })
}

function fail(why: string): never {
  throw new InvalidHandleError(
    `this is no handle of a living map: ${why}. Pass map.handle of a map that is still open`,
  )
}

/** An own data property, without running a getter. */
function own(object: object, name: keyof MapHandle): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value
}

/** The native id that a handle stands for; whether a map lives there is for the caller to ask. */
export function readHandle(handle: unknown): number {
  if (typeof handle !== 'object' || handle === null) fail(`got ${kindOf(handle)}`)
  // Whatever class an instance is of, it is no handle; that of another realm has another Object.prototype.
  if (types.isProxy(handle)) fail('got a Proxy')
  const prototype: unknown = Object.getPrototypeOf(handle)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) fail('got an instance of a class')
  if (own(handle, 'kind') !== 'threadmap') {
    if (Reflect.ownKeys(handle).length === 0) {
      fail('got an empty object, which is what a posted map arrives as. Post map.handle, not the map')
    }
    fail(`got ${kindOf(handle)} without kind: 'threadmap'`)
  }
  if (own(handle, 'process') !== native.processId()) {
    fail('it was made in another process. Maps are shared by the threads of one process only')
  }
  const id = own(handle, 'id')
  const generation = own(handle, 'generation')
  const isBelow = (value: unknown, bits: number): value is number =>
    Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** bits
  if (!isBelow(id, 32 - GENERATION_BITS) || !isBelow(generation, GENERATION_BITS))
    fail('its id is out of range')
  return id * 2 ** GENERATION_BITS + generation
}

/** Opens the map of a native id on this thread. */
export function attachNative(nativeId: number): void {
  if (!native.attach(nativeId)) fail('its map is closed or was deleted')
}
