// Uses maps of each variant in every way, with workers that end in every way, drops them and ends by itself: for
// LeakSanitizer, which finds what is left of maps only when none is alive at the end.

import { ConcurrentMap } from '../../index.ts'
import { comeAndGo } from '../support/life-leak.ts'
import { variants } from '../support/variants.ts'

const kinds = (i: number): unknown => [i, `text ${i}`, { i }, new Uint8Array(i), 2n ** 70n, null][i % 6]

for (const { options } of variants) {
  const map = ConcurrentMap.open<string | number, unknown>('used in every way', options)
  const numbers = new ConcurrentMap<number, bigint>([[1, 1n]], options)
  for (let i = 0; i < 3_000; i++) map.set(i % 2 === 0 ? i : `key ${i}`, kinds(i))
  for (let i = 0; i < 3_000; i += 3) map.take(i)
  for (let i = 0; i < 100; i++) {
    map.update(i, (old) => [old])
    map.swap(i, kinds(i + 1))
    const entry = map.getEntry(i)
    if (entry !== undefined) map.setIfVersion(i, kinds(i + 2), entry.version)
    map.compareAndDelete(i, kinds(i + 2))
    numbers.add(1, 2n ** 40n)
  }
  try {
    map.set('function', () => {})
  } catch {
    // What was made of the key before the value was refused.
  }
  if ([...map.entries()].length !== map.size) throw new Error('a quiet map shows every entry once')
  if (options.variant === 'sharded') map.clear()
  numbers.close()
  await comeAndGo(9, 3)
  for (const name of ConcurrentMap.names()) ConcurrentMap.delete(name)
}

// What was dropped last is freed when others come and go.
const last = new ConcurrentMap<number, number>()
for (let i = 0; i < 20_000; i++) {
  last.set(i % 50, i)
  last.delete(i % 50)
}
last.close()
