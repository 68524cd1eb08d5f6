// One generation: finds what the earlier ones left, adds its part, ends as told.

import { parentPort, workerData } from 'node:worker_threads'
import { ConcurrentMap } from '../../index.ts'

const { generation, ending } = workerData as { generation: number; ending: string }
const map = ConcurrentMap.open<string | number, number | string>('kept over generations')
const numbers = ConcurrentMap.open<string, number>('numbers kept over generations')
let found = 0
while (map.get(found) === `generation ${found}`) found++
map.set(generation, `generation ${generation}`)
parentPort?.postMessage({ found: map.size === found + 1 ? found : -1, sum: numbers.add('sum', generation) })
if (ending === 'exit') process.exit(3)
if (ending === 'terminate') setInterval(() => {}, 1000)
