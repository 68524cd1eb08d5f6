// The model test: long random sequences of operations give the same results on a map and on the model of it.
// THREADMAP_RUNS multiplies the number of sequences; a failure prints its seed and the shortest sequence found.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ConcurrentMap } from '../index.ts'
import { describeContent, describeKey, describeValue } from './support/describe.ts'
import { ModelMap } from './support/model-map.ts'
import { callbacks, itself, runStep } from './support/steps.ts'
import { pack } from './support/thrown.ts'
import { variants } from './support/variants.ts'

const runs = Math.ceil(900 * Number(process.env.THREADMAP_RUNS ?? 1))
const absent = Symbol.for('threadmap.absent')

const versioned = new Set(['getEntry', 'setIfCurrent', 'deleteIfCurrent', 'setIfStale', 'deleteIfStale'])

type Step = readonly [operation: string, ...args: unknown[]]
type Subject = ConcurrentMap<never, unknown> | ModelMap

// Every UTF-16 string, lone surrogates too; half of them Latin-1.
const text = fc.oneof(
  fc.array(fc.nat(0xff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
)
const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer(), fc.double())
const bigint = fc.oneof(
  fc.bigInt({ min: -3n, max: 3n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)
const bytes = fc.uint8Array({ maxLength: 12 })
const primitive = fc.oneof(
  ...[text, number, bigint, fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined)],
  ...[bytes, bytes.map((list) => Buffer.from(list))],
)
const tuple = fc.array(primitive, { maxLength: 3 })

// A few keys come again and again, so that operations meet entries; the rest is new each time.
const recurring = fc.constantFrom<unknown>(
  ...['a', 'b', '\ud800', '', 1, '1', 1n, true, null, undefined, -0, Number.NaN],
  ...[Buffer.from('a'), new Uint8Array(0), ['a'], ['a', 'b'], [], ['ab'], [-0]],
)
const key = fc.oneof(
  { weight: 6, arbitrary: recurring },
  { weight: 1, arbitrary: fc.oneof(primitive, tuple) },
)

// Objects are made anew from one literal each: encoded bytes may differ between two ways to build one object.
const objects: readonly (() => unknown)[] = [
  () => ({}),
  () => ({ a: 1, b: [null, 'x'] }),
  () => ({ b: [null, 'x'], a: 1 }),
  () => [],
  () => ['a', 1n],
  () => [[['deep']]],
]
const object = fc.constantFrom(...objects).map((make) => make())
const small = fc.constantFrom<unknown>(0, -0, 1, 1n, 'x', undefined, null, true, Number.NaN)
const value = fc.oneof(small, primitive, object)
const expected = fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(absent) })
const operand = fc.oneof(number, bigint)
const change = fc.constantFrom(...Object.values(callbacks))
const compute = fc.constantFrom(callbacks.nameTheKey, callbacks.undefined, callbacks.fail, callbacks.remove)

const keys = fc.array(key, { maxLength: 5 })
const entries = fc.array(fc.tuple(key, value), { maxLength: 5 })
// All deltas of one call are of one type: what a wrong cell in the middle leaves behind is not part of the model.
const deltas = fc.array(fc.tuple(fc.constantFrom('n1', 'n2', ['n', 3]), number), { maxLength: 5 })

const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  ...['get', 'has', 'delete', 'take', 'getEntry', 'deleteIfCurrent', 'deleteIfStale'].map((name) =>
    steps(name, key),
  ),
  ...['set', 'swap', 'setIfAbsent', 'replace', 'getOrInsert', 'setIfCurrent'].map((name) =>
    steps(name, key, value),
  ),
  steps('setIfStale', key, value, value),
  steps('compareAndSet', key, expected, value),
  steps('compareAndSetOwn', key, value),
  steps('compareAndDelete', key, expected),
  steps('compareAndDeleteOwn', key),
  ...['add', 'max', 'min'].map((name) => steps(name, key, operand)),
  steps('add', key, operand, operand),
  steps('update', key, change),
  steps('getOrInsertComputed', key, compute),
  ...['getMany', 'deleteMany'].map((name) => steps(name, keys)),
  steps('setMany', entries),
  steps('addMany', deltas),
  ...['size', 'entries', 'keys', 'values', 'spread', 'forEach'].map((name) => steps(name)),
  steps('clear'),
  // Hundreds of entries at once, so that the map grows and shrinks around the others.
  ...['setRange', 'deleteRange'].map((name) => steps(name, fc.nat(300), fc.nat(400))),
)

const sequence = fc.array(step, { minLength: 1, maxLength: 100, size: 'max' })

describe.each(variants)('a $title map', ({ options }) => {
  it('gives the results of the model for every sequence of operations', () => {
    fc.assert(
      fc.property(sequence, (sequence) => {
        const model = new ModelMap()
        using map = new ConcurrentMap<never, unknown>(undefined, options)
        using secondMap = ConcurrentMap.attach<never, unknown>(map.handle)
        for (const [index, step] of sequence.entries()) {
          const before = { model: model.version, map: Number(map.version) }
          const promised = outcome(model, step)
          // Two objects of one map take turns: neither may keep anything that the other one changes.
          expect(outcome(index % 2 === 0 ? map : secondMap, step)).toEqual(promised)
          expect(Number(map.version) > before.map).toBe(model.version > before.model)
        }
        expect(map.size).toBe(model.size)
        expect(describeContent(map)).toEqual(describeContent(model))
      }),
      { numRuns: runs },
    )
  })
})

function steps(name: string, ...args: fc.Arbitrary<unknown>[]): fc.Arbitrary<Step> {
  return fc.tuple(fc.constant(name), ...args) as fc.Arbitrary<Step>
}

/** What a step gives, in words that are equal for equal results, whatever the order of entries. */
function outcome(subject: Subject, [operation, ...args]: Step): unknown {
  try {
    const result = perform(subject, operation, args)
    switch (operation) {
      case 'entries':
      case 'spread':
      case 'forEach':
        return describeContent(result as [unknown, unknown][])
      case 'keys':
        return (result as unknown[]).map(describeKey).sort()
      case 'values':
        return (result as unknown[]).map(describeValue).sort()
      default:
        return result === itself ? itself : describeValue(result)
    }
  } catch (error) {
    const { name, code, message } = pack(error)
    return { name, code, message: code === undefined ? message : '' }
  }
}

// Versions are opaque: they are used here and never compared between map and model.
function perform(subject: Subject, operation: string, args: unknown[]): unknown {
  const [key, first, second] = args as [never, unknown, unknown]
  const entry = versioned.has(operation) ? subject.getEntry(key) : undefined
  switch (operation) {
    case 'getEntry':
      return entry && { value: entry.value }
    case 'setIfCurrent':
      return entry && subject.setIfVersion(key, first, entry.version as never)
    case 'deleteIfCurrent':
      return entry && subject.deleteIfVersion(key, entry.version as never)
    case 'setIfStale':
      subject.set(key, first)
      return entry && subject.setIfVersion(key, second, entry.version as never)
    case 'deleteIfStale':
      subject.set(key, subject.get(key))
      return entry && subject.deleteIfVersion(key, entry.version as never)
    case 'setRange':
      return size(subject.setMany(range(args).map((at) => [at as never, at] as const)))
    case 'deleteRange':
      return subject.deleteMany(range(args).map((at) => at as never))
    case 'compareAndSetOwn':
      return subject.compareAndSet(key, subject.get(key), first)
    case 'compareAndDeleteOwn':
      return subject.compareAndDelete(key, subject.get(key))
    default:
      return runStep(subject, operation, args)
  }
}

/** The keys of a range step: numbers that no other step uses often. */
function range([from, count]: unknown[]): number[] {
  return Array.from({ length: count as number }, (_, at) => 1_000 + (from as number) + at)
}

function size({ size }: { readonly size: number }): number {
  return size
}
