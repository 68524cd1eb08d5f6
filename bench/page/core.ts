// The sections about the core alone, in Rust, against maps of Rust, Go and Java: the grid, means, slow inserts, bytes.
import type { Core, CoreRow, CoreTail, CoreWeight } from '../elsewhere.ts'
import { ratio, spread } from '../rounds.ts'
import { count, figure, measured, type Row, table, times } from './markdown.ts'
import { cheapest, unique } from './node.ts'
import type { Results } from './results.ts'
import { type Bar, bars, lines } from './svg.ts'

export const medianOf = (row: CoreRow, name: string): number => spread(row.ns[name] ?? []).median

const isOurs = (core: Core, name: string): boolean => core.ours.includes(name)

/** The cheapest of our variants, or of all others, in a row. */
export const bestOf = (core: Core, row: CoreRow, ours: boolean): string | undefined =>
  cheapest(
    Object.keys(row.ns).filter((name) => isOurs(core, name) === ours),
    (name) => medianOf(row, name),
  )

// Programs of other languages run after ours, not within its rounds.
const ELSEWHERE = /^(Go|Java) /

/** How many times as fast as the other: round by round, or by their medians where they share no rounds. */
export const speedOf = (row: CoreRow, name: string, other: string): number =>
  ELSEWHERE.test(name) || ELSEWHERE.test(other)
    ? medianOf(row, other) / medianOf(row, name)
    : ratio(row.ns[other] ?? [], row.ns[name] ?? []).median

/** 'u64 1e4 zipf reads 90% 2t' -> 'u64 1e4'; rows that are not of the grid go by their first word. */
const groupOf = ({ name }: CoreRow): string => {
  const [first = '', second = ''] = name.split(' ')
  return name.includes(' reads ') ? `${first} ${second}` : 'other work'
}

const gridTable = (core: Core, rows: readonly CoreRow[]): string => {
  const lines = rows.map((row): Row => {
    const [ours, theirs] = [bestOf(core, row, true), bestOf(core, row, false)]
    const speed = ours === undefined || theirs === undefined ? Number.NaN : speedOf(row, ours, theirs)
    const cells = core.names.map((name) => (row.ns[name] === undefined ? '' : measured(spread(row.ns[name]))))
    const title = row.name.replace(`${groupOf(row)} `, '')
    return { cells: [title, ...cells, `${times(speed)} ${theirs ?? ''}`], lost: speed < 1 }
  })
  return table(['ns', ...core.names, 'our better by the best other'], lines)
}

// From here on a row says little about threads that meet.
const DISTURBED = 0.1

const disturbance = ({ rows }: Core): string => {
  const some = rows.filter(({ disturbed }) => disturbed > DISTURBED).length
  return `In ${some} of ${rows.length} rows another program had more than a tenth of what the threads could have had.`
}

export const gridSection = ({ core }: Results): string => {
  if (core === undefined) return ''
  const tables = unique(core.rows.map(groupOf)).map((group) => {
    const rows = core.rows.filter((row) => groupOf(row) === group)
    return `#### ${group}\n\n${gridTable(core, rows)}`
  })
  return [disturbance(core), ...tables].join('\n\n')
}

const CHOICES: readonly (readonly [string, (row: CoreRow) => boolean])[] = [
  ['all rows', () => true],
  ['string keys', ({ name }) => name.includes('str16')],
  ['number keys', ({ name }) => name.includes('u64')],
  ['1 thread', ({ threads }) => threads === 1],
  ['2 threads', ({ threads }) => threads === 2],
  ['8 threads', ({ threads }) => threads === 8],
  ['only reads', ({ name }) => name.includes('reads 100%')],
  ['90% reads', ({ name }) => name.includes('reads 90%')],
  ['only writes', ({ name }) => name.includes('reads 0%')],
  ['no grid', ({ name }) => !name.includes('reads')],
]

export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

const meansTable = (core: Core, ours: string): string => {
  const others = core.names.filter((name) => !isOurs(core, name))
  const rows = CHOICES.flatMap(([title, choose]): Row[] => {
    const chosen = core.rows.filter(choose)
    if (chosen.length === 0) return []
    const byPeer = others.map((name) =>
      geometricMean(
        chosen.filter((row) => row.ns[name] !== undefined).map((row) => speedOf(row, ours, name)),
      ),
    )
    const byBest = chosen.map((row) => speedOf(row, ours, bestOf(core, row, false) as string))
    const lost = byBest.filter((speed) => speed < 1).length
    const cells = [...byPeer, geometricMean(byBest)].map(times)
    return [
      { cells: [title, String(chosen.length), ...cells, String(lost)], lost: geometricMean(byBest) < 1 },
    ]
  })
  return table([`${ours} by`, 'rows', ...others, 'the best of them', 'rows lost'], rows)
}

export const meansSection = ({ core }: Results): string =>
  core === undefined ? '' : core.ours.map((name) => meansTable(core, name)).join('\n\n')

export const waitOf = (tail: CoreTail, name: string, quantile: number): number =>
  spread((tail.ns[name] ?? []).map((round) => round[quantile] as number)).median

export const tailSection = ({ core }: Results): string => {
  if (core === undefined) return ''
  const last = core.quantiles.length - 1
  return core.tails
    .map((tail) => {
      const names = core.names.filter((name) => tail.ns[name] !== undefined)
      const worst = (name: string): number => waitOf(tail, name, last)
      const best = cheapest(
        names.filter((name) => isOurs(core, name)),
        worst,
      )
      const rows = names.map((name): Row => {
        const cells = core.quantiles.map((_, i) => figure(waitOf(tail, name, i) / 1e3))
        const lost = best !== undefined && !isOurs(core, name) && worst(name) < worst(best)
        return { cells: [name, ...cells], lost }
      })
      return `#### ${tail.name}\n\n${table(['us', ...core.quantiles], rows)}`
    })
    .join('\n\n')
}

export const weightSection = ({ core }: Results): string => {
  if (core === undefined) return ''
  const head = [
    'bytes an entry',
    'full',
    'at the peak',
    'drained',
    'drained by empty',
    'resident',
    'resident drained',
  ]
  return unique(core.weights.map(({ row }) => row))
    .map((group) => {
      const here = core.weights.filter(({ row }) => row === group)
      const best = cheapest(
        here.filter(({ map }) => isOurs(core, map)),
        ({ full }) => full,
      )
      const rows = here.map((weight): Row => {
        const each = ['full', 'peak', 'drained'] as const
        const cells = each.map((stage) => (weight[stage] / weight.entries).toFixed(1))
        const resident = [weight.residentFull, weight.residentDrained].map((bytes) =>
          (bytes / weight.entries).toFixed(1),
        )
        const byEmpty = times(weight.drained / Math.max(weight.empty, 1))
        const lost = best !== undefined && !isOurs(core, weight.map) && weight.full < best.full
        return { cells: [weight.map, ...cells, byEmpty, ...resident], lost }
      })
      return `#### ${group} (${count((here[0] as CoreWeight).entries)} entries)\n\n${table(head, rows)}`
    })
    .join('\n\n')
}

export const coreCharts = ({ core }: Results): [string, string][] => {
  if (core === undefined) return []
  const charts: [string, string][] = []
  const shown = [
    ['core-strings', 'string keys', (row: CoreRow) => row.name.includes('str16')],
    ['core-numbers', 'number keys', (row: CoreRow) => row.name.includes('u64')],
  ] as const
  for (const [name, keys, choose] of shown) {
    const rows = core.rows.filter((row) => choose(row) && row.threads === 2 && row.name.includes(' reads '))
    if (rows.length === 0) continue
    const all = core.names.map((contestant): Bar => {
      const there = rows.filter((row) => row.ns[contestant] !== undefined)
      const part = (pick: 'median' | 'low' | 'high'): number =>
        geometricMean(there.map((row) => spread(row.ns[contestant] ?? [])[pick]))
      const kind = isOurs(core, contestant) ? 'ours' : 'shared'
      return { label: contestant, kind, median: part('median'), low: part('low'), high: part('high') }
    })
    const title = `The core alone: mixes of reads and writes, ${keys}, two threads`
    charts.push([name, bars(title, 'ns an operation, geometric mean of the grid (shorter is faster)', all)])
  }
  const tail = core.tails.find(({ name }) => name.includes('str16')) ?? core.tails[0]
  if (tail !== undefined) {
    const curves = core.names
      .filter((name) => tail.ns[name] !== undefined)
      .map((name) => ({
        label: name,
        strong: isOurs(core, name),
        values: core.quantiles.map((_, i) => Math.max(waitOf(tail, name, i), 1)),
      }))
    const title = `The core alone: single inserts, ${tail.name}`
    charts.push(['core-latency', lines(title, core.quantiles, ['percentile of inserts', 'ns'], curves)])
  }
  return charts
}
