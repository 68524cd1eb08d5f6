// A process that opens a frozen file and adds up what is in it, both ways.
import { FrozenMap } from '../../index.ts'

using map = FrozenMap.open<number, number>(process.argv[2] ?? '')
let looked = 0
for (let key = 0; key < map.size; key++) looked += map.get(key) ?? Number.NaN
const walked = map.values().reduce((sum, value) => sum + value, 0)
console.log(JSON.stringify({ size: map.size, looked, walked }))
