// Prints the order in which this process iterates N fixed keys, twice.

import { ConcurrentMap } from '../../index.ts'

const [count, kind] = process.argv.slice(2)
const make = (i: number): unknown => {
  if (kind === 'number') return i
  if (kind === 'buffer') return Buffer.from(`key ${i}`)
  return kind === 'tuple' ? ['key', i] : `key ${i}`
}
const map = new ConcurrentMap<never, number>()
for (let i = 0; i < Number(count); i++) map.set(make(i) as never, i)
const order = (): string[] =>
  [...map.keys()].map((key) => (Buffer.isBuffer(key) ? String(key) : JSON.stringify(key)))
console.log(JSON.stringify({ first: order(), second: order() }))
