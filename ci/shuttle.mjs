// The models of shuttle: stories of three to eight threads on a whole map, under schedules drawn at random, and single
// interleavings that are too long to be met by chance (crates/threadmap-core/src/tests/models/shuttle).
//   node ci/shuttle.mjs [--quick | --full] [--schedules N] [--first-seed N] [--seed N] [--only NAME]
// --quick, or no option, is what `npm test` runs: 5,000 schedules of each of six kinds, always the same. --full: 100,000
// of each, from a seed of its own. A failure tells its seed, which --seed runs again; add it to SEEDS in shuttle/mod.rs.

import { parseArgs } from 'node:util'
import { fail } from '../scripts/steps.mjs'
import { runModels } from './models.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    schedules: { type: 'string' },
    'first-seed': { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string', default: 'models' },
  },
})

/** @type {Record<string, string>} */
const env = { THREADMAP_SCHEDULES: values.schedules ?? (values.full ? '100000' : '5000') }
const first = values['first-seed'] ?? (values.full ? String(Math.floor(Math.random() * 2 ** 31)) : '0')
env.THREADMAP_FIRST_SEED = first
if (values.seed !== undefined) env.THREADMAP_SEED = values.seed

try {
  process.exitCode = await runModels('shuttle', values.only, env)
} catch (error) {
  fail(error)
}
