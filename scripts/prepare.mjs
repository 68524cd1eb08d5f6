// Installs and builds what is missing or stale, and nothing else: packages, native binding, dist.
// Staleness goes by content, never by file times: git sets those as it likes. What was built from what is kept
// in target/built.json, as one fingerprint of the sources and one of the results for each thing built.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encoded, rustflags } from './rustflags.mjs'
import { quietly, step } from './steps.mjs'
import { cargo, devNode, Fault, host, node, npm, preferNode, root, rustc, tool } from './toolchain.mjs'

const record = join(root, 'target', 'built.json')

/** With CI set the lockfiles must be right as they are; elsewhere cargo brings its own up to date. */
const locked = process.env['CI'] ? ['--locked'] : []

/** Installs and builds what is missing or stale. */
export async function prepare() {
  cargo() // says what is missing before anything is downloaded
  await install()
  await buildBinding()
  await buildDist()
}

/** Installs the packages of package-lock.json, when those in node_modules are others. */
export async function install() {
  const reason = staleInstall()
  if (reason) await step(`install packages with npm ci (${reason})`, cleanInstall)
  preferNode()
}

async function cleanInstall() {
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    await quietly(npm(args))
  } catch (error) {
    // The script of the development dependency `node` fails where npm has no binary for the platform. Nothing else
    // needs an install script, so go on with the Node that is running, if it is new enough: node() says so if not.
    await quietly(npm([...args, '--ignore-scripts'])).catch(() => {
      throw error
    })
    node()
  }
}

/** @returns {string | undefined} why the packages must be installed */
function staleInstall() {
  const hidden = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(hidden)) return 'node_modules is missing'
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  const present = JSON.parse(readFileSync(hidden, 'utf8')).packages
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === '') continue
    const found = present[path]
    if (!found && entry.optional) continue
    if (found?.version !== entry.version)
      return `${path.replace(/^.*node_modules\//, '')} is not the locked version`
  }
  if (!existsSync(devNode) && !process.env['THREADMAP_NODE']) return unavailableNode()
  return undefined
}

/** Without a binary in node_modules/node this Node serves, if it can; installing again would change nothing. */
function unavailableNode() {
  try {
    node()
    return undefined
  } catch {
    return 'node_modules/node has no binary'
  }
}

/**
 * Builds the native binding, when a Rust source, a Cargo file or the compiler changed.
 * @param {{ force?: boolean }} [options]
 */
export async function buildBinding({ force = false } = {}) {
  const sources = [
    ...files('crates', /\.(rs|toml)$/).filter((path) => !/\/(tests|benches)\//.test(path)),
    ...['Cargo.toml', 'scripts/rustflags.mjs', '.cargo/config.toml', 'rust-toolchain.toml'].filter((path) =>
      existsSync(join(root, path)),
    ),
  ]
  const from = () => fingerprint([...sources, 'Cargo.lock', 'package.json'], rustc())
  const results = () => readdirSync(root).filter((name) => /^threadmap\..*\.node$/.test(name))
  const reason = force ? 'asked for' : stale('binding', from(), results(), 1)
  if (!reason) return
  await step(`build the native binding, optimised (${reason})`, async () => {
    const call = tool('@napi-rs/cli', [
      ...['build', '--platform', '--release', '--manifest-path', 'crates/threadmap-node/Cargo.toml'],
      // The loader and its types are written by hand (binding.cjs says why); the generated ones are nobody's.
      ...['--output-dir', '.', '--no-js', '--dts', 'target/binding.d.ts'],
      ...(locked.length > 0 ? ['--', ...locked] : []),
    ])
    await quietly({ ...call, env: encoded(rustflags(host())) })
    remember('binding', from(), results())
  })
}

/**
 * Builds dist, the package's JavaScript and types, when the facade changed.
 * @param {{ force?: boolean }} [options]
 */
export async function buildDist({ force = false } = {}) {
  const sources = [
    'index.ts',
    ...files('lib', /\.ts$/),
    'tsdown.config.ts',
    'tsconfig.json',
    'package-lock.json',
  ]
  const results = () => (existsSync(join(root, 'dist')) ? files('dist', /./) : [])
  const reason = force ? 'asked for' : stale('dist', fingerprint(sources), results(), 2)
  if (!reason) return
  await step(`build dist (${reason})`, async () => {
    rmSync(join(root, 'dist'), { recursive: true, force: true })
    await quietly(tool('tsdown', ['--logLevel', 'warn']))
    remember('dist', fingerprint(sources), results())
  })
}

/**
 * @param {string} what
 * @param {string} from the sources' fingerprint
 * @param {readonly string[]} results
 * @param {number} least how many results there must be
 */
function stale(what, from, results, least) {
  if (results.length < least) return 'missing'
  const kept = readRecord()[what]
  if (!kept) return 'not built by this script'
  if (kept.from !== from) return 'its sources changed'
  if (kept.to !== fingerprint(results)) return 'changed since it was built'
  return undefined
}

/** @returns {Record<string, { from: string, to: string }>} */
function readRecord() {
  try {
    return JSON.parse(readFileSync(record, 'utf8'))
  } catch {
    return {}
  }
}

/**
 * @param {string} what
 * @param {string} from
 * @param {readonly string[]} results
 */
function remember(what, from, results) {
  if (results.length === 0) throw new Fault(`the build of ${what} wrote nothing`)
  mkdirSync(join(root, 'target'), { recursive: true })
  writeFileSync(
    record,
    `${JSON.stringify({ ...readRecord(), [what]: { from, to: fingerprint(results) } }, null, 2)}\n`,
  )
}

/**
 * @param {readonly string[]} paths
 * @param {string} [more]
 */
function fingerprint(paths, more = '') {
  const hash = createHash('sha256').update(more)
  for (const path of [...paths].sort()) {
    hash.update(`\0${path}\0`)
    if (existsSync(join(root, path))) hash.update(readFileSync(join(root, path)))
  }
  return hash.digest('hex')
}

/**
 * @param {string} folder
 * @param {RegExp} matching
 * @returns {string[]} paths from the root, with forward slashes
 */
function files(folder, matching) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (entry.isDirectory()) return files(path, matching)
    return matching.test(entry.name) ? [path] : []
  })
}
