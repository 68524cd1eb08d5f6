// The core against the maps of Rust: times, then bytes, in one report and one file of raw figures.
//   node ci/bench-core.mjs [--quick | --full] [--only SUBSTRING] [--json FILE] [--markdown FILE]
// --quick takes three minutes after the build, no option ten, --full most of an hour. Measures and tells, and fails
// only when it cannot measure: a lost row is no fault.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    json: { type: 'string', default: join(root, 'target', 'bench-core.json') },
    markdown: { type: 'string' },
  },
})

const mode = ['quick', 'full'].filter((name) => values[name]).map((name) => `--${name}`)
const only = values.only === undefined ? [] : ['--only', values.only]
const json = resolve(values.json)
const parts = ['peers', 'memory'].map((name) => {
  const part = join(root, 'target', `bench-core-${name}`)
  return { name, json: `${part}.json`, markdown: `${part}.md` }
})

for (const part of parts) {
  rmSync(part.json, { force: true })
  const files = ['--json', part.json, '--markdown', part.markdown]
  const cargo = ['bench', '-p', 'threadmap-core', '--bench', part.name, '--', ...mode, ...only, ...files]
  const { status, error } = spawnSync('cargo', cargo, { cwd: root, stdio: 'inherit' })
  if (status !== 0 || !existsSync(part.json)) {
    console.error(`bench-core: ${part.name} failed: ${error?.message ?? `cargo ended with ${status}`}`)
    process.exit(1)
  }
}

const [times, bytes] = parts.map((part) => JSON.parse(readFileSync(part.json, 'utf8')))
mkdirSync(dirname(json), { recursive: true })
writeFileSync(json, `${JSON.stringify({ ...times, weights: bytes.weights }, null, 1)}\n`)
if (values.markdown !== undefined) {
  writeFileSync(resolve(values.markdown), parts.map((part) => readFileSync(part.markdown, 'utf8')).join('\n'))
}
console.log(`bench-core: raw figures in ${json}`)
