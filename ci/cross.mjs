// The binary of a published platform, built on this machine, with the flags of every release build. Linux and FreeBSD
// are linked by zig, for the oldest C library that is promised; the others by the machine's own tools.
//   node ci/cross.mjs NAME [--out FOLDER]
// The compiler is rustup's, where it has the target's standard library or can get it; else Debian's package
// rustc-web with rust-web-src, which builds that library from its source.
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { encoded, rustflags } from '../scripts/rustflags.mjs'
import { cargo, root } from '../scripts/toolchain.mjs'
import { binaryName, platforms } from './platforms.mjs'

const windows = process.platform === 'win32'
const scripts = join(root, '.tools', 'python', windows ? 'Scripts' : 'bin')

/** @param {string} command @param {readonly string[]} args */
const answer = (command, args) => spawnSync(command, args, { encoding: 'utf8' }).stdout ?? ''

/**
 * A compiler for a target: what to start, with which environment, and what every cargo command needs to be told.
 * @param {string} target
 * @returns {{ command: string, env: Record<string, string>, args: string[] }}
 */
export function compilerFor(target) {
  cargo()
  const has = () => answer('rustup', ['target', 'list', '--installed']).split('\n').includes(target)
  if (has() || (spawnSync('rustup', ['target', 'add', target]).status === 0 && has()))
    return { command: cargo(), env: {}, args: [] }
  const rustc = answer('dpkg', ['-L', 'rustc-web'])
    .split('\n')
    .find((path) => path.endsWith('/bin/rustc'))
  if (rustc === undefined || !answer('dpkg', ['-L', 'rust-web-src']))
    throw new Error(
      `no standard library for ${target}: rustup has none here. On Debian: apt-get install rustc-web cargo-web rust-web-src`,
    )
  const folder = dirname(rustc)
  const env = {
    RUSTC: rustc,
    RUSTC_BOOTSTRAP: '1',
    PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}`,
  }
  return { command: join(folder, 'cargo'), env, args: ['-Zbuild-std=std,panic_unwind'] }
}

/** Python's packages in .tools/python; installed when one is missing. @param {readonly string[]} packages */
export function python(packages) {
  const program = join(scripts, windows ? 'python.exe' : 'python3')
  if (!existsSync(program))
    execFileSync(windows ? 'python' : 'python3', ['-m', 'venv', join(root, '.tools', 'python')])
  const wanted = packages.filter(
    (name) => spawnSync(program, ['-m', 'pip', 'show', '--quiet', name]).status !== 0,
  )
  if (wanted.length > 0)
    execFileSync(program, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...wanted], {
      stdio: 'inherit',
    })
  return { program, scripts }
}

/** @param {import('./platforms.mjs').Platform} platform @param {string} out */
export function build(platform, out) {
  const { target, zig, os } = platform
  const compiler = compilerFor(target)
  const tools = zig === '' ? undefined : python(['ziglang', 'cargo-zigbuild'])
  const folder = join(root, 'target', 'cross')
  const env = {
    ...process.env,
    ...compiler.env,
    ...encoded(rustflags(target)),
    CARGO_TARGET_DIR: folder,
    ...(tools && {
      // cargo-zigbuild starts the first python of the PATH otherwise.
      CARGO_ZIGBUILD_PYTHON_PATH: tools.program,
      PATH: `${tools.scripts}${delimiter}${compiler.env['PATH'] ?? process.env['PATH'] ?? ''}`,
    }),
  }
  const verb = zig === '' ? 'build' : 'zigbuild'
  const args = [
    verb,
    '--release',
    '--locked',
    '-p',
    'threadmap-node',
    '--target',
    zig || target,
    ...compiler.args,
  ]
  execFileSync(compiler.command, args, { cwd: root, env, stdio: 'inherit' })
  const library =
    { win32: 'threadmap_node.dll', darwin: 'libthreadmap_node.dylib' }[os] ?? 'libthreadmap_node.so'
  mkdirSync(out, { recursive: true })
  const file = join(out, binaryName(platform))
  copyFileSync(join(folder, target, 'release', library), file)
  return file
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { out: { type: 'string', default: join(root, 'target', 'binaries') } },
  })
  const platform = platforms.find(({ name }) => name === positionals[0])
  if (!platform)
    throw new Error(`usage: node ci/cross.mjs NAME, one of ${platforms.map(({ name }) => name).join(', ')}`)
  console.log(build(platform, values.out))
}
