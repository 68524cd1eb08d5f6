// The tables, in plain text. Prices are medians over the rounds; a ratio is the median of the rounds' ratios and
// its +- half the distance between their quartiles.
import { type OperationName, operations } from './operations.ts'
import type { Peer } from './peer.ts'
import { ratio, type Spread, spread } from './rounds.ts'
import { SETTINGS, type Series } from './series.ts'
import type { Result } from './targets.ts'
import type { Whole } from './whole.ts'

const OURS = 'threadmap'

const figure = (value: number): string =>
  value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(value >= 100 ? 3 : 2)

const plusMinus = ({ low, high, median }: Spread): string => `±${Math.round((50 * (high - low)) / median)}%`

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]
const drawName = (one: Series): string => `${one.distribution}, ${one.origin}`
const thousands = (size: number): string => `${size.toLocaleString('en')} keys`

export const facts = (lines: Readonly<Record<string, string>>): string =>
  Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(8)} ${value}`)
    .join('\n')

export const legend = (peers: readonly Peer[], missing: ReadonlyMap<string, string>): string =>
  [
    ...peers.map(({ name, note }) => `  ${name.padEnd(20)} ${note}`),
    ...[...missing].map(([name, reason]) => `  ${name.padEnd(20)} not available: ${reason}`),
  ].join('\n')

type Priced = Pick<Series, 'prices'>
const threadCell = (one: Priced, ours: Priced | undefined): string[] => {
  const price = `${figure(spread(one.prices).median)} ns`
  if (ours === undefined || ours === one) return [price, '']
  const measured = ratio(one.prices, ours.prices)
  return [price, `${figure(measured.median)}x ${plusMinus(measured)}`]
}

const threadTable = (series: readonly Series[], name: OperationName, size: number): string => {
  const draws = unique(series.map(drawName))
  const rowName = (one: Series): string =>
    one.operation === name ? one.peer : `${one.peer}: ${one.operation}`
  const rows = unique(series.map(rowName)).map((row) => [
    row,
    ...draws.flatMap((draw) => {
      const here = series.filter((one) => drawName(one) === draw)
      const one = here.find((candidate) => rowName(candidate) === row)
      return one === undefined
        ? ['', '']
        : threadCell(
            one,
            here.find((candidate) => rowName(candidate) === OURS),
          )
    }),
  ])
  const title = `${operations[name].title}, ${thousands(size)}`
  return `${title}\n${table(['', ...draws.flatMap((draw) => [draw, ''])], rows)}`
}

const sceneOperation = (one: Series): OperationName => one.scene.split(' ')[1] as OperationName

export const threadTables = (series: readonly Series[]): string =>
  unique(series.map((one) => one.size))
    .flatMap((size) => {
      const ofSize = series.filter((one) => one.size === size)
      return unique(ofSize.map(sceneOperation)).map((name) =>
        threadTable(
          ofSize.filter((one) => sceneOperation(one) === name),
          name,
          size,
        ),
      )
    })
    .join('\n\n')

export const refTables = (series: readonly Series[]): string =>
  unique(series.map((one) => one.scene))
    .map((scene) => {
      const here = series.filter((one) => one.scene === scene)
      const rows = here.map((one) => [one.peer, ...threadCell(one, here[0])])
      const { size } = here[0] as Series
      return `${scene.replace(/^refs | \d+$/g, '')}, ${thousands(size)}\n${table(['', 'uniform', ''], rows)}`
    })
    .join('\n\n')

export const wholeTables = (whole: readonly Whole[]): string =>
  unique(whole.map(({ scene, size }) => `${scene}, ${thousands(size)}`))
    .map((title) => {
      const here = whole.filter(({ scene, size }) => `${scene}, ${thousands(size)}` === title)
      return `${title}\n${table(
        ['', '', ''],
        here.map((one) => [one.peer, ...threadCell(one, here[0])]),
      )}`
    })
    .join('\n\n')

const workerCells = (series: readonly Series[], peer: string): string[] => {
  const settings = SETTINGS.slice(1).map((setting) =>
    series.find((one) => one.peer === peer && one.setting === setting),
  )
  const alone = settings[0]
  return settings.flatMap((one) => {
    if (one === undefined) return ['-', '']
    const throughput = `${figure(1e3 / spread(one.prices).median)} M/s`
    if (one === alone || alone === undefined) return [throughput]
    const measured = ratio(alone.prices, one.prices)
    return [throughput, `${figure(measured.median)}x ${plusMinus(measured)}`]
  })
}

export const workerTables = (series: readonly Series[]): string =>
  unique(series.map((one) => one.scene))
    .map((scene) => {
      const here = series.filter((one) => one.scene === scene)
      const first = here[0] as Series
      const rows = unique(here.map((one) => one.peer)).map((peer) => [peer, ...workerCells(here, peer)])
      const head = ['', '1 worker', '2 workers, one map', '', '2 workers, two maps', '']
      const title = `${operations[first.operation].title}, ${drawName(first)}, ${thousands(first.size)}`
      return `${title}\n${table(head, rows)}`
    })
    .join('\n\n')

export const targetTable = (results: readonly Result[]): string => {
  const rows = results.map(({ target, rounds, ratio: measured, met }) => {
    if (measured === undefined) return [target.title, '-', 'none', '', '', '']
    const { median, low, high, min, max } = measured
    return [
      target.title,
      `${median.toFixed(2)}x`,
      `${rounds}`,
      `${low.toFixed(2)}..${high.toFixed(2)}`,
      `${min.toFixed(2)}..${max.toFixed(2)}`,
      met === undefined ? '' : met ? 'met' : 'MISSED',
    ]
  })
  return table(['target', 'measured', 'rounds', 'quartiles', 'extremes', ''], rows)
}
