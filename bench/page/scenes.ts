// The sections whose tables are scenes of their own: refs and the near cache, and whole maps. A row is a contestant; we
// lose it where it is faster than the best of ours.
import { ratio, spread } from '../rounds.ts'
import { count, measured, plusMinus, type Row, table, times } from './markdown.ts'
import { cheapest, unique } from './node.ts'
import type { Results } from './results.ts'

interface Line {
  readonly scene: string
  readonly size: number
  readonly peer: string
  readonly prices: readonly number[]
}

const OURS = /^(threadmap|ref|near|sharded|lock-free|snapshot|FrozenMap)\b/
const isOurs = ({ peer }: Line): boolean => OURS.test(peer)
const medianOf = ({ prices }: Line): number => spread(prices).median

const sceneTable = (lines: readonly Line[]): string => {
  const first = lines[0] as Line
  const best = cheapest(lines.filter(isOurs), medianOf)
  const rows = lines.map((line): Row => {
    const byFirst = ratio(line.prices, first.prices)
    const lost = !isOurs(line) && best !== undefined && medianOf(line) < medianOf(best)
    const byIt = line === first ? '' : `${times(byFirst.median)} ${plusMinus(byFirst)}`
    return { cells: [line.peer, measured(spread(line.prices)), byIt], lost }
  })
  const title = first.scene.replace(/^refs | \d+$/g, '')
  return `#### ${title}, ${count(first.size)} keys\n\n${table(['', 'ns', 'by the first'], rows)}`
}

const scenesOf = (lines: readonly Line[]): string => {
  const keyOf = ({ scene, size }: Line): string => `${scene} ${size}`
  return unique(lines.map(keyOf))
    .map((key) => sceneTable(lines.filter((line) => keyOf(line) === key)))
    .join('\n\n')
}

export const refSection = ({ refs }: Results): string => scenesOf(refs ?? [])
export const wholeSection = ({ whole }: Results): string => scenesOf(whole ?? [])
