// How many tests passed, failed and were skipped, added up over all runners: counted from what the runners report,
// kept in target/test-totals.json, printed as the last line. Run as a program it prints that line again, with one
// failure more for each failed check of target/check-totals.json (.ci/run ends with it).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { root } from './toolchain.mjs'

/** @typedef {{ passed: number, failed: number, skipped: number }} Totals */

const target = join(root, 'target')
const kept = { test: join(target, 'test-totals.json'), check: join(target, 'check-totals.json') }

/** @returns {Totals} */
export function none() {
  return { passed: 0, failed: 0, skipped: 0 }
}

/** @param {Totals} a @param {Totals} b @returns {Totals} */
export function sum(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** @param {Totals} totals */
export function line({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

/**
 * The `test result:` lines of cargo test, one for each test binary and for the documentation's tests.
 * @param {string} output
 */
export function countCargo(output) {
  const results = stripVTControlCharacters(output).matchAll(
    /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored;/gm,
  )
  return [...results]
    .map(([, passed, failed, skipped]) => ({
      passed: Number(passed),
      failed: Number(failed),
      skipped: Number(skipped),
    }))
    .reduce(sum, none())
}

/**
 * vitest's JSON report. A file that could not be loaded has no test to fail, so it counts as one.
 * @param {string} path
 * @returns {Totals} nothing at all where vitest wrote no report
 */
export function countVitest(path) {
  let report
  try {
    report = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return none()
  }
  const broken = report.testResults.filter(
    (/** @type {{ status: string, assertionResults: unknown[] }} */ file) =>
      file.status === 'failed' && file.assertionResults.length === 0,
  ).length
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

/**
 * The line that a script of ci/ ends with: `fuzz: 3 passed, 0 failed`.
 * @param {string} output
 * @returns {Totals} nothing at all where it did not come so far
 */
export function countScript(output) {
  const last = stripVTControlCharacters(output).trimEnd().split('\n').at(-1) ?? ''
  const [, passed, failed, skipped = 0] =
    /^\w+: (\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/.exec(last) ?? []
  return { passed: Number(passed ?? 0), failed: Number(failed ?? 0), skipped: Number(skipped) }
}

/** @param {'test' | 'check'} which @param {Totals | undefined} totals undefined: forget those of an earlier run */
export function keep(which, totals) {
  mkdirSync(target, { recursive: true })
  if (totals) writeFileSync(kept[which], `${JSON.stringify(totals)}\n`)
  else rmSync(kept[which], { force: true })
}

/** @param {'test' | 'check'} which @returns {Totals} one failure where the run did not get as far as counting */
function recall(which) {
  try {
    return JSON.parse(readFileSync(kept[which], 'utf8'))
  } catch {
    return { ...none(), failed: 1 }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const totals = { ...recall('test') }
  totals.failed += recall('check').failed
  console.log(line(totals))
  process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0
}
