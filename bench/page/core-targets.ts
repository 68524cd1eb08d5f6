// What the core is aimed at, and how far that is reached. Reported, never asserted.
import type { Core, CoreRow } from '../elsewhere.ts'
import { bestOf, geometricMean, medianOf, speedOf, waitOf } from './core.ts'
import { figure, type Row, table } from './markdown.ts'
import { cheapest } from './node.ts'
import type { Results } from './results.ts'

interface Judged {
  readonly title: string
  readonly limit: number
  readonly sense: 'at most' | 'at least'
  /** Undefined where a side was not measured in this run. */
  readonly measured: number | undefined
  readonly where: string
}

interface Found {
  readonly value: number
  readonly where: string
}

const RUST = /^(?!Go |Java )/
const JAVA = 'Java CHM'
// Of the core's percentiles.
const LONGEST_P999_US = 20
const LONGEST_US = 1_000

const worst = (found: readonly Found[], sense: Judged['sense']): Found | undefined =>
  cheapest(found, ({ value }) => (sense === 'at least' ? value : -value))

const judge = (title: string, sense: Judged['sense'], limit: number, found: Found | undefined): Judged => ({
  title,
  sense,
  limit,
  measured: found?.value,
  where: found?.where ?? '',
})

const mean = (found: readonly Found[], where: string): Found | undefined =>
  found.length === 0 ? undefined : { value: geometricMean(found.map(({ value }) => value)), where }

const byPapaya = (core: Core): Judged[] => {
  const speeds = core.rows.map((row) => ({ value: speedOf(row, 'lock-free', 'papaya'), where: row.name }))
  return [
    judge('lock-free by papaya, mean', 'at least', 1.5, mean(speeds, 'all rows')),
    judge('lock-free by papaya, worst row', 'at least', 0.95, worst(speeds, 'at least')),
  ]
}

const byRust = (core: Core): Judged[] => {
  const speedIn = (row: CoreRow): Found[] => {
    const ns = Object.fromEntries(Object.entries(row.ns).filter(([name]) => RUST.test(name)))
    const [ours, theirs] = [bestOf(core, { ...row, ns }, true), bestOf(core, { ...row, ns }, false)]
    return ours && theirs ? [{ value: speedOf(row, ours, theirs), where: row.name }] : []
  }
  const strings = core.rows.filter(({ name }) => name.includes('str16'))
  return [
    judge(
      'our better by the best of Rust, worst row',
      'at least',
      0.95,
      worst(core.rows.flatMap(speedIn), 'at least'),
    ),
    judge(
      'our better by the best of Rust, mean',
      'at least',
      1.15,
      mean(strings.flatMap(speedIn), 'string keys'),
    ),
  ]
}

const crowded = (core: Core, ours: string): Judged[] => {
  const two = (row: CoreRow): CoreRow | undefined =>
    core.rows.find(({ name }) => name === row.name.replace(/8t$/, '2t'))
  const prices = core.rows
    .filter(({ threads }) => threads === 8)
    .flatMap((row) => {
      const other = two(row)
      return other ? [{ value: medianOf(row, ours) / medianOf(other, ours), where: row.name }] : []
    })
  const counters = core.rows.filter(({ name, threads }) => name.startsWith('counter') && threads === 8)
  const counted = counters.map((row) => ({ value: medianOf(row, ours), where: row.name }))
  return [
    judge(`${ours}: price with 8 threads by 2, worst row`, 'at most', 5, worst(prices, 'at most')),
    judge(`${ours}: one hot counter, ns`, 'at most', 200, worst(counted, 'at most')),
  ]
}

const byJava = (core: Core): Judged => {
  const row = core.rows.find(({ name }) => name.startsWith('str16 1e4 uniform reads 0% 2t'))
  const ours = row && bestOf(core, row, true)
  const there = row && ours && row.ns[JAVA] !== undefined
  const found = there ? { value: medianOf(row, ours) / medianOf(row, JAVA), where: row.name } : undefined
  return judge(`string writes, two threads: our better's price by ${JAVA}'s`, 'at most', 1.2, found)
}

const slowest = (core: Core, ours: string): Judged[] => {
  const limits = [
    ['p99.9', LONGEST_P999_US],
    ['max', LONGEST_US],
  ] as const
  return limits.map(([part, limit]) => {
    const place = core.quantiles.indexOf(part)
    const waits = core.tails.map((tail) => ({ value: waitOf(tail, ours, place) / 1e3, where: tail.name }))
    return judge(
      `${ours}: ${part} of single inserts while growing, us`,
      'at most',
      limit,
      worst(waits, 'at most'),
    )
  })
}

export const coreTargetSection = ({ core }: Results): string => {
  if (core === undefined) return ''
  const all = [
    ...byPapaya(core),
    ...byRust(core),
    byJava(core),
    ...core.ours.flatMap((ours) => [...crowded(core, ours), ...slowest(core, ours)]),
  ]
  const rows = all.map(({ title, limit, sense, measured, where }): Row => {
    if (measured === undefined) return { cells: [title, '', `${sense} ${limit}`, '', 'not measured'] }
    const met = sense === 'at most' ? measured <= limit : measured >= limit
    return {
      cells: [title, figure(measured), `${sense} ${limit}`, where, met ? 'met' : 'missed'],
      lost: !met,
    }
  })
  return table(['', 'measured', 'wanted', 'where', ''], rows)
}
