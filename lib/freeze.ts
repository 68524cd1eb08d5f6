/**
 * Deep freezing: what makes one decoded object fit to be given to every reader of a thread. Nothing of a program's runs
 * on the way: no getter, no trap of a Proxy.
 */
import { types } from 'node:util'

/**
 * Freezes plain objects and arrays, and all that they lead to. Says whether nobody can change anything there any more:
 * not so where a `Map`, a `Date`, bytes, an instance of a class or a function is reached, which keep what cannot be
 * frozen. Cost: O(what is reached).
 */
export function deepFreeze(value: unknown): boolean {
  let whole = true
  const seen = new Set<object>()
  const visit = (part: unknown): void => {
    if (typeof part === 'function') whole = false
    if (typeof part === 'object' && part !== null) seen.add(part)
  }
  visit(value)
  // What is added on the way is visited too.
  for (const object of seen) {
    if (!isPlain(object)) {
      whole = false
      continue
    }
    Object.freeze(object)
    for (const name of Reflect.ownKeys(object)) {
      const property = Object.getOwnPropertyDescriptor(object, name)
      if (property !== undefined && 'value' in property) visit(property.value)
      else whole = false
    }
  }
  return whole
}

function isPlain(object: object): boolean {
  if (types.isProxy(object)) return false
  const prototype: unknown = Object.getPrototypeOf(object)
  return Array.isArray(object)
    ? prototype === Array.prototype
    : prototype === Object.prototype || prototype === null
}
