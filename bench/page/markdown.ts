// Markdown from figures: tables, and how a figure is written.
import type { Spread } from '../rounds.ts'

/** A row of cells; a lost one is set in bold. */
export interface Row {
  readonly cells: readonly string[]
  readonly lost?: boolean
}

const bold = (cell: string): string => (cell === '' ? '' : `**${cell}**`)

/** The first columns are text, all others are figures. */
export const table = (head: readonly string[], rows: readonly Row[], texts = 1): string => {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const rule = head.map((_, column) => (column < texts ? '---' : '---:'))
  return [
    line(head),
    line(rule),
    ...rows.map(({ cells, lost }) => line(lost ? cells.map(bold) : cells)),
  ].join('\n')
}

/** Two or three digits that say something. */
export const figure = (value: number): string => {
  if (!Number.isFinite(value)) return '-'
  if (value >= 1000) return Number(value.toPrecision(3)).toLocaleString('en')
  if (value >= 99.95) return value.toFixed(0)
  return value >= 9.95 ? value.toFixed(0) : Number(value.toPrecision(2)).toString()
}

export const times = (value: number): string => `${value >= 9.95 ? figure(value) : value.toFixed(2)}x`

/** Half the distance between the quartiles, in percent of the median. */
export const plusMinus = ({ low, high, median }: Spread): string =>
  `±${figure((50 * (high - low)) / median)}%`

/** A median with its interval. */
export const measured = (spread: Spread): string => `${figure(spread.median)} ${plusMinus(spread)}`

export const count = (value: number): string => value.toLocaleString('en')

/** A block between two marks, which others copy. */
export const marked = (name: string, text: string): string => `<!-- ${name} -->\n${text}\n<!-- /${name} -->`
