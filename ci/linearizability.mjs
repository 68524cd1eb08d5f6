// The long form of __test__/linearizability.spec.ts: chapter after chapter, each with 2 to 8 threads, on any
// variant, with threads that are terminated in the middle, and with a broken map that must be caught.
//   node ci/linearizability.mjs [--minutes 10] [--chapters N] [--rounds 2000] [--deaths 20] [--seed N]
// Exits non-zero at the first violation, with the seed of its chapter and the calls that no order explains.

import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    chapters: { type: 'string' },
    rounds: { type: 'string', default: '2000' },
    deaths: { type: 'string', default: '20' },
    seed: { type: 'string' },
  },
})
const chapters = values.chapters === undefined ? Infinity : Number(values.chapters)
const end = values.chapters === undefined ? performance.now() + Number(values.minutes) * 60_000 : Infinity
const firstSeed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const effort = { rounds: Number(values.rounds), deaths: Number(values.deaths) }
// The rarest of them takes some hundred rounds.
const roundsForBroken = 10_000

// Before the harness, which reads it when it is loaded.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../node_modules/.cache/threadmap-compile', import.meta.url),
)
const { broken } = await import('../__test__/support/broken.ts')
const { Recorder } = await import('../__test__/support/history.ts')
const { random } = await import('../__test__/support/life-threads.ts')
const { variants } = await import('../__test__/support/variants.ts')
const { ways } = await import('../__test__/support/ways.ts')
const mistakes = Object.keys(broken)

function fail(seed, why) {
  console.error(`seed ${seed} failed: ${why}`)
  process.exit(1)
}

console.log(
  `linearizability: Node ${process.versions.node}, ${effort.rounds} rounds a chapter, first seed ${firstSeed}`,
)
const total = { histories: 0, pending: 0, undecided: 0 }
for (let number = 0; number < chapters && performance.now() < end; number++) {
  const seed = firstSeed + number
  const draw = random(seed)
  const parties = 2 + draw(7)
  const variant = variants[draw(variants.length)]
  const way = ways[draw(ways.length)]
  const mistake = mistakes[draw(mistakes.length)]
  const recorder = new Recorder(parties)
  try {
    const begin = performance.now()
    const found = await recorder.hunt({ options: variant.options, way }, { seed, ...effort })
    if (found.violation !== undefined) fail(seed, `a ${variant.title} map, used ${way}: ${found.violation}`)
    for (const figure of Object.keys(total)) total[figure] += found[figure]
    const perSecond = Math.round((1000 * found.histories) / (performance.now() - begin))
    const caught = await recorder.hunt(
      { options: variant.options, broken: mistake },
      { seed, rounds: roundsForBroken },
    )
    if (caught.violation === undefined) fail(seed, `not caught in ${roundsForBroken} rounds: ${mistake}`)
    console.log(
      `chapter ${number + 1}, seed ${seed}: ${variant.title}, ${parties} threads: ${found.histories} histories ` +
        `(${perSecond} a second), ${found.pending} calls cut by death, ${found.undecided} undecided; ` +
        `'${mistake}' caught after ${caught.rounds} rounds`,
    )
  } catch (error) {
    fail(seed, error.stack)
  } finally {
    await recorder.close()
  }
}
console.log(
  `${total.histories} histories, ${total.pending} calls cut by death, ${total.undecided} undecided, 0 violations`,
)
