// npm run check: everything that CI asks for but the tests. All checks run, each on its own line, and what the
// failed ones said comes at the end.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { lintWorkflows } from '../ci/workflows.mjs'
import { figuresAreFresh } from './figures.mjs'
import { brokenRules } from './house.mjs'
import { buildBinding, buildDist, install } from './prepare.mjs'
import { fail, quietly, step } from './steps.mjs'
import { cargo, Fault, node, root, tool } from './toolchain.mjs'
import { keep, none } from './totals.mjs'

/** A workspace of its own. */
const fuzzer = ['--manifest-path', 'fuzz/Cargo.toml']
const fuzzed = ['--target-dir', 'target/fuzz']

const locked = process.env['CI'] ? ['--locked'] : []

/** @param {readonly string[]} args @param {Record<string, string>} [env] */
const rust = (args, env) => quietly({ command: cargo(), args, ...(env && { env }) })

const house = async () => {
  const broken = brokenRules()
  if (broken.length > 0) throw new Fault(broken.join('\n'))
}

/** On CI the lockfiles must be what git has after everything was installed and built. */
const fresh = async () => {
  await buildBinding({ force: true })
  if (!process.env['CI']) return
  const kept = ['Cargo.lock', 'package-lock.json']
  const dirty = execFileSync('git', ['status', '--porcelain', '--', ...kept], { cwd: root }).toString()
  if (dirty !== '') throw new Fault(`lockfiles differ from the commit:\n${dirty}`)
}

/** Linters that this machine cannot install are named at the end; GitHub's must have them. @type {string[]} */
const absent = []
const workflows = async () => void absent.push(...lintWorkflows())

/** The page is what its raw figures make, and the README repeats the page. */
const figures = async () => {
  await quietly({ command: node(), args: [join(root, 'bench', 'page', 'main.ts'), '--check'] })
  figuresAreFresh()
}

/** @type {[string, () => Promise<unknown>][]} */
const checks = [
  ['house rules', house],
  [
    'format and lint',
    () => quietly(tool('@biomejs/biome', ['ci', '--error-on-warnings', '--max-diagnostics=100', '.'])),
  ],
  ['cargo fmt', () => rust(['fmt', '--all', '--check'])],
  ['clippy', () => rust(['clippy', '--workspace', '--all-targets', ...locked, '--', '-D', 'warnings'])],
  ['cargo fmt of the fuzzer', () => rust(['fmt', ...fuzzer, '--check'])],
  [
    'clippy of the fuzzer',
    () => rust(['clippy', ...fuzzer, ...fuzzed, '--all-targets', ...locked, '--', '-D', 'warnings']),
  ],
  ['rustdoc', () => rust(['doc', '--workspace', '--no-deps', ...locked], { RUSTDOCFLAGS: '-D warnings' })],
  ['types', () => quietly(tool('typescript', []))],
  ['types of the scripts', () => quietly(tool('typescript', ['--project', 'scripts']))],
  ['native binding', fresh],
  ['benchmark page and the figures of the README', figures],
  ['dist', () => buildDist({ force: true })],
  ['workflows', workflows],
  ['documentation and its links', () => quietly(tool('typedoc', []))],
  ['publint', () => quietly(tool('publint', ['--strict']))],
]

try {
  keep('check', undefined)
  await install()
  cargo()
  /** @type {string[]} */
  const faults = []
  for (const [title, check] of checks) {
    await step(`check ${title}`, check).catch((error) => {
      faults.push(`threadmap: ${title}: ${error instanceof Fault ? error.message : error.stack}`)
    })
  }
  keep('check', { ...none(), passed: checks.length - faults.length, failed: faults.length })
  for (const fault of faults) console.error(`\n${fault}`)
  for (const line of absent) console.log(`threadmap: ${line}`)
  console.log(`threadmap: ${checks.length - faults.length} of ${checks.length} checks hold`)
  process.exitCode = faults.length > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
