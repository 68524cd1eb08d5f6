// A process that has a frozen file open while something is done to it; prints what it read as JSON.
import { copyFileSync, truncateSync, writeFileSync } from 'node:fs'
import { ConcurrentMap, CorruptFileError, FrozenMap, TieredMap } from '../../index.ts'

const [what = '', path = ''] = process.argv.slice(2)

interface Reads {
  right: number
  wrong: number
  refused: number
  other: string[]
}

function readAll(get: (key: number) => unknown, count: number): Reads {
  const reads: Reads = { right: 0, wrong: 0, refused: 0, other: [] }
  for (let key = 0; key < count; key++) {
    try {
      if (get(key) === key * key) reads.right++
      else reads.wrong++
    } catch (error) {
      if (error instanceof CorruptFileError) reads.refused++
      else reads.other.push(String(error))
    }
  }
  return reads
}

const actions: Record<string, (map: FrozenMap<number, number>) => void> = {
  nothing: () => {},
  signalled: () => process.kill(process.pid, 'SIGBUS'),
  'cut to half': (map) => truncateSync(path, map.stats().bytes / 2),
  'cut to nothing': () => truncateSync(path, 0),
  replaced: () => new ConcurrentMap([[0, 'new']]).freeze(path),
  'overwritten by another map': () => copyFileSync(`${path}.other`, path),
  'overwritten by text': () => writeFileSync(path, 'text '.repeat(10_000)),
}

const map = FrozenMap.open<number, number>(path)
const tier = TieredMap.open<number, number>('tier', { cold: path })
for (const key of [1, 1, 1]) tier.get(key)
tier.set(-1, 1)
actions[what]?.(map)
const reads = readAll((key) => map.get(key), map.size)
const tiered = readAll((key) => tier.get(key), map.size)
const written = tier.set(-1, 2).get(-1)
console.log(JSON.stringify({ reads, tiered, written, promoted: tier.get(1) }))
