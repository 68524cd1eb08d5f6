// The compiler's flags of every release build, here and in CI: no path of the machine in the binary, so that two
// builds of one commit in two folders give the same bytes (ci/reproducible.mjs), and how the C library is linked.
import { existsSync, readdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { root, sysroot } from './toolchain.mjs'

/** Folders of the registry's sources: their names are made of the registry's address, which may be a mirror's. */
function registries() {
  const sources = join(process.env['CARGO_HOME'] ?? join(homedir(), '.cargo'), 'registry', 'src')
  return existsSync(sources) ? readdirSync(sources).map((name) => join(sources, name)) : []
}

/** @param {string} target triple @param {string} [tree] the folder that holds the sources */
export function rustflags(target, tree = root) {
  const renamed = [
    [tree, '/threadmap'],
    ...registries().map((folder) => [folder, '/crates']),
    [join(sysroot(), 'lib', 'rustlib', 'src', 'rust'), '/rust'],
  ]
  return [
    ...renamed.map(([from, to]) => `--remap-path-prefix=${from}=${to}`),
    ...(target.endsWith('-windows-msvc') ? ['-Ctarget-feature=+crt-static'] : []),
    ...(target.includes('-musl') ? ['-Ctarget-feature=-crt-static'] : []),
  ]
}

/** As cargo takes them from the environment: one argument each, spaces and all. @param {readonly string[]} flags */
export function encoded(flags) {
  const own = process.env['RUSTFLAGS']?.split(' ').filter((flag) => flag !== '') ?? []
  return { CARGO_ENCODED_RUSTFLAGS: [...own, ...flags].join('\x1f') }
}
