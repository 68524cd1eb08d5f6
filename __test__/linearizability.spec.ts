// Linearizability from real workers: what threads are told of one key could be the work of one after the other.
// The check itself is on trial as well: it must find every mistake of support/broken.ts, by the same effort under
// which it finds none in the map. The long form is ci/linearizability.mjs; a failure prints its seed.
import { afterAll, describe, expect, it } from 'vitest'
import { broken } from './support/broken.ts'
import { Recorder } from './support/history.ts'
import { names } from './support/one-key.ts'
import { variants } from './support/variants.ts'
import { ways } from './support/ways.ts'

const recorder = new Recorder(4)
afterAll(() => recorder.close())

const seed = Math.floor(Math.random() * 2 ** 31)
/** Over hundreds of hunts each mistake was found within 500; most take a dozen. */
const rounds = 1_500
/** Two of three threads that die surely do so inside of a call. */
const deaths = 12
const mistakes = Object.keys(broken)
const fewer = Object.values(broken).flatMap(({ operations }) => (operations ? [operations] : []))
/** What the mistakes are hunted with: all operations, or those that a broken map has. */
const mixes = [names, ...fewer].map((operations) => ({ operations, count: operations.length }))

describe.each(variants)(
  'a $title map answers four threads as one after the other would be answered',
  ({ options }) => {
    it.each(mixes)('by a mix of $count operations', async ({ operations }) => {
      const found = await recorder.hunt({ options, operations }, { seed, rounds })
      expect(found.violation).toBeUndefined()
      expect(found).toMatchObject({ rounds, undecided: 0 })
    })

    it('also when one of them is terminated in the middle', async () => {
      const found = await recorder.hunt({ options }, { seed, rounds: 0, deaths })
      expect(found.violation).toBeUndefined()
      expect(found).toMatchObject({ rounds: deaths, undecided: 0 })
      expect(found.pending).toBeGreaterThanOrEqual((2 / 3) * deaths)
    })
  },
)

/** Reads that may be kept, among all writes that must end that. */
const readings = ['get', 'get', 'get', 'set', 'add', 'take', 'compareAndSet', 'getOrInsert'] as const

describe.each(variants.flatMap((variant) => ways.slice(1).map((way) => ({ ...variant, way }))))(
  'so does a $title map that is used $way',
  ({ options, way }) => {
    it.each([{ operations: names }, { operations: readings }])(
      'by a mix of $operations.length operations',
      async ({ operations }) => {
        const found = await recorder.hunt(
          { options, way, operations },
          { seed, rounds: rounds / 3, deaths: 3 },
        )
        expect(found.violation).toBeUndefined()
        expect(found).toMatchObject({ rounds: rounds / 3 + 3, undecided: 0 })
      },
    )
  },
)

describe('the check finds a map of which', () => {
  it.each(mistakes)('%s', async (mistake) => {
    const found = await recorder.hunt({ options: {}, broken: mistake }, { seed, rounds })
    expect(found.violation).toMatch(/no order explains/)
  })

  it('an update loses others, also when a thread is terminated in the middle', async () => {
    const subject = { options: {}, broken: 'update is get, then set' }
    const found = await recorder.hunt(subject, { seed, rounds: 0, deaths: 100 })
    expect(found.violation).toMatch(/no order explains/)
  })
})
