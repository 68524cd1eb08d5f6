// Where the code comes from that is linked in or run in a build: licences, forbidden crates and sources of the crates
// (deny.toml), no dependency of the package at run time, no lockfile entry without a checksum.
//   node ci/supply-chain.mjs [--online]
// --online: also known advisories and the registry's signatures, which need the network and change without us.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { npm, root } from '../scripts/toolchain.mjs'
import { cargoTool } from './cargo-tool.mjs'

const { values } = parseArgs({ options: { online: { type: 'boolean', default: false } } })

/** @param {{ command: string, args: readonly string[], shell?: boolean }} call */
function run({ command, args, shell = false }) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', shell })
  if (status !== 0) process.exitCode = 1
}

function lockfile() {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const faults = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.integrity && !entry.link)
    .map(([path]) => `package-lock.json: ${path} has no checksum`)
  if (dependencies !== undefined) faults.push('package.json: the package has no dependency at run time')
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}

lockfile()
const deny = cargoTool('cargo-deny', '0.20.2')
run({ command: deny, args: ['--locked', 'check', 'licenses', 'bans', 'sources'] })
if (values.online) {
  run({ command: deny, args: ['--locked', 'check', 'advisories'] })
  run(npm(['audit', 'signatures']))
  run(npm(['audit', '--omit=dev']))
}
console.log(process.exitCode ? 'the supply chain has faults' : 'the supply chain holds')
