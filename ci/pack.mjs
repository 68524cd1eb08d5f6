// The packed result, used as users use it: both tarballs are installed into an empty project without network, then run
// from ES modules, CommonJS, TypeScript, workers, vitest and bundles; and what must be refused is refused with words.
//   node ci/pack.mjs [--all] [--json] [--tarballs FOLDER]
// --all: on Node 22, 24 and 26, and on Bun and Deno as far as npm has them. --tarballs: those of FOLDER instead of
// packing anew (CI tests the very files that it publishes). __test__/packed.spec.ts runs the short form.
import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { nodes } from '../scripts/nodes.mjs'
import { buildBinding, buildDist } from '../scripts/prepare.mjs'
import { node, npm, root, tool, versionOf } from '../scripts/toolchain.mjs'
import { packPlatform, packRoot } from './packages.mjs'
import { binaryName, own } from './platforms.mjs'

const { values } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    tarballs: { type: 'string' },
  },
})
const platform = own()
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const home = realpathSync(mkdtempSync(join(tmpdir(), 'threadmap-packed-')))

/** @typedef {{ name: string, ok: boolean, said: string }} Outcome */
/** @type {Outcome[]} */
const outcomes = []

/**
 * @param {{ command: string, args: readonly string[], shell?: boolean }} call
 * @param {{ cwd?: string, env?: Record<string, string> }} [options]
 */
function run({ command, args, shell = false }, { cwd = project, env = {} } = {}) {
  // Vitest's own variables would reach the vitest that is started here.
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^VITEST/.test(name)))
  try {
    const options = { cwd, shell, env: { ...inherited, NO_COLOR: '1', ...env }, timeout: 120_000 }
    return execFileSync(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
      .toString()
      .trim()
  } catch (error) {
    const { stdout = '', stderr = '', signal, message } = /** @type {any} */ (error)
    throw new Error(`${signal ?? ''} ${stdout}\n${stderr}`.trim() || message)
  }
}

/** @param {string} name @param {string | RegExp} wanted in what it says @param {() => string} check */
function check(name, wanted, check) {
  let said
  let ok = false
  try {
    said = check()
    ok = typeof wanted === 'string' ? said.includes(wanted) : wanted.test(said)
  } catch (error) {
    said = /** @type {Error} */ (error).message
  }
  outcomes.push({ name, ok, said })
  if (!values.json) console.log(`${ok ? 'ok    ' : 'FAILED'} ${name}${ok ? '' : `\n${said}`}`)
}

/** The tarballs of the root and of this platform. */
async function tarballs() {
  if (values.tarballs) {
    const folder = values.tarballs
    const found = [`threadmap-${version}.tgz`, `threadmap-${platform.name}-${version}.tgz`].map((name) =>
      join(folder, name),
    )
    return found.map((path) => realpathSync(path))
  }
  await buildBinding()
  await buildDist()
  return [packRoot().tarball, packPlatform(platform, join(root, binaryName(platform))).tarball]
}

/** @param {string} name @param {readonly string[]} files @param {readonly string[]} tarballs */
function install(name, files, tarballs) {
  const folder = join(home, name)
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, private: true, type: 'module' }))
  for (const file of files) cpSync(join(root, 'ci', 'consumers', file), join(folder, file))
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  run(npm(['install', ...flags, '--cache', join(home, 'cache'), ...tarballs]), { cwd: folder })
  return folder
}

/** A copy of the project, changed. @param {string} name @param {(folder: string) => void} change */
function copyOf(name, change) {
  const folder = join(home, name)
  cpSync(project, folder, { recursive: true, verbatimSymlinks: true })
  change(folder)
  return folder
}

const [rootTarball = '', platformTarball = ''] = await tarballs()
const consumers = readdirSync(join(root, 'ci', 'consumers'))
let project = home
project = install('project', consumers, [rootTarball, platformTarball])
/** @param {string} name what the project would install from the registry */
const link = (name) =>
  symlinkSync(join(root, 'node_modules', name), join(project, 'node_modules', name), 'junction')
link('vitest')
link('@types')
const installedBinary = join(project, 'node_modules', '@threadmap', platform.name, binaryName(platform))

/** @param {string} command @param {string} label */
function programs(command, label) {
  check(`${label}: an ES module with workers`, 'counted 2000', () => run({ command, args: ['app.mjs'] }))
  check(`${label}: CommonJS by require(esm), with workers`, 'counted 2000', () =>
    run({ command, args: ['common.cjs'] }),
  )
  check(`${label}: terminated workers`, 'counted 20', () => run({ command, args: ['ended.mjs'] }))
  check(`${label}: an esbuild bundle with threadmap external`, 'counted 2000', () =>
    run({ command, args: ['esbuild.mjs'] }),
  )
  check(`${label}: a rolldown bundle with threadmap external`, 'counted 2000', () =>
    run({ command, args: ['rolldown.mjs'] }),
  )
  check(`${label}: what TypeScript emits`, 'counted 2', () => run({ command, args: ['emitted/typed.js'] }))
  for (const pool of ['threads', 'forks']) {
    const args = [...tool('vitest', ['run', '--root', project, '--pool', pool]).args]
    check(`${label}: vitest in ${pool}`, /Tests\s+1 passed/, () => run({ command, args }))
  }
}

check('the tarballs install offline, with no package of another platform', platform.name, () =>
  readdirSync(join(project, 'node_modules', '@threadmap')).join(' '),
)
for (const [resolution, module] of /** @type {const} */ ([
  ['node16', 'node16'],
  ['bundler', 'preserve'],
])) {
  const flags = ['--strict', '--target', 'es2023', '--module', module, '--moduleResolution', resolution]
  const emit = resolution === 'node16' ? ['--outDir', 'emitted'] : ['--noEmit']
  check(`tsc --strict, moduleResolution ${resolution}, libraries checked`, /^$/, () =>
    run(tool('typescript', [...flags, '--lib', 'esnext', '--types', 'node', ...emit, 'typed.ts'])),
  )
}
check('esbuild bundles an app', '', () =>
  run(
    tool('esbuild', [
      'app.mjs',
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--external:threadmap',
      '--outfile=esbuild.mjs',
    ]),
  ),
)
check('rolldown bundles an app', '', () =>
  run(
    tool('rolldown', ['app.mjs', '--platform', 'node', '--external', 'threadmap', '--file', 'rolldown.mjs']),
  ),
)
check('publint --strict', 'All good', () =>
  run(tool('publint', ['--strict', join(project, 'node_modules', 'threadmap')]), { cwd: root }),
)
check('attw --profile esm-only', '', () =>
  run(tool('@arethetypeswrong/cli', ['--profile', 'esm-only', rootTarball])),
)

check('its symbols are in a file beside it, which it names (Linux)', /^$/, () => {
  if (process.platform !== 'linux') return ''
  const debug = `${binaryName(platform)}.debug`
  const published = readFileSync(installedBinary)
  const symbols = readFileSync(join(dirname(rootTarball), 'symbols', platform.name, debug))
  const names = '14threadmap_core' // as the compiler mangles them
  if (published.includes(names)) return 'the published binary has names of functions'
  if (!published.includes(debug)) return `the published binary does not name ${debug}`
  return symbols.includes(names) ? '' : `${debug} has no names of functions`
})

const without = copyOf('without-binary', (folder) =>
  rmSync(join(folder, 'node_modules', '@threadmap'), { recursive: true }),
)
const wordsOf = (/** @type {string} */ cwd, /** @type {Record<string, string>} */ env = {}) =>
  run({ command: node(), args: ['refused.mjs'] }, { cwd, env })
check(
  'without the platform package: an error that names it, the platform and the fix',
  new RegExp(
    `THREADMAP_BINDING \\| BindingError \\| .*@threadmap/${platform.name}.*${process.platform} ${process.arch}.*` +
      `npm install @threadmap/${platform.name}@${version.replaceAll('.', '\\.')}`,
  ),
  () => wordsOf(without),
)
check('NAPI_RS_NATIVE_LIBRARY_PATH stands in for it', 'counted 2000', () =>
  run(
    { command: node(), args: ['app.mjs'] },
    { cwd: without, env: { NAPI_RS_NATIVE_LIBRARY_PATH: installedBinary } },
  ),
)
const wasm = join(home, 'threadmap.wasm')
writeFileSync(wasm, Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))
const script = join(home, 'threadmap.wasi.cjs')
writeFileSync(script, 'module.exports = { build: () => ({}), get() {} }')
for (const [what, path] of /** @type {const} */ ([
  ['a WASM module', wasm],
  ['a script that wraps one', script],
  ['a native library of something else', sharedLibrary()],
])) {
  check(
    `NAPI_RS_NATIVE_LIBRARY_PATH refuses ${what}`,
    /^THREADMAP_BINDING .*NAPI_RS_NATIVE_LIBRARY_PATH names/,
    () => wordsOf(project, { NAPI_RS_NATIVE_LIBRARY_PATH: path }),
  )
}
check('NAPI_RS_FORCE_WASI is refused', /^THREADMAP_BINDING .*WASM build/, () =>
  wordsOf(project, { NAPI_RS_FORCE_WASI: '1' }),
)
check(
  'a platform package of another version is refused, with both versions',
  new RegExp(`^THREADMAP_BINDING .*version ${version}, but the package is 9\\.9\\.9`),
  () =>
    wordsOf(
      copyOf('other-version', (folder) => {
        const path = join(folder, 'node_modules', 'threadmap', 'package.json')
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(`"version": "${version}"`, '"version": "9.9.9"'),
        )
      }),
    ),
)
check(
  "a broken binary is refused, with its path and the system's reason",
  /^THREADMAP_BINDING .*threadmap found .*cannot be loaded as a native binary/,
  () =>
    wordsOf(
      copyOf('broken-binary', (folder) =>
        writeFileSync(
          join(folder, 'node_modules', '@threadmap', platform.name, binaryName(platform)),
          'no binary',
        ),
      ),
    ),
)
check(
  'a platform that has no package is told so, with those that have',
  /^THREADMAP_BINDING .*no binary for this platform \(sunos.*linux-x64-gnu/,
  () =>
    run({
      command: node(),
      args: [
        '--import',
        'data:text/javascript,Object.defineProperty(process,"platform",{value:"sunos"})',
        'refused.mjs',
      ],
    }),
)
check('THREADMAP_DEBUG=1 prints version, target and choices', /^$/, () => {
  const script = join(project, 'debug.mjs')
  writeFileSync(
    script,
    `import { spawnSync } from 'node:child_process'
     const { stderr } = spawnSync(process.execPath, ['refused.mjs'], { env: { ...process.env, THREADMAP_DEBUG: '1' } })
     const line = stderr.toString()
     for (const word of ['threadmap ${version}', '${binaryName(platform)}', 'from package', 'release', 'sharded (default)', 'thread 0'])
       if (!line.includes(word)) console.log(word + ' is not in: ' + line)`,
  )
  return run({ command: node(), args: [script] })
})

const this_ = { version: versionOf(node()), path: node() }
for (const { version, path } of values.all ? await nodes() : [this_]) programs(path, `Node ${version}`)
if (values.all) runtimes()

/** A native library that every machine has: Node's own program is none, so a package's. */
function sharedLibrary() {
  const folder = join(root, 'node_modules', '@rolldown')
  const found = readdirSync(folder)
    .flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .find((file) => file.endsWith('.node'))
  if (!found) throw new Error(`${folder} has no native binary`)
  return found
}

/** Bun and Deno, where npm has them for this machine. */
function runtimes() {
  const folder = join(root, '.tools', 'runtimes')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }))
  const flags = [
    '--prefix',
    folder,
    '--no-package-lock',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  const bun = `@oven/bun-${process.platform}-${process.arch === 'arm64' ? 'aarch64' : process.arch}`
  const deno = `@deno/${process.platform}-${process.arch}${process.platform === 'linux' ? '-glibc' : ''}`
  for (const [name, file, before] of /** @type {const} */ ([
    [bun, 'bin/bun', []],
    [deno, 'deno', ['run', '-A']],
  ])) {
    const command = join(folder, 'node_modules', name, file)
    try {
      if (!existsSync(command)) run(npm(['install', ...flags, name]), { cwd: folder })
    } catch (error) {
      console.log(`absent ${name}: ${/** @type {Error} */ (error).message.split('\n')[0]}`)
      continue
    }
    const label = `${name} ${/\d+\.\d+\.\d+/.exec(run({ command, args: ['--version'] }))}`
    const start = (/** @type {readonly string[]} */ args) => run({ command, args: [...before, ...args] })
    check(`${label}: an ES module with workers, codec json`, 'counted 2000', () => start(['app.mjs', 'json']))
    check(`${label}: CommonJS with workers`, 'counted 2000', () => start(['common.cjs']))
    check(`${label}: terminated workers`, 'counted 20', () => start(['ended.mjs']))
    check(
      `${label}: codec clone works, or an error says that the runtime lacks it`,
      /counted 2000|not implemented/,
      () => {
        try {
          return start(['app.mjs'])
        } catch (error) {
          // Bun 1.4 has no v8.Serializer.
          return /** @type {Error} */ (error).message.replace('not yet', 'not')
        }
      },
    )
  }
}

rmSync(home, { recursive: true, force: true })
if (values.json) console.log(JSON.stringify(outcomes))
const failed = outcomes.filter(({ ok }) => !ok)
if (!values.json) console.log(`${outcomes.length - failed.length} of ${outcomes.length} hold`)
process.exitCode = failed.length > 0 ? 1 : 0
