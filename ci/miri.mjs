// Miri, which interprets the core's tests and finds undefined behaviour that no run shows. Where rustup can install it:
// it is in no package registry.
//   node ci/miri.mjs [NAME OF TESTS]
import { execFileSync } from 'node:child_process'
import { root } from '../scripts/toolchain.mjs'

// Addresses that were numbers for a while (tagged words) are allowed; time and randomness are the system's.
const MIRIFLAGS = '-Zmiri-disable-isolation -Zmiri-permissive-provenance -Zmiri-tree-borrows'

const options = /** @type {const} */ ({ cwd: root, stdio: 'inherit', env: { ...process.env, MIRIFLAGS } })
execFileSync('rustup', ['toolchain', 'install', 'nightly', '--component', 'miri,rust-src'], options)
const args = ['+nightly', 'miri', 'test', '-p', 'threadmap-core', '--lib', ...process.argv.slice(2)]
execFileSync('cargo', args, options)
