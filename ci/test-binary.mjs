// The TypeScript tests over a binary that was built elsewhere: the very bits that are published. Needs Node and npm, no
// Rust; the binary of the musl platforms is tested in Alpine, by docker, when this machine is not Alpine itself.
//   node ci/test-binary.mjs NAME [--binaries FOLDER] [--node 24] [-- SPECS AND OPTIONS OF VITEST]
import { execFileSync } from 'node:child_process'
import { copyFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDist, install } from '../scripts/prepare.mjs'
import { aloud } from '../scripts/steps.mjs'
import { node, root, tool } from '../scripts/toolchain.mjs'
import { binaryName, own, platforms } from './platforms.mjs'

const end = process.argv.indexOf('--')
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, end < 0 ? undefined : end),
  allowPositionals: true,
  options: {
    binaries: { type: 'string', default: join(root, 'target', 'binaries') },
    node: { type: 'string' },
  },
})
const platform = platforms.find(({ name }) => name === positionals[0])
if (!platform)
  throw new Error(`no platform '${positionals[0]}': one of ${platforms.map(({ name }) => name).join(', ')}`)

if (platform.libc === 'musl' && own().libc !== 'musl') {
  const command = ['node', 'ci/test-binary.mjs', platform.name, '--binaries', '/binaries']
  const mounts = [
    '-v',
    `${root}:/work`,
    '-v',
    `${realpathSync(values.binaries)}:/binaries:ro`,
    '-v',
    '/work/node_modules',
  ]
  const image = `node:${values.node ?? '24'}-alpine`
  const env = ['-e', 'CI', '-e', 'THREADMAP_NODE=/usr/local/bin/node']
  execFileSync('docker', ['run', '--rm', ...mounts, ...env, '-w', '/work', image, ...command], {
    stdio: 'inherit',
  })
} else {
  await install()
  copyFileSync(join(values.binaries, binaryName(platform)), join(root, binaryName(platform)))
  await buildDist()
  const specs = end < 0 ? ['--exclude', '__test__/packed.spec.ts'] : process.argv.slice(end + 1)
  const { code } = await aloud({ ...tool('vitest', ['run', ...specs]), command: node() })
  process.exitCode = code
}
