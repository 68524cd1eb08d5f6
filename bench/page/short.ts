// The run in short: the block of the page that the README repeats (scripts/figures.mjs copies it), and what is to be
// thought of a run as a whole.
import type { Machine } from '../machine.ts'
import { type OperationName, operations } from '../operations.ts'
import { ratio, spread } from '../rounds.ts'
import type { Series } from '../series.ts'
import { count, marked, measured, type Row, table } from './markdown.ts'
import { decisionTable } from './matrix.ts'
import { cheapest, namesOf, sceneOf } from './node.ts'
import type { Results, Run } from './results.ts'

export const PAGE = 'BENCHMARKS.md'
/** The mark of the block. */
const BLOCK = 'figures'

// Above this, a machine of few cores had other work to do than ours.
const QUIET_LOAD = 0.5

const isBusy = (machine: Machine): boolean => Number.parseFloat(machine['load'] ?? '0') > QUIET_LOAD

/** How busy the machine was before the run and after it, and what to think of that. */
export const busy = ({ machine, loadAfter }: Run): string => {
  const said = `Load of the machine: ${machine['load']}, ${loadAfter} at the end (the run itself makes some).`
  return isBusy(machine)
    ? `${said} **Other programs were running: the intervals are wide, and figures of threads that meet say little.**`
    : said
}

export const NOTE: Readonly<Record<Run['mode'], string>> = {
  smoke: '**A smoke run: it shows that the pipeline works, and its figures say nothing.**',
  quick: 'A quick run: few rounds, small sizes. `npm run bench:all` measures longer.',
  normal: 'A normal run.',
  full: 'A full run.',
}

const SHOWN: readonly (readonly [OperationName, Series['origin'], string])[] = [
  ['get', 'recurring', '`get` of a number, recurring keys'],
  ['get', 'built', '`get` of a number, keys built for each call'],
  ['set', 'recurring', '`set` of a number'],
  ['add', 'recurring', '`add`'],
  ['getText', 'recurring', '`get` of a string of 64'],
  ['setText', 'recurring', '`set` of a string of 64'],
  ['mixed', 'recurring', operations.mixed.title],
]

/** Few figures, and the table that says which variant to take. */
export const inShort = (results: Results): string => {
  const { run, node } = results
  const ours = namesOf(run, 'ours')
  const alone = namesOf(run, 'private')
  const rowOf = ([operation, origin, title]: (typeof SHOWN)[number]): Row[] => {
    const series = node?.series ?? []
    const size = Math.min(...series.map((one) => one.size))
    const here = sceneOf(series, `thread ${operation} uniform ${origin} ${size}`)
    const price = (one: Series): number => spread(one.prices).median
    const find = (names: readonly string[]): Series | undefined =>
      cheapest(
        here.filter(({ peer }) => names.includes(peer)),
        price,
      )
    const [mine, theirs, shared] = [find(ours), find(alone), find(namesOf(run, 'shared'))]
    if (mine === undefined) return []
    const lost = [theirs, shared].some(
      (one) => one !== undefined && ratio(one.prices, mine.prices).median < 1,
    )
    const cell = (one: Series | undefined): string => (one === undefined ? '' : measured(spread(one.prices)))
    const each = [...ours, ...alone].map((name) => cell(here.find(({ peer }) => peer === name)))
    const best = shared === undefined ? '' : `${cell(shared)} (${shared.peer})`
    return [{ cells: [title, ...each, best], lost }]
  }
  const where = `${run.machine['cpu']}, Node ${run.machine['node']?.split(',')[0]}, ${run.machine['date']?.slice(0, 10)}`
  const quiet = isBusy(run.machine) ? ' **Other programs were running.**' : ''
  const parts = [
    `From one run of \`${run.command}\` (${where}; [all of it](${PAGE})). ${NOTE[run.mode]}${quiet}`,
  ]
  if (node !== undefined) {
    const size = count(Math.min(...node.series.map((one) => one.size)))
    parts.push(
      `Nanoseconds an operation on one thread, ${size} keys, uniform; median ± half the distance between the ` +
        'quartiles. In **bold** what we lose:',
      table(['', ...ours, ...alone, 'fastest of those that threads can share'], SHOWN.flatMap(rowOf)),
    )
  }
  if (results.matrix !== undefined) {
    parts.push(
      'Which variant for which work, and by how much it leads the next one (mean over all sizes, uniform and Zipf):',
      decisionTable(results),
    )
  }
  return marked(BLOCK, parts.join('\n\n'))
}
