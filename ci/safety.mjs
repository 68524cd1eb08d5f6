// The long checks by name, each a command that runs anywhere; safety.yml runs every one of them at night.
//   node ci/safety.mjs NAME...       --list: the names as a matrix, a line for GITHUB_OUTPUT
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { prepare } from '../scripts/prepare.mjs'
import { node, root } from '../scripts/toolchain.mjs'

/** @type {Record<string, readonly string[]>} arguments of Node */
const checks = {
  storm: ['ci/storm.mjs', '--minutes', '60'],
  'storm-lock-free': ['ci/storm.mjs', '--minutes', '60', '--variant', 'lock-free'],
  leak: ['--expose-gc', 'ci/leak.mjs'],
  linearizability: ['ci/linearizability.mjs', '--minutes', '120'],
  slow: ['scripts/test.mjs', 'slow'],
  sanitize: ['ci/sanitize.mjs', '--full'],
  fuzz: ['ci/fuzz.mjs', '--minutes', '60'],
  growth: ['ci/growth.mjs', '--full'],
  loom: ['ci/loom.mjs', '--full'],
  shuttle: ['ci/shuttle.mjs', '--full'],
  'snapshot-waits': ['ci/snapshot-waits.mjs'],
  miri: ['ci/miri.mjs'],
  'supply-chain': ['ci/supply-chain.mjs', '--online'],
}

/** @param {string} name */
function run(name) {
  const args = checks[name]
  if (!args) throw new Error(`no check '${name}'. There are: ${Object.keys(checks).join(', ')}`)
  const script = args.find((arg) => arg.endsWith('.mjs')) ?? ''
  if (!existsSync(join(root, script))) throw new Error(`there is no ${script}`)
  return spawnSync(node(), args, { cwd: root, stdio: 'inherit' }).status ?? 1
}

const names = process.argv.slice(2)
if (names[0] === '--list') {
  console.log(`checks=${JSON.stringify({ include: Object.keys(checks).map((name) => ({ name })) })}`)
} else {
  await prepare()
  for (const name of names) process.exitCode = run(name) || process.exitCode || 0
}
