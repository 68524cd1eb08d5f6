// The models of loom: each pair of steps of the lock-free index and of reclamation, in every interleaving up to a bound
// of preemptions (crates/threadmap-core/src/tests/models/loom).
//   node ci/loom.mjs [--quick | --full] [--only NAME]
// --quick, or no option, is what `npm test` runs: two preemptions. --full: three, and with every older value that
// an ordering lets a load see also for the models of many steps, then with one preemption. Exits non-zero at a failure;
// LOOM_LOG=trace and LOOM_LOCATION=1 tell how it came about.

import { parseArgs } from 'node:util'
import { fail } from '../scripts/steps.mjs'
import { runModels } from './models.mjs'

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string', default: 'models' },
  },
})

try {
  process.exitCode = await runModels('loom', values.only, values.full ? { THREADMAP_MODELS: 'full' } : {})
} catch (error) {
  fail(error)
}
