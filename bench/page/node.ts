// The sections about Node: single operations, workers, slow inserts, memory. We lose a row where another contestant of
// its table is faster (or smaller) than the better of our variants.
import { QUANTILES, type Tail, waitOf } from '../latency.ts'
import { type OperationName, operations } from '../operations.ts'
import type { Kind } from '../peer.ts'
import { ratio, type Spread, spread } from '../rounds.ts'
import type { Series, Setting } from '../series.ts'
import { count, figure, measured, plusMinus, type Row, table, times } from './markdown.ts'
import type { Results, Run } from './results.ts'
import { type Bar, bars, lines } from './svg.ts'

export const unique = <T>(values: Iterable<T>): T[] => [...new Set(values)]

export const namesOf = ({ contestants }: Run, ...kinds: readonly Kind[]): string[] =>
  kinds.flatMap((kind) => contestants.filter((one) => one.kind === kind).map(({ name }) => name))

const medianOf = (series: Series): number => spread(series.prices).median

export const cheapest = <T>(all: readonly T[], price: (one: T) => number): T | undefined =>
  all.toSorted((a, b) => price(a) - price(b))[0]

const among = (series: readonly Series[], names: readonly string[]): Series | undefined =>
  cheapest(
    series.filter(({ peer }) => names.includes(peer)),
    medianOf,
  )

/** How many times as fast as the other one is, round by round; nothing where one of them was not measured. */
const speed = (one: Series | undefined, other: Series | undefined): Spread | undefined =>
  one === undefined || other === undefined ? undefined : ratio(other.prices, one.prices)

const operationOf = (scene: string): OperationName => scene.split(' ')[1] as OperationName

/** The series of a scene without those of other operations, which a target has measured in the same rounds. */
export const sceneOf = (series: readonly Series[], scene: string): Series[] =>
  series.filter((one) => one.scene === scene && one.operation === operationOf(scene))

const speedCell = (found: Spread | undefined): string =>
  found === undefined ? '' : `${times(found.median)} ${plusMinus(found)}`

const drawTitle = ({ size, distribution, origin }: Series): string =>
  `${count(size)} keys, ${distribution}, ${origin === 'built' ? 'built for each call' : 'recurring'}`

const cellOf = (series: readonly Series[], peer: string): string => {
  const found = series.find((one) => one.peer === peer)
  return found === undefined ? '' : measured(spread(found.prices))
}

const threadTables = (series: readonly Series[], run: Run): string => {
  const ours = namesOf(run, 'ours')
  const scenes = unique(series.map(({ scene }) => scene))
  const rowsOf = (cells: (here: readonly Series[]) => readonly string[], others: readonly string[]): Row[] =>
    scenes.map((scene) => {
      const here = sceneOf(series, scene)
      const found = speed(among(here, ours), among(here, others))
      const title = operations[operationOf(scene)].title
      const lost = found !== undefined && found.median < 1
      return { cells: [title, ...cells(here), speedCell(found)], lost }
    })
  const own = namesOf(run, 'ours', 'floor', 'private')
  const shared = namesOf(run, 'shared')
  const better = (here: readonly Series[]): string => {
    const found = among(here, ours)
    return found === undefined ? '' : measured(spread(found.prices))
  }
  const alone = rowsOf((here) => own.map((peer) => cellOf(here, peer)), namesOf(run, 'private'))
  const together = rowsOf((here) => [better(here), ...shared.map((peer) => cellOf(here, peer))], shared)
  return [
    `#### ${drawTitle(series[0] as Series)}`,
    table(['ns', ...own, 'our better by the better private one'], alone),
    table(['ns', 'our better', ...shared, 'our better by the best'], together),
  ].join('\n\n')
}

const partOf = (results: Results, part: 'thread' | 'workers'): Series[] =>
  (results.node?.series ?? []).filter(({ scene }) => scene.startsWith(`${part} `))

export const threadSection = (results: Results): string => {
  const series = partOf(results, 'thread')
  const draws = unique(series.map(drawTitle))
  return draws
    .map((draw) =>
      threadTables(
        series.filter((one) => drawTitle(one) === draw),
        results.run,
      ),
    )
    .join('\n\n')
}

const workerRow = (series: readonly Series[], peer: string, run: Run): Row => {
  const ours = namesOf(run, 'ours')
  const find = (setting: Setting): Series | undefined =>
    series.find((one) => one.peer === peer && one.setting === setting)
  const one = find('1 worker')
  const both = find('2 workers, one map')
  const apart = find('2 workers, two maps')
  const throughput = (found: Series | undefined): string => {
    if (found === undefined) return ''
    const { median, ...rest } = spread(found.prices)
    return `${figure(1e3 / median)} ${plusMinus({ median, ...rest })}`
  }
  const best = among(
    series.filter(({ setting }) => setting === '2 workers, one map'),
    ours,
  )
  const lost =
    both !== undefined &&
    best !== undefined &&
    namesOf(run, 'shared').includes(peer) &&
    medianOf(both) < medianOf(best)
  const cells = [throughput(one), throughput(both), speedCell(speed(both, one))]
  return { cells: [peer, ...cells, throughput(apart), speedCell(speed(apart, one))], lost }
}

export const workerSection = (results: Results): string => {
  const series = partOf(results, 'workers')
  const head = [
    'M/s of all together',
    '1 worker',
    '2 workers, one map',
    'by one',
    '2 workers, two maps',
    'by one',
  ]
  return unique(series.map(({ scene }) => scene))
    .map((scene) => {
      const here = series.filter((one) => one.scene === scene)
      const first = here[0] as Series
      const rows = unique(here.map(({ peer }) => peer)).map((peer) => workerRow(here, peer, results.run))
      return `#### ${operations[first.operation].title}, ${drawTitle(first)}\n\n${table(head, rows)}`
    })
    .join('\n\n')
}

export const targetSection = (results: Results): string => {
  const judged = (results.node?.targets ?? []).filter(({ rounds }) => rounds > 0)
  const rows = judged.map(({ target, rounds, ratio: found, met }): Row => {
    const verdict = met === undefined ? '' : met ? 'met' : 'missed'
    const figures =
      found === undefined ? ['', ''] : [times(found.median), `${times(found.low)} .. ${times(found.high)}`]
    return { cells: [target.title, ...figures, String(rounds), verdict], lost: met === false }
  })
  return table(['', 'measured', 'quartiles', 'rounds', ''], rows)
}

export const latencySection = (results: Results): string => {
  const tails = results.latency?.tails ?? []
  const ours = namesOf(results.run, 'ours')
  const last = QUANTILES.length - 1
  const best = cheapest(
    tails.filter(({ peer }) => ours.includes(peer)),
    (tail) => waitOf(tail, last),
  )
  const rowOf = (tail: Tail): Row => {
    const lost = best !== undefined && !ours.includes(tail.peer) && waitOf(tail, last) < waitOf(best, last)
    return { cells: [tail.peer, ...QUANTILES.map((_, i) => figure(waitOf(tail, i) / 1e3))], lost }
  }
  return table(['us', ...QUANTILES.map(([name]) => name)], tails.map(rowOf))
}

export const residentSection = (results: Results): string => {
  const weights = results.resident?.weights ?? []
  const entries = results.resident?.plan.entries ?? 1
  const ours = namesOf(results.run, 'ours')
  const bytesOf = ({ bytes }: (typeof weights)[number]): number => spread(bytes).median
  const best = cheapest(
    weights.filter(({ peer }) => ours.includes(peer)),
    bytesOf,
  )
  const rows = weights.map((weight): Row => {
    const found = spread(weight.bytes)
    const lost = best !== undefined && !ours.includes(weight.peer) && found.median < bytesOf(best)
    const byBest = best === undefined ? '' : times(found.median / bytesOf(best))
    const cells = [
      `${figure(found.median / 1e6)} ${plusMinus(found)}`,
      figure(found.median / entries),
      byBest,
    ]
    return { cells: [weight.peer, ...cells], lost }
  })
  return table(['', 'MB in all', 'bytes an entry', 'by our smaller'], rows)
}

const barOf = (run: Run, name: string, found: Spread): Bar => {
  const kind = run.contestants.find((one) => one.name === name)?.kind ?? 'shared'
  return { label: name, kind, median: found.median, low: found.low, high: found.high }
}

const CHARTED: readonly OperationName[] = ['get', 'set', 'add', 'mixed']

/** Charts by file name. */
export const nodeCharts = (results: Results): [string, string][] => {
  const { run } = results
  const charts: [string, string][] = []
  const thread = partOf(results, 'thread')
  for (const operation of CHARTED) {
    const scene = thread.find((one) => one.scene.startsWith(`thread ${operation} uniform recurring`))?.scene
    if (scene === undefined) continue
    const here = sceneOf(thread, scene)
    const title = `${operations[operation].title}, one thread, ${drawTitle(here[0] as Series)}`
    const all = here.map((one) => barOf(run, one.peer, spread(one.prices)))
    charts.push([
      `node-${operation}`,
      bars(title, 'ns an operation, median and quartiles (shorter is faster)', all),
    ])
  }
  const workers = partOf(results, 'workers').filter(({ setting }) => setting === '2 workers, one map')
  const busy = workers.find(({ operation }) => operation === 'mixed') ?? workers[0]
  if (busy !== undefined) {
    const here = workers.filter(({ scene }) => scene === busy.scene)
    const title = `${operations[busy.operation].title}, two workers on one map, ${drawTitle(busy)}`
    const all = here.map((one) => barOf(run, one.peer, spread(one.prices.map((price) => 1e9 / price))))
    charts.push(['node-workers', bars(title, 'operations a second of both (longer is faster)', all)])
  }
  const { latency, resident } = results
  if (latency !== undefined) {
    const title = `Single inserts while a map grows from empty to ${count(latency.plan.entries)} entries, one thread`
    const curves = latency.tails.map((tail) => ({
      label: tail.peer,
      strong: namesOf(run, 'ours').includes(tail.peer),
      values: QUANTILES.map((_, i) => waitOf(tail, i)),
    }))
    const places = QUANTILES.map(([name]) => name)
    charts.push(['node-latency', lines(title, places, ['percentile of inserts', 'ns'], curves)])
  }
  if (resident !== undefined) {
    const title = `Memory of ${resident.plan.workers} workers that reach ${count(resident.plan.entries)} entries`
    const all = resident.weights.map(({ peer, bytes }) => barOf(run, peer, spread(bytes)))
    charts.push(['node-memory', bars(title, 'bytes that become resident (shorter is smaller)', all)])
  }
  return charts
}
