// The platforms that threadmap is published for: one package each, and how CI builds and tests it. The loader
// (binding.cjs) and package.json (napi.targets) list the same ones, which scripts/house.mjs sees to.
//   node ci/platforms.mjs      the matrices of ci.yml, as lines for GITHUB_OUTPUT
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Platform
 * @property {string} name of the package, after `@threadmap/`
 * @property {string} target the compiler's triple
 * @property {string} os as npm and `process.platform` call it
 * @property {string} cpu as npm and `process.arch` call it
 * @property {'glibc' | 'musl'} [libc] of Linux
 * @property {string} zig the triple for cargo-zigbuild, with the oldest glibc; empty where the machine itself builds
 * @property {string} builder the machine of CI that builds it
 * @property {string} [tester] the machine of CI that tests the same bits, where there is one
 */

/** @type {readonly Platform[]} */
export const platforms = [
  {
    ...{ name: 'linux-x64-gnu', target: 'x86_64-unknown-linux-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
    ...{ zig: 'x86_64-unknown-linux-gnu.2.17', builder: 'ubuntu-latest', tester: 'ubuntu-latest' },
  },
  {
    ...{ name: 'linux-x64-musl', target: 'x86_64-unknown-linux-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
    ...{ zig: 'x86_64-unknown-linux-musl', builder: 'ubuntu-latest', tester: 'ubuntu-latest' },
  },
  {
    ...{
      name: 'linux-arm64-gnu',
      target: 'aarch64-unknown-linux-gnu',
      os: 'linux',
      cpu: 'arm64',
      libc: 'glibc',
    },
    ...{ zig: 'aarch64-unknown-linux-gnu.2.17', builder: 'ubuntu-latest', tester: 'ubuntu-24.04-arm' },
  },
  {
    ...{
      name: 'linux-arm64-musl',
      target: 'aarch64-unknown-linux-musl',
      os: 'linux',
      cpu: 'arm64',
      libc: 'musl',
    },
    ...{ zig: 'aarch64-unknown-linux-musl', builder: 'ubuntu-latest', tester: 'ubuntu-24.04-arm' },
  },
  {
    ...{ name: 'linux-arm-gnueabihf', target: 'armv7-unknown-linux-gnueabihf', os: 'linux', cpu: 'arm' },
    ...{ libc: 'glibc', zig: 'armv7-unknown-linux-gnueabihf.2.17', builder: 'ubuntu-latest' },
  },
  {
    ...{ name: 'darwin-x64', target: 'x86_64-apple-darwin', os: 'darwin', cpu: 'x64' },
    ...{ zig: '', builder: 'macos-latest', tester: 'macos-15-intel' },
  },
  {
    ...{ name: 'darwin-arm64', target: 'aarch64-apple-darwin', os: 'darwin', cpu: 'arm64' },
    ...{ zig: '', builder: 'macos-latest', tester: 'macos-latest' },
  },
  {
    ...{ name: 'win32-x64-msvc', target: 'x86_64-pc-windows-msvc', os: 'win32', cpu: 'x64' },
    ...{ zig: '', builder: 'windows-latest', tester: 'windows-latest' },
  },
  {
    ...{ name: 'win32-arm64-msvc', target: 'aarch64-pc-windows-msvc', os: 'win32', cpu: 'arm64' },
    ...{ zig: '', builder: 'windows-latest', tester: 'windows-11-arm' },
  },
  {
    ...{ name: 'freebsd-x64', target: 'x86_64-unknown-freebsd', os: 'freebsd', cpu: 'x64' },
    ...{ zig: 'x86_64-unknown-freebsd', builder: 'ubuntu-latest' },
  },
]

/** @param {Platform} platform @returns {string} the name of its binary, as `napi build --platform` writes it */
export function binaryName({ name }) {
  return `threadmap.${name}.node`
}

/** The platform of this machine. */
export function own() {
  const musl =
    process.platform === 'linux' &&
    /** @type {any} */ (process.report?.getReport())?.header?.glibcVersionRuntime === undefined
  const found = platforms.find(
    ({ os, cpu, libc }) =>
      os === process.platform && cpu === process.arch && (libc === undefined || (libc === 'musl') === musl),
  )
  if (!found) throw new Error(`no package is published for ${process.platform}-${process.arch}`)
  return found
}

/** The Nodes that every platform's binary is tested on. */
const NODES = [22, 24, 26]

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const build = platforms.map(({ name, builder }) => ({ name, builder }))
  const test = platforms.flatMap(({ name, tester }) =>
    tester ? NODES.map((node) => ({ name, tester, node })) : [],
  )
  console.log(`build=${JSON.stringify({ include: build })}`)
  console.log(`test=${JSON.stringify({ include: test })}`)
}
