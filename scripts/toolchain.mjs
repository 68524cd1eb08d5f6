// The programs that the scripts run: the Node of node_modules, npm, cargo, and the tools that npm installed.
// Nothing is looked up in a shell, and nothing here may import a dependency: it runs before the first install.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'

/** A failure that the user can mend: printed without a stack. */
export class Fault extends Error {}

/** Where the development dependency `node` put its binary. */
export const devNode = join(root, 'node_modules', 'node', 'bin', windows ? 'node.exe' : 'node')

/** @param {string} text @returns {readonly [number, number]} */
function version(text) {
  const [major = 0, minor = 0] = text.replace(/^v/, '').split('.').map(Number)
  return [major, minor]
}

/** TypeScript files run as they are since 22.18 and 23.6, and vitest asks for more than that. */
function runsTypeScript() {
  const [major, minor] = version(process.version)
  return major > 23 || (major === 22 && minor >= 18) || (major === 23 && minor >= 6)
}

/**
 * The Node that everything runs on: THREADMAP_NODE when it is set (CI runs the tests on each supported one), else
 * the development dependency, else this one where it is new enough.
 */
export function node() {
  const chosen = process.env['THREADMAP_NODE']
  if (chosen) return chosen
  if (existsSync(devNode)) return devNode
  if (runsTypeScript()) return process.execPath
  throw new Fault(
    `no Node that runs TypeScript: npm installed none for ${process.platform}-${process.arch} into node_modules/node, ` +
      `and the one on the PATH is ${process.version}. Install Node 22.18 or newer and run this again.`,
  )
}

/** @param {string} path @returns {string} such as `24.21.0` */
export function versionOf(path) {
  return spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim().replace(/^v/, '')
}

/**
 * How to start npm: by the npm that runs this script, else by the one on the PATH, which is a batch file on Windows.
 * @param {readonly string[]} args
 */
export function npm(args) {
  const running = process.env['npm_execpath']
  if (running && /^npm-cli\.c?js$/.test(basename(running))) {
    return { command: process.execPath, args: [running, ...args] }
  }
  return { command: windows ? 'npm.cmd' : 'npm', args: [...args], shell: windows }
}

/** @param {string} program */
function answers(program) {
  return spawnSync(program, ['--version'], { encoding: 'utf8' }).status === 0
}

/** @type {string | undefined} */
let cargoPath

/** Finds cargo on the PATH, or where rustup puts it (a shell opened before the install does not know yet). */
export function cargo() {
  if (cargoPath) return cargoPath
  const name = windows ? 'cargo.exe' : 'cargo'
  if (!answers(name)) {
    const folder = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'bin')
    if (!answers(join(folder, name))) {
      throw new Fault(
        "no Rust: 'cargo' is neither on the PATH nor in ~/.cargo/bin. threadmap's maps are a native addon, built on " +
          `this machine. Install Rust ${rustVersion()} or newer (https://rustup.rs), then run this again.`,
      )
    }
    process.env['PATH'] = `${folder}${delimiter}${process.env['PATH'] ?? ''}`
  }
  cargoPath = name
  return name
}

/** The oldest compiler that Cargo.toml allows. */
function rustVersion() {
  return /rust-version = "([^"]+)"/.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1] ?? '(stable)'
}

/** What tells one compiler from another, for the build's fingerprint. */
export function rustc() {
  cargo()
  return spawnSync('rustc', ['-vV'], { encoding: 'utf8' }).stdout ?? ''
}

/** The compiler's own target triple. */
export function host() {
  return /^host: (.+)$/m.exec(rustc())?.[1] ?? ''
}

/** Where the compiler and its standard library live. */
export function sysroot() {
  cargo()
  return spawnSync('rustc', ['--print', 'sysroot'], { encoding: 'utf8' }).stdout.trim()
}

/**
 * How to start a tool that npm installed: its script, on the Node above. The links in node_modules/.bin are
 * batch files on Windows, so they are not used.
 * @param {string} name the package
 * @param {readonly string[]} args
 */
export function tool(name, args) {
  const folder = join(root, 'node_modules', name)
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const script =
    typeof bin === 'string' ? bin : /** @type {string} */ (bin[basename(name)] ?? Object.values(bin)[0])
  return { command: node(), args: [join(folder, script), ...args] }
}

/** Puts the Node above first on the PATH, for the programs that start `node` themselves. */
export function preferNode() {
  process.env['PATH'] = `${dirname(node())}${delimiter}${process.env['PATH'] ?? ''}`
}
