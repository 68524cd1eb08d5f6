// npm test: prepares, then runs every test and ends with one line that adds up all runners. Runners named as
// arguments (rust, js, matrix, fuzz, loom, shuttle, growth, sanitize, slow) run alone; what follows `--` goes to them:
// npm test -- js -- -t 'a name'.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nodes } from './nodes.mjs'
import { prepare } from './prepare.mjs'
import { aloud, fail, seconds } from './steps.mjs'
import { cargo, Fault, node, root, tool, versionOf } from './toolchain.mjs'
import { countCargo, countScript, countVitest, keep, line, none, sum } from './totals.mjs'

/** @typedef {{ label: string, run: () => Promise<{ code: number, totals: import('./totals.mjs').Totals }> }} Runner */

/** What depends on how a Node ends threads and processes: it runs on every supported Node. */
const onEveryNode = ['death', 'exit', 'lifetimes'].map((name) => `__test__/${name}.spec.ts`)

const args = process.argv.slice(2)
const end = args.indexOf('--')
const extra = end < 0 ? [] : args.slice(end + 1)
const names = end < 0 ? args : args.slice(0, end)

/** @returns {Runner} */
function rust() {
  const locked = process.env['CI'] ? ['--locked'] : []
  return {
    label: 'rust',
    run: async () => {
      const args = ['test', '--workspace', '--no-fail-fast', ...locked, ...extra]
      const { code, output } = await aloud({ command: cargo(), args })
      return { code, totals: countCargo(output) }
    },
  }
}

/**
 * @param {string} label
 * @param {string} path of the Node
 * @param {readonly string[]} specs
 * @param {Record<string, string>} [env]
 * @returns {Runner}
 */
function vitest(label, path, specs, env = {}) {
  return {
    label,
    run: async () => {
      const report = join(root, 'target', 'vitest', `${label.replace(/\W+/g, '-')}.json`)
      mkdirSync(join(root, 'target', 'vitest'), { recursive: true })
      rmSync(report, { force: true })
      const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
      const call = tool('vitest', ['run', ...reporters, ...specs, ...extra])
      const { code } = await aloud({ ...call, command: path, env })
      return { code, totals: countVitest(report) }
    },
  }
}

/**
 * The quick form of a script of ci/.
 * @param {string} label
 * @returns {Runner}
 */
function script(label) {
  return {
    label,
    run: async () => {
      const { code, output } = await aloud({ command: node(), args: [join('ci', `${label}.mjs`)] })
      return { code, totals: countScript(output) }
    },
  }
}

/** Sanitizers are for Linux with glibc. */
function sanitize() {
  const { header } = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport())
  if (header.glibcVersionRuntime !== undefined) return [script('sanitize')]
  console.log('threadmap: no sanitizers for this system: their tests run on Linux with glibc')
  return []
}

/** @param {{ all: boolean }} which all, or those that the main run does not cover */
async function matrix({ all }) {
  const specs = onEveryNode.filter((spec) => existsSync(join(root, spec)))
  if (specs.length === 0)
    throw new Fault(`none of the tests for every Node is there: ${onEveryNode.join(', ')}`)
  const list = await nodes()
  if (list.length === 0) {
    console.log(
      `threadmap: npm has no Node binaries for ${process.platform}-${process.arch}: no other Node tested`,
    )
  }
  return list
    .filter(({ own }) => all || !own)
    .map(({ version, path }) => vitest(`node ${version}`, path, specs))
}

/** @returns {Promise<Runner[]>} */
async function chosen() {
  const js = () => vitest(`js on node ${versionOf(node())}`, node(), [])
  const proofs = () => [script('fuzz'), script('loom'), script('shuttle'), script('growth'), ...sanitize()]
  if (names.length === 0) return [rust(), js(), ...(await matrix({ all: false })), ...proofs()]
  /** @type {Record<string, () => Runner[] | Promise<Runner[]>>} */
  const known = {
    rust: () => [rust()],
    js: () => [js()],
    matrix: () => matrix({ all: true }),
    fuzz: () => [script('fuzz')],
    loom: () => [script('loom')],
    shuttle: () => [script('shuttle')],
    growth: () => [script('growth')],
    sanitize,
    slow: () => [vitest('slow', node(), [], { THREADMAP_SLOW: '1' })],
  }
  const lists = names.map((name) => {
    const make = known[name]
    if (!make) throw new Fault(`no test runner '${name}'. There are: ${Object.keys(known).join(', ')}`)
    return make()
  })
  return (await Promise.all(lists)).flat()
}

try {
  keep('test', undefined)
  await prepare()
  let all = none()
  const lines = []
  for (const { label, run } of await chosen()) {
    console.log(`threadmap: tests: ${label}`)
    const start = performance.now()
    const { code, totals } = await run()
    // A runner that died, or that ran nothing, has failed, whatever it counted.
    const silent = totals.failed === 0 && (code !== 0 || totals.passed === 0)
    if (silent) totals.failed = 1
    const why = silent ? (code === 0 ? ' (no test ran)' : ` (the runner ended with code ${code})`) : ''
    lines.push(`threadmap: ${label}: ${line(totals)} in ${seconds(start)}${why}`)
    console.log(lines.at(-1))
    all = sum(all, totals)
  }
  keep('test', all)
  if (lines.length > 1) console.log(lines.join('\n'))
  console.log(line(all))
  process.exitCode = all.failed > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
