// Wrong arguments, one list for each kind of argument, each with the error that it must meet.
// Invariant: every entry makes its argument afresh, so that a Proxy or a detached buffer is never used twice.
import { expect } from 'vitest'
import { ABSENT, ConcurrentMap } from '../../index.ts'

export interface Expected {
  readonly name?: unknown
  readonly code?: string
  readonly message?: string
}

export interface Wrong {
  readonly title: string
  readonly error: Expected
  make(): unknown
}

export type Kind =
  | ('key' | 'value' | 'expected' | 'result' | 'number' | 'initial' | 'version' | 'function')
  | ('keys' | 'entries' | 'deltas')

type Makers = Readonly<Record<string, () => unknown>>

const typeError = (code?: string): Expected => ({
  name: 'TypeError',
  ...(code === undefined ? {} : { code }),
})
const dataClone: Expected = { name: 'DataCloneError' }
const overflow: Expected = { name: 'RangeError', code: 'THREADMAP_OVERFLOW' }
const thrown: Expected = { name: 'Error', message: 'from the trap' }
// Something that only pretends to be bytes, or a Proxy: refused, and which check finds it first is not promised.
const anyRefusal: Expected = { name: expect.stringMatching(/^(TypeError|DataCloneError|Error)$/) }

/** A Proxy of which every use throws. */
function trap(target: object): object {
  const fail = () => {
    throw new Error('from the trap')
  }
  // The handler is a Proxy, too: whichever trap is asked for, it is `fail`.
  return new Proxy(target, new Proxy({}, { get: () => fail }))
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function detached<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  structuredClone(bytes.buffer, { transfer: [bytes.buffer as ArrayBuffer] })
  return bytes
}

/** A window that its buffer has shrunk away from. */
function outOfBounds(length?: number): Uint8Array {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 })
  const bytes = new Uint8Array(buffer, 4, length)
  buffer.resize(2)
  return bytes
}

const strangeObjects: Makers = {
  'a plain object': () => ({}),
  'an object with toString': () => ({ toString: () => 'a' }),
  'an object with toPrimitive': () => ({ [Symbol.toPrimitive]: () => 1 }),
  'an array-like object': () => ({ length: 1, 0: 'a' }),
  'an object without prototype': () => Object.create(null),
  'a boxed string': () => Object('a'),
  'a boxed number': () => Object(1),
  'a Date': () => new Date(),
  'a RegExp': () => /a/,
  'a Map': () => new Map(),
  'a promise': () => Promise.resolve('a'),
  'a map of this package': () => new ConcurrentMap(),
  'a Proxy of an object': () => new Proxy({}, {}),
  'a Proxy that throws': () => trap({}),
  'a revoked Proxy': () => revoked({}),
}

const symbolsAndFunctions: Makers = {
  'a symbol': () => Symbol('s'),
  'a registered symbol': () => Symbol.for('s'),
  'a well-known symbol': () => Symbol.iterator,
  'a function': () => () => 'a',
  'a class': () => class {},
  'a Proxy of a function': () => new Proxy(() => 'a', {}),
}

const strangeBytes: Makers = {
  'an ArrayBuffer': () => new ArrayBuffer(1),
  'a SharedArrayBuffer': () => new SharedArrayBuffer(1),
  'a DataView': () => new DataView(new ArrayBuffer(1)),
  'an Int8Array': () => new Int8Array(1),
  'a Uint8ClampedArray': () => new Uint8ClampedArray(1),
  'a Uint16Array': () => new Uint16Array(1),
  'a Float64Array': () => new Float64Array(1),
  'an object that says it is a Uint8Array': () => Object.create(Uint8Array.prototype),
  'a Proxy of a Uint8Array': () => new Proxy(new Uint8Array(1), {}),
  'a Proxy of a tuple': () => new Proxy(['a'], {}),
  'a revoked Proxy of a tuple': () => revoked(['a']),
}

const lostBytes: Makers = {
  'detached bytes': () => detached(new Uint8Array(4)),
  'detached empty bytes': () => detached(new Uint8Array(0)),
  'a detached Buffer': () => detached(Buffer.from(new ArrayBuffer(4))),
  'bytes out of their buffer': () => outOfBounds(4),
  'length-tracking bytes out of their buffer': () => outOfBounds(),
}

const brokenTuples: Makers = {
  'a tuple in a tuple': () => [['a']],
  'an empty tuple in a tuple': () => ['a', []],
  'a tuple with a symbol': () => ['a', Symbol('s')],
  'a tuple with an object': () => ['a', {}],
  'a tuple with a function': () => ['a', () => 1],
  'a tuple with detached bytes': () => ['a', detached(new Uint8Array(4))],
  'a tuple with itself': () => selfContaining(),
}

const noNumbers: Makers = {
  ...strangeObjects,
  ...symbolsAndFunctions,
  undefined: () => undefined,
  null: () => null,
  'a string': () => '1',
  'the empty string': () => '',
  'a boolean': () => true,
  'a list': () => [1],
  bytes: () => new Uint8Array([1]),
}

const noFunctions: Makers = {
  undefined: () => undefined,
  null: () => null,
  'a number': () => 1,
  'a string': () => 'function',
  'an object': () => ({}),
  'an object with call': () => ({ call: () => 1 }),
  'a symbol': () => Symbol('s'),
  'a Proxy of an object': () => new Proxy({}, {}),
  'a Proxy that throws': () => trap({}),
}

const noIterables: Makers = {
  undefined: () => undefined,
  null: () => null,
  'a number': () => 1,
  'a bigint': () => 1n,
  'a boolean': () => true,
  'a symbol': () => Symbol('s'),
  'a plain object': () => ({}),
  'an array-like object': () => ({ length: 1, 0: 'a' }),
  'an iterator that is not iterable': () => ({ next: () => ({ done: true }) }),
  'an object whose iterator is no function': () => ({ [Symbol.iterator]: 1 }),
  'an async iterable': () => ({ async *[Symbol.asyncIterator]() {} }),
}

const brokenIterables: Makers = {
  'an iterable whose iterator is no object': () => ({ [Symbol.iterator]: () => 1 }),
  'an iterable whose next is no function': () => ({ [Symbol.iterator]: () => ({ next: 1 }) }),
  'an iterable whose result is no object': () => ({ [Symbol.iterator]: () => ({ next: () => 1 }) }),
}

const throwingIterables: Makers = {
  'an iterable whose iterator throws': () => ({ [Symbol.iterator]: () => fromTheTrap() }),
  'an iterable whose next throws': () => ({ [Symbol.iterator]: () => ({ next: () => fromTheTrap() }) }),
  'a Proxy that throws': () => trap([]),
}

const noPairs: Makers = {
  'undefined in it': () => [undefined],
  'null in it': () => [null],
  'a number in it': () => [1],
  'a string in it': () => ['ab'],
  'a symbol in it': () => [Symbol('s')],
  'a function in it': () => [() => 1],
}

const noVersions: Makers = {
  undefined: () => undefined,
  null: () => null,
  'a string': () => '1',
  'a bigint': () => 1n,
  'a boolean': () => true,
  'a symbol': () => Symbol('s'),
  'an object': () => ({ version: 1 }),
  'an object with valueOf': () => ({ valueOf: () => 1 }),
  'a function': () => () => 1,
  'a Proxy that throws': () => trap({}),
}

const uncloneable: Makers = {
  ...symbolsAndFunctions,
  'an object with a function': () => ({ deep: [() => 1] }),
  'an object with a symbol': () => ({ deep: [Symbol('s')] }),
  'an object with detached bytes': () => ({ deep: detached(new Uint8Array(4)) }),
  'an object with shared memory': () => ({ deep: new SharedArrayBuffer(4) }),
  'a WeakMap': () => new WeakMap(),
  'a WeakRef': () => new WeakRef({}),
  'a Proxy of an object': () => new Proxy({}, {}),
  'a map of this package': () => new ConcurrentMap(),
  'an iterator': () => [1].values(),
}

const pretenders: Makers = {
  'an object that says it is a Uint8Array': () => Object.create(Uint8Array.prototype),
  'a Proxy of a Uint8Array': () => new Proxy(new Uint8Array(1), {}),
  'a Proxy that throws': () => trap({}),
  'a revoked Proxy': () => revoked({}),
}

const throwingFields: Makers = {
  'an object with a getter that throws': () => ({ deep: Object.defineProperty({}, 'field', throwingGetter) }),
}

const throwingGetter: PropertyDescriptor = { enumerable: true, get: fromTheTrap }

function fromTheTrap(): never {
  throw new Error('from the trap')
}

function selfContaining(): unknown[] {
  const tuple: unknown[] = []
  tuple.push(tuple)
  return tuple
}

function list(makers: Makers, error: Expected): Wrong[] {
  return Object.entries(makers).map(([title, make]) => ({ title, error, make }))
}

/** Each wrong thing at the second place of three, among good ones: nothing of the others may happen. */
function amongGood(
  wrongs: readonly Wrong[],
  good: (at: number) => unknown,
  wrap: (made: unknown) => unknown,
): Wrong[] {
  return wrongs.map(({ title, error, make }) => ({
    title: `${title} at its second place`,
    error,
    make: () => [good(0), wrap(make()), good(2)],
  }))
}

const keys: readonly Wrong[] = [
  ...list(symbolsAndFunctions, typeError('THREADMAP_INVALID_KEY')),
  ...list(strangeObjects, typeError('THREADMAP_INVALID_KEY')),
  ...list(strangeBytes, typeError('THREADMAP_INVALID_KEY')),
  ...list(lostBytes, typeError('THREADMAP_INVALID_KEY')),
  ...list(brokenTuples, typeError('THREADMAP_INVALID_KEY')),
  ...list({ ABSENT: () => ABSENT }, typeError('THREADMAP_INVALID_KEY')),
  ...list(
    { 'a tuple with a getter that throws': () => Object.defineProperty(['a'], 0, throwingGetter) },
    thrown,
  ),
]

const expected: readonly Wrong[] = [
  ...list(uncloneable, dataClone),
  ...list(lostBytes, typeError('THREADMAP_INVALID_VALUE')),
  ...list(throwingFields, thrown),
  ...list(pretenders, anyRefusal),
]

const values: readonly Wrong[] = [...expected, ...list({ ABSENT: () => ABSENT }, dataClone)]

const numbers: readonly Wrong[] = [
  ...list(noNumbers, typeError('THREADMAP_INVALID_ARGUMENT')),
  ...list({ 'a bigint': () => 1n }, typeError('THREADMAP_WRONG_CELL')),
  ...list({ '2^63 as bigint': () => 2n ** 63n, '-(2^64) as bigint': () => -(2n ** 64n) }, overflow),
]

const iterables: readonly Wrong[] = [
  ...list(noIterables, typeError('THREADMAP_INVALID_ARGUMENT')),
  ...list(brokenIterables, typeError()),
  ...list(throwingIterables, thrown),
]

const goodEntry = (at: number) => [`good ${at}`, at]

export const wrong: Readonly<Record<Kind, readonly Wrong[]>> = {
  key: keys,
  value: values,
  expected,
  result: expected,
  number: numbers,
  initial: numbers.filter(
    ({ title, error }) => title !== 'undefined' && error.code === 'THREADMAP_INVALID_ARGUMENT',
  ),
  version: list(noVersions, typeError('THREADMAP_INVALID_ARGUMENT')),
  function: list(noFunctions, typeError('THREADMAP_INVALID_ARGUMENT')),
  keys: [
    ...iterables,
    ...amongGood(
      keys,
      (at) => `key ${at}`,
      (key) => key,
    ),
  ],
  entries: [
    ...iterables,
    ...list(noPairs, typeError('THREADMAP_INVALID_ARGUMENT')),
    ...amongGood(keys, goodEntry, (key) => [key, 1]),
    ...amongGood(values, goodEntry, (value) => ['bad', value]),
  ],
  deltas: [
    ...iterables,
    ...list(noPairs, typeError('THREADMAP_INVALID_ARGUMENT')),
    ...amongGood(keys, goodEntry, (key) => [key, 1]),
    ...amongGood(numbers, goodEntry, (delta) => ['number', delta]),
  ],
}
