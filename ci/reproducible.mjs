// Two builds of the same commit in two folders give the same bytes. Sources are copied by git, so that nothing which
// is not committed takes part.
//   node ci/reproducible.mjs
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encoded, rustflags } from '../scripts/rustflags.mjs'
import { cargo, host, root } from '../scripts/toolchain.mjs'

const library =
  { win32: 'threadmap_node.dll', darwin: 'libthreadmap_node.dylib' }[String(process.platform)] ??
  'libthreadmap_node.so'
const home = realpathSync(mkdtempSync(join(tmpdir(), 'threadmap-twice-')))

/** @param {string} name of a folder; of another length, too */
function build(name) {
  const tree = join(home, name)
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', root, tree], { stdio: 'inherit' })
  execFileSync(cargo(), ['fetch', '--locked'], { cwd: tree, stdio: 'inherit' })
  const env = { ...process.env, ...encoded(rustflags(host(), tree)), CARGO_TARGET_DIR: join(tree, 'target') }
  const args = ['build', '--release', '--locked', '-p', 'threadmap-node', '--target', host()]
  execFileSync(cargo(), args, { cwd: tree, env, stdio: ['ignore', 'inherit', 'pipe'] })
  const bytes = readFileSync(join(tree, 'target', host(), 'release', library))
  for (const path of [tree, process.env['HOME'] ?? home])
    if (bytes.includes(path)) throw new Error(`the binary has a path of this machine: ${path}`)
  return createHash('sha256').update(bytes).digest('hex')
}

try {
  const [first, second] = [build('a'), build('another-folder')]
  if (first !== second) throw new Error(`two builds differ: ${first} and ${second}`)
  console.log(`two builds in two folders: ${first}`)
} finally {
  rmSync(home, { recursive: true, force: true })
}
