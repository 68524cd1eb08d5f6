// Linearizability of operations on whole maps: snapshots, clear, replaceAll and transactions among writes of single
// keys, by real workers. The check is on trial as well: it must find every broken map, by the same effort.
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, type MapOptions } from '../index.ts'
import { createSeats } from './support/barrier.ts'
import { Crew } from './support/crew.ts'
import { judgeBy } from './support/linearizable.ts'
import { variants } from './support/variants.ts'
import { atOnce, everywhere, type WholeName, wholeMap } from './support/whole-map.ts'
import { mistakes } from './workers/whole-map.ts'

const parties = 4
const rounds = 150
const batches = 4
const crew = new Crew<typeof import('./workers/whole-map.ts')>(
  new URL('./workers/whole-map.ts', import.meta.url),
  parties,
)
afterAll(() => crew.close())

const seed = Math.floor(Math.random() * 2 ** 30)

/** The first history that no order explains, and how many were looked at. */
async function hunt(
  options: MapOptions,
  operations: readonly WholeName[],
  broken?: string,
): Promise<{ histories: number; violation: string | undefined }> {
  let histories = 0
  for (let batch = 0; batch < batches; batch += 1) {
    using map = new ConcurrentMap<string, number>(undefined, options)
    const place = { handle: map.handle, broken, operations, seats: createSeats(), parties, rounds }
    const told = await crew.all('play', (me) => [{ ...place, me, seed: seed + batch }])
    for (let round = 0; round < rounds; round += 1) {
      const history = told.flatMap((lanes) => lanes[round] ?? [])
      const start = Math.min(...history.map((op) => op.invoked))
      histories += 1
      if (judgeBy(wholeMap, history) === 'linearizable') continue
      const calls = history
        .toSorted((a, b) => a.invoked - b.invoked)
        .map(
          ({ invoked, returned, ...op }) =>
            `${invoked - start} to ${returned - start}: ${JSON.stringify(op)}`,
        )
      return { histories, violation: `seed ${seed + batch}, round ${round}:\n${calls.join('\n')}` }
    }
  }
  return { histories, violation: undefined }
}

describe.each(variants)(
  'a $title map answers as one thread after the other would be answered',
  ({ options }) => {
    const operations = options.variant === 'snapshot' ? atOnce : everywhere
    const few: readonly WholeName[] =
      options.variant === 'snapshot' ? ['set', 'snapshot', 'move', 'clear'] : ['set', 'snapshot', 'delete']

    it.each([{ operations }, { operations: few }])('of $operations', async ({ operations }) => {
      const { histories, violation } = await hunt(options, operations)
      expect(violation).toBeUndefined()
      expect(histories).toBe(batches * rounds)
    })
  },
)

describe('the check finds a map of which', () => {
  it.each(mistakes)('%s', async (mistake) => {
    const { violation } = await hunt({ variant: 'snapshot' }, atOnce, mistake)
    expect(violation).toMatch(/seed \d+, round/)
  })
})
