// Which variant for which work: the matrix of reads, keys and threads, and what follows from it.
import type { Cell } from '../matrix.ts'
import { ratio, spread } from '../rounds.ts'
import { count, figure, plusMinus, type Row, table } from './markdown.ts'
import { cheapest, unique } from './node.ts'
import type { Results, Run } from './results.ts'
import { lines } from './svg.ts'

// In the table of means a lead must be more than what two runs differ by.
const EVEN = 1.05

const variantOf = (peer: string, { variant }: Run): string =>
  peer === 'threadmap' ? variant : peer.replace(/^threadmap /, '')

const variantsOf = (cells: readonly Cell[]): string[] =>
  unique(cells.flatMap(({ prices }) => Object.keys(prices)))

const medianOf = (cell: Cell, peer: string): number => spread(cell.prices[peer] ?? []).median

/** The fastest, and by how much the next one is slower, round by round. */
const verdict = (cell: Cell, run: Run): string => {
  const [first, second] = Object.keys(cell.prices).sort((a, b) => medianOf(cell, a) - medianOf(cell, b))
  if (first === undefined || second === undefined) return ''
  const lead = ratio(cell.prices[second] ?? [], cell.prices[first] ?? [])
  if (lead.low <= 1) return 'either'
  return `${variantOf(first, run)} ${lead.median.toFixed(2)}x`
}

export const matrixSection = (results: Results): string => {
  const cells = results.matrix ?? []
  const peers = variantsOf(cells)
  const groups = unique(cells.map(({ size, distribution }) => `${count(size)} keys, ${distribution}`))
  const rowOf = (cell: Cell): Row => {
    const speeds = peers.map((peer) => {
      const found = spread(cell.prices[peer] ?? [])
      return `${figure(1e3 / found.median)} ${plusMinus(found)}`
    })
    return { cells: [`${cell.reads}% reads, ${cell.threads}t`, ...speeds, verdict(cell, results.run)] }
  }
  const head = ['M/s of all threads', ...peers.map((peer) => variantOf(peer, results.run)), 'take']
  return groups
    .map((group) => {
      const here = cells.filter(({ size, distribution }) => `${count(size)} keys, ${distribution}` === group)
      return `#### ${group}\n\n${table(head, here.map(rowOf))}`
    })
    .join('\n\n')
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/** Reads down, threads across: the fastest variant in the geometric mean over all numbers of keys and both laws. */
export const decisionTable = (results: Results): string => {
  const cells = results.matrix ?? []
  const threads = unique(cells.map((cell) => cell.threads))
  const peers = variantsOf(cells)
  const choice = (here: readonly Cell[]): string => {
    const means = peers.map(
      (peer) => [peer, geometricMean(here.map((cell) => medianOf(cell, peer)))] as const,
    )
    const best = cheapest(means, ([, price]) => price)
    const next = cheapest(
      means.filter((one) => one !== best),
      ([, price]) => price,
    )
    if (best === undefined || next === undefined) return ''
    const lead = next[1] / best[1]
    return lead < EVEN ? 'either' : `${variantOf(best[0], results.run)} (${lead.toFixed(2)}x)`
  }
  const rows = unique(cells.map(({ reads }) => reads)).map((reads): Row => {
    const columns = threads.map((count) =>
      cells.filter((cell) => cell.reads === reads && cell.threads === count),
    )
    return { cells: [`${reads} %`, ...columns.map(choice)] }
  })
  return table(['reads', ...threads.map((count) => `${count} thread${count === 1 ? '' : 's'}`)], rows)
}

export const matrixCharts = (results: Results): [string, string][] => {
  const cells = results.matrix ?? []
  const sizes = unique(cells.map(({ size }) => size)).sort((a, b) => a - b)
  const size = sizes[Math.floor(sizes.length / 2)]
  return unique(cells.map(({ distribution }) => distribution)).map((law) => {
    const here = cells.filter((cell) => cell.size === size && cell.distribution === law)
    const reads = unique(here.map((cell) => cell.reads))
    const curves = unique(here.map((cell) => cell.threads)).flatMap((threads) =>
      variantsOf(here).map((peer) => {
        const row = here.filter((cell) => cell.threads === threads)
        const values = row.map((cell) => 1e9 / medianOf(cell, peer))
        return { label: `${variantOf(peer, results.run)}, ${threads}t`, strong: threads > 1, values }
      }),
    )
    const title = `Reads and sets on one map of ${count(size ?? 0)} keys, ${law}`
    const axes = ['share of reads', 'operations a second of all threads'] as const
    return [
      `matrix-${law}`,
      lines(
        title,
        reads.map((share) => `${share} %`),
        axes,
        curves,
      ),
    ]
  })
}
