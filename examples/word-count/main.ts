// node examples/word-count/main.ts [DIR]: counts every word of every text file under DIR three times - by workers
// that share one map, by one thread with a plain Map, by workers with private Maps - and compares the three.
// The exit code is 0 only if all three agree on every word and every count.
import { statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compare, exitCode, type Verdict } from './compare.ts'
import { CHANGED, type Skipped, type Survey, skip, survey } from './files.ts'
import type { JobName } from './jobs/job.ts'
import type { FileEntry } from './read.ts'
import * as report from './report.ts'
import { type JobResult, runJob } from './run-job.ts'
import { MAX_WORD } from './words.ts'

const USAGE = `usage: main.ts [DIR]   (DIR: the folder to count, by default this project with its node_modules)\n`
/** Rounds before giving up on a tree in which files keep changing. */
const ROUNDS = 3

const out = process.stdout
const workers = availableParallelism()
const JOBS: readonly { job: JobName; short: string; label: string }[] = [
  { job: 'shared', short: 'shared map', label: `${workers} workers, one shared map` },
  { job: 'single', short: 'plain Map', label: 'one thread, a plain Map' },
  { job: 'private', short: 'private Maps', label: `${workers} workers, private Maps merged` },
]

type Row = { label: string; job: JobName; result: JobResult }

async function main(args: readonly string[]): Promise<Verdict> {
  if (args.length > 1 || args[0]?.startsWith('-')) return refuse(USAGE)
  const root = args[0] === undefined ? fileURLToPath(new URL('../..', import.meta.url)) : resolve(args[0])
  try {
    if (!statSync(root).isDirectory())
      return refuse(`${report.printable(root)} is a file, not a folder\n${USAGE}`)
  } catch (error) {
    return refuse(`cannot read ${report.printable(root)}: ${(error as Error).message}\n${USAGE}`)
  }

  const { files, bytes, skipped } = look(root)
  out.write(`${report.whole(files.length)} text files, ${report.whole(bytes / 2 ** 20)} MB\n`)
  out.write(report.skippedText(skipped, root))
  try {
    return conclude(await runRounds(root, files))
  } catch (error) {
    process.stderr.write(`not compared: ${(error as Error).message}\n`)
    return 'not compared'
  }
}

/** The list of files, and each of them read once: all jobs find them in the file cache. */
function look(root: string): Survey {
  const line = new report.ProgressLine(out, 'reading everything once')
  const found = survey(root, (files, bytes) => {
    line.show((seconds) => `${report.whole(files)} files, ${report.whole(bytes / 2 ** 20 / seconds)} MB/s`)
  })
  line.end()
  return found
}

/** All jobs over the same files. When a file changes meanwhile, all of them again without it. */
async function runRounds(root: string, files: FileEntry[]): Promise<Row[]> {
  for (let round = 1; round <= ROUNDS; round++) {
    const rows = await runRound(files)
    const changed = new Set(rows.flatMap(({ result }) => result.tally.changed))
    if (changed.size === 0) return rows
    const skipped: Skipped = new Map()
    for (const path of changed) skip(skipped, CHANGED, path)
    out.write(report.skippedText(skipped, root))
    files = files.filter(({ path }) => !changed.has(path))
  }
  throw new Error('files kept changing while they were counted')
}

/** Ends early when a job met a changed file: then the round is void. */
async function runRound(files: FileEntry[]): Promise<Row[]> {
  const rows: Row[] = []
  for (const { job, short, label } of JOBS) {
    const line = new report.ProgressLine(out, short)
    const result = await runJob(job, files, workers, (tally, words) => {
      line.show((seconds) => report.progressText(tally, words, files.length, seconds))
    }).catch((error: Error) => {
      throw new Error(`${label}: ${error.message}`)
    })
    line.end()
    rows.push({ job, label, result })
    if (result.tally.changed.length > 0) break
  }
  return rows
}

function conclude(rows: readonly Row[]): Verdict {
  const yardstick = rows.find(({ job }) => job === 'single')?.result
  const shown = rows[0]?.result
  if (yardstick === undefined || shown === undefined) throw new Error('no job has run')
  const { tally, counts } = yardstick
  out.write(`\n${report.whole(tally.words)} words, ${report.whole(counts.size)} different`)
  if (tally.long > 0)
    out.write(` (and ${report.whole(tally.long)} longer than ${MAX_WORD} characters, left out)`)
  out.write(`; the most frequent:\n${report.topText(shown.top)}\n${report.tableText(rows)}\n`)

  let verdict: Verdict = 'agree'
  for (const { label, result } of rows) {
    const comparison = compare(counts, result.counts)
    if (comparison.total === 0) continue
    verdict = 'differ'
    process.stderr.write(report.differencesText(label, comparison))
  }
  if (verdict === 'agree') out.write('all three agree on every word and every count\n')
  return verdict
}

function refuse(message: string): Verdict {
  process.stderr.write(message)
  return 'wrong use'
}

// `npm start | head` closes the pipe early: that is no error of this program.
out.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
process.exitCode = exitCode(await main(process.argv.slice(2)))
