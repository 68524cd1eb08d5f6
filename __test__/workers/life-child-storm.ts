// One storm in a process of its own: node life-child-storm.ts SEED LIVES [ROUNDS]; the report is its last line.

import { faultsOf, storm } from '../support/life-storm.ts'

const [seed, lives, rounds] = process.argv.slice(2).map(Number)
const report = await storm({ seed: seed ?? 1, lives: lives ?? 200, rounds: rounds ?? 4 })
console.log(JSON.stringify({ ...report, faults: faultsOf(report) }))
