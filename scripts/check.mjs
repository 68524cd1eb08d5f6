// npm run check: everything that CI asks for but the tests. All checks run, each on its own line, and what the
// failed ones said comes at the end.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { figuresAreFresh } from './figures.mjs'
import { brokenRules } from './house.mjs'
import { buildBinding, buildDist, generated, install } from './prepare.mjs'
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

/** The generated files are committed: building must give what is there. On CI they must be what git has, too. */
const fresh = async () => {
  const read = () => generated.map((name) => readFileSync(join(root, name), 'utf8'))
  const before = read()
  await buildBinding({ force: true })
  const after = read()
  const changed = generated.filter((_, i) => before[i] !== after[i])
  if (changed.length > 0) throw new Fault(`${changed.join(', ')} was not what the build writes: commit it`)
  if (!process.env['CI']) return
  const kept = [...generated, 'Cargo.lock', 'package-lock.json']
  const dirty = execFileSync('git', ['status', '--porcelain', '--', ...kept], { cwd: root }).toString()
  if (dirty !== '') throw new Fault(`generated files differ from the commit:\n${dirty}`)
}

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
  ['benchmark page and the figures of the README', figures],
  ['native binding and its generated files', fresh],
  ['dist', () => buildDist({ force: true })],
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
  console.log(`threadmap: ${checks.length - faults.length} of ${checks.length} checks hold`)
  process.exitCode = faults.length > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
