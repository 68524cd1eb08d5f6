// Everything that is printed. On a terminal the progress of a job is one line, drawn again in place; elsewhere it is
// a plain line a second, so that a log of a run can be read.
import { relative } from 'node:path'
import type { Comparison } from './compare.ts'
import type { Tally } from './count.ts'
import type { Skipped } from './files.ts'
import type { JobResult } from './run-job.ts'
import type { WordCount } from './top.ts'

const MIB = 2 ** 20
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
const ERASE_LINE = '\r\x1b[2K'

export type Output = { isTTY?: boolean; columns?: number; write(text: string): unknown }

/** The line of one job while it runs. */
export class ProgressLine {
  readonly #out: Output
  readonly #label: string
  readonly #started = performance.now()
  #due: number
  #text = ''

  constructor(out: Output, label: string) {
    this.#out = out
    this.#label = label
    this.#due = this.#started + this.#pause
  }

  /** Shows `text(seconds)` if it is time to: ten times a second on a terminal, once a second elsewhere. */
  show(text: (seconds: number) => string): void {
    const now = performance.now()
    this.#text = `${this.#label}: ${text((now - this.#started) / 1_000)}`
    if (now < this.#due) return
    this.#due = now + this.#pause
    // Cut to the terminal's width: a line that wraps cannot be drawn again in place.
    if (this.#out.isTTY) this.#out.write(ERASE_LINE + this.#text.slice(0, (this.#out.columns ?? 80) - 1))
    else this.#out.write(`${this.#text}\n`)
  }

  /** The last state stays on the screen. */
  end(): void {
    this.#out.write(`${this.#out.isTTY ? ERASE_LINE : ''}${this.#text}\n`)
  }

  get #pause(): number {
    return this.#out.isTTY ? 100 : 1_000
  }
}

/** Files, rates, and the share that each worker has in the words: short enough for a line of a terminal. */
export function progressText(tally: Tally, words: readonly number[], files: number, seconds: number): string {
  const wordRate = COMPACT.format(tally.words / Math.max(seconds, 0.001))
  const rates = `${rate(tally.bytes / MIB, seconds)} MB/s, ${wordRate} words/s`
  const shares = words.map((count) => `${Math.round((100 * count) / Math.max(1, tally.words))} %`)
  const workers = words.length > 1 ? `, workers ${shares.join(' ')}` : ''
  return `${whole(tally.files)}/${whole(files)} files, ${rates}${workers}`
}

/** What was left out, named from `root` on. */
export function skippedText(skipped: Skipped, root: string): string {
  if (skipped.size === 0) return ''
  const lines = [...skipped].map(([reason, { total, names }]) => {
    const more = total > names.length ? `, and ${whole(total - names.length)} more` : ''
    return `  ${whole(total)} ${reason}: ${names.map((name) => printable(relative(root, name) || '.')).join(', ')}${more}\n`
  })
  return `left out:\n${lines.join('')}`
}

export function topText(top: readonly WordCount[]): string {
  const width = Math.max(...top.map(([, count]) => whole(count).length))
  return top.map(([word, count]) => `  ${whole(count).padStart(width)}  ${word}\n`).join('')
}

/** One line a job. */
export function tableText(rows: readonly { label: string; result: JobResult }[]): string {
  const heads = ['', 'seconds', 'MB/s', 'words/s', 'peak memory']
  const cells = rows.map(({ label, result: { seconds, tally, peakBytes } }) => [
    label,
    seconds.toFixed(2),
    rate(tally.bytes / MIB, seconds),
    rate(tally.words, seconds),
    `${whole(peakBytes / MIB)} MB`,
  ])
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...cells.map((row) => row[column]?.length ?? 0)),
  )
  const line = (row: string[]): string =>
    `  ${row.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  ')}\n`
  return [heads, ...cells].map(line).join('')
}

export function differencesText(label: string, { total, first }: Comparison): string {
  const lines = first.map(
    ({ word, expected, got }) => `  ${word}: ${got ?? 'not there'} instead of ${expected ?? 'not there'}\n`,
  )
  const more = total > first.length ? `  and ${whole(total - first.length)} more\n` : ''
  return `${label}: ${whole(total)} words differ from one thread with a plain Map\n${lines.join('')}${more}`
}

export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}

/** A name as it can be shown: control characters of a file name must not reach the terminal. */
export function printable(name: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return name.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')
}

function rate(amount: number, seconds: number): string {
  const value = amount / Math.max(seconds, 0.001)
  return value < 10 ? value.toFixed(1) : whole(value)
}
