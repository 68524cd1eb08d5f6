// One storm in a process of its own: node life-child-storm.ts SEED LIVES [ROUNDS [VARIANT]]; the report is its last line.

import { faultsOf, storm } from '../support/life-storm.ts'

const [seed, lives, rounds] = process.argv.slice(2, 5).map(Number)
// Workers start with a copy of the environment.
process.env['STORM_VARIANT'] = process.argv[5] ?? 'sharded'
const report = await storm({ seed: seed ?? 1, lives: lives ?? 200, rounds: rounds ?? 4 })
console.log(JSON.stringify({ ...report, faults: faultsOf(report) }))
