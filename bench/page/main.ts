// node bench/page/main.ts [--check]: writes BENCHMARKS.md and its charts from the raw figures that are there, or says
// which of them are not as the figures have it. The README's block is then for scripts/figures.mjs.
import { join } from 'node:path'
import { makePage, RESULTS, ROOT, stale, writePage } from './page.ts'
import { readResults } from './results.ts'

const results = readResults(join(ROOT, RESULTS))
if (results.run === undefined) {
  process.stderr.write(`${RESULTS} has no run: npm run bench:all makes one\n`)
  process.exit(1)
}
const page = makePage(results)
if (process.argv.includes('--check')) {
  const wrong = stale(ROOT, page)
  if (wrong.length > 0) {
    process.stderr.write(
      `${wrong.join(', ')}: not what ${RESULTS} has: run \`npm run bench:page\` and commit\n`,
    )
    process.exitCode = 1
  }
} else {
  writePage(ROOT, page)
}
