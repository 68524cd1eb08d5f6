// The sanitizers, on Linux with glibc.
//   node ci/sanitize.mjs [--address] [--js] [--thread] [--full]       none of the three: all of them
// --address  AddressSanitizer with LeakSanitizer over the core's tests
// --js       the same over the JavaScript tests and a program that drops all its maps, inside of an unmodified Node
// --thread   ThreadSanitizer over threads that do any operations (fuzz/tests/races.rs), twice: with blocks from malloc,
//            whose end it sees, and from slabs, as they are used
// --full     all JavaScript tests, a hundred times the model's cases, and ThreadSanitizer over all tests of the core
//            with a standard library built for it: that needs its source (Debian's rust-web-src with clang-22 and
//            libclang-rt-22-dev, or rustup's rust-src of nightly)
// Nothing of ThreadSanitizer is suppressed: what it does not understand is written so that it does (sync/seen.rs).
// Exits non-zero at any report, and prints it.

import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { parseArgs } from 'node:util'
import { aloud, fail } from '../scripts/steps.mjs'
import { cargo, Fault, node, root, rustc, tool } from '../scripts/toolchain.mjs'
import { countCargo, countVitest, line, none, sum } from '../scripts/totals.mjs'

const { values } = parseArgs({
  options: {
    address: { type: 'boolean', default: false },
    js: { type: 'boolean', default: false },
    thread: { type: 'boolean', default: false },
    full: { type: 'boolean', default: false },
  },
})

/** Every operation with all kinds of arguments, maps and threads that come and go: those that take seconds. */
const quickSpecs = ['conformance', 'copies', 'iteration'].map((name) => `__test__/${name}.spec.ts`)
/**
 * Left out: what counts this process's memory, of which a sanitizer keeps what was freed for a while; what builds, packs
 * or names the binary of a release; what loads the addons of others.
 */
const without = ['memory', 'death', 'packed', 'two-copies', 'diagnostics', 'bench']
const allSpecs = without.flatMap((name) => ['--exclude', `__test__/${name}.spec.ts`])

const target = join(root, 'target', 'sanitize')
const locked = process.env.CI ? ['--locked'] : []
const triple = /^host: (.*)$/m.exec(rustc())?.[1] ?? ''
const seen = '--cfg=threadmap_sanitize'

/** Cargo with a sanitizer: its options are not stable yet, the compiler is. */
function sanitized(flags, args, env = {}) {
  const own = { RUSTC_BOOTSTRAP: '1', RUSTFLAGS: [...flags, seen].join(' ') }
  return aloud({ command: cargo(), args: [...args, '--target', triple, ...locked], env: { ...own, ...env } })
}

/** What a program that tells no numbers counts for. */
function one(passed) {
  return { ...none(), passed: passed ? 1 : 0, failed: passed ? 0 : 1 }
}

/** A runner that died, or ran nothing, has failed, whatever it counted. */
function honest({ code, totals }) {
  if (totals.failed === 0 && (code !== 0 || totals.passed === 0)) totals.failed = 1
  return totals
}

async function address() {
  const args = ['test', '-p', 'threadmap-core', '--lib', '--target-dir', join(target, 'address')]
  const env = { THREADMAP_CASES: values.full ? '25000' : '250' }
  const { code, output } = await sanitized(['-Zsanitizer=address'], args, env)
  return honest({ code, totals: countCargo(output) })
}

/** The runtime goes into Node before everything else; gcc's serves as well as clang's. */
function runtime() {
  const names = [
    ['gcc', 'libasan.so'],
    ['clang', `libclang_rt.asan-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so`],
  ]
  const paths = names.map(([compiler, name]) =>
    spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout?.trim(),
  )
  const found = paths.find((path) => path && isAbsolute(path) && existsSync(path))
  if (!found) throw new Fault('no libasan.so: install gcc with its sanitizers (libasan8 or newer)')
  return found
}

async function js() {
  const built = join(target, 'address')
  const flags = ['-Zsanitizer=address', '-Zexternal-clangrt', '-Clink-arg=-Wl,-z,nodelete']
  const { code } = await sanitized(flags, ['build', '-p', 'threadmap-node', '--target-dir', built])
  if (code !== 0) throw new Fault('the binding does not build for AddressSanitizer')
  const binary = join(built, 'threadmap.node')
  copyFileSync(join(built, triple, 'debug', 'libthreadmap_node.so'), binary)

  const env = (/** @type {string} */ suppressions, /** @type {string} */ reports) => {
    rmSync(reports, { recursive: true, force: true })
    mkdirSync(reports, { recursive: true })
    return {
      LD_PRELOAD: runtime(),
      // Tests end processes in all ways, and vitest has leaks of its own: what counts is what was written.
      // A SIGBUS is for the package: it tells a frozen file that was cut under its readers.
      ASAN_OPTIONS: `detect_leaks=1:handle_sigbus=0:log_path=${join(reports, 'report')}`,
      LSAN_OPTIONS: `suppressions=${join(root, 'ci', suppressions)}:print_suppressions=0:exitcode=0`,
    }
  }

  const program = join('__test__', 'workers', 'life-child-leaks.ts')
  const ofProgram = join(built, 'reports-of-program')
  const dropped = await aloud({
    command: node(),
    args: [program],
    env: { ...env('lsan.supp', ofProgram), NAPI_RS_NATIVE_LIBRARY_PATH: binary },
  })
  const tidy = one(dropped.code === 0 && ours(ofProgram).length === 0)

  const report = join(built, 'vitest.json')
  const ofTests = join(built, 'reports')
  rmSync(report, { force: true })
  const call = tool('vitest', [
    ...['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
    ...(values.full ? allSpecs : quickSpecs),
  ])
  const tests = await aloud({
    ...call,
    env: { ...env('lsan-maps-alive.supp', ofTests), THREADMAP_BINARY: binary },
  })
  const totals = honest({ code: tests.code, totals: countVitest(report) })
  const found = [...ours(ofProgram), ...ours(ofTests)]
  for (const text of found) console.error(text)
  return [tidy, totals, { ...none(), failed: found.length }].reduce(sum)
}

/** Reports that name our code; Node, vitest and what tests start have leaks of their own. */
function ours(folder) {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .filter((text) => /threadmap_(core|node)/.test(text))
}

async function thread() {
  const totals = []
  for (const more of [[], ['--cfg=threadmap_slabs']]) {
    // The standard library comes without the sanitizer, hence the consent to mix; its locks are in sync/seen.rs.
    const flags = ['-Zsanitizer=thread', '-Cunsafe-allow-abi-mismatch=sanitizer', ...more]
    const folder = join(target, more.length > 0 ? 'thread-slabs' : 'thread')
    const manifest = ['--manifest-path', join('fuzz', 'Cargo.toml'), '--target-dir', folder]
    const { code } = await sanitized(flags, ['test', ...manifest, '--test', 'races'])
    totals.push(one(code === 0))
  }
  if (values.full) totals.push(await threadOverAll())
  return totals.reduce(sum)
}

/** All tests of the core: they use more of the standard library, which is therefore built for the sanitizer. */
async function threadOverAll() {
  const list = spawnSync('dpkg', ['-L', 'rustc-web'], { encoding: 'utf8' }).stdout ?? ''
  const debian = /^.*\/bin\/rustc$/m.exec(list)?.[0]
  const sysroot = spawnSync('rustc', ['+nightly', '--print', 'sysroot'], { encoding: 'utf8' }).stdout?.trim()
  const source = join(sysroot ?? '', 'lib', 'rustlib', 'src', 'rust', 'library', 'Cargo.lock')
  const args = ['-p', 'threadmap-core', '--lib', '--target-dir', join(target, 'thread-all'), '-Zbuild-std']
  const env = { THREADMAP_CASES: '250', TSAN_OPTIONS: 'history_size=4' }
  const flags = ['-Zsanitizer=thread']
  let run
  if (debian) {
    const path = { PATH: `${dirname(debian)}:${process.env.PATH}`, RUSTC: debian }
    const linked = ['-Zexternal-clangrt', '-Clinker=clang-22', '-Clink-arg=-fsanitize=thread']
    run = await sanitized([...flags, ...linked], ['test', ...args], { ...env, ...path })
  } else if (sysroot && existsSync(source)) {
    run = await sanitized(flags, ['+nightly', 'test', ...args], env)
  } else {
    throw new Fault(
      '--thread --full needs the source of the standard library: see the head of ci/sanitize.mjs',
    )
  }
  return honest({ code: run.code, totals: countCargo(run.output) })
}

try {
  if (!/-linux-gnu$/.test(triple)) throw new Fault(`the sanitizers run on Linux with glibc, not on ${triple}`)
  const all = !values.address && !values.js && !values.thread
  const parts = { address, js, thread }
  let totals = none()
  for (const [name, run] of Object.entries(parts)) {
    if (!all && !values[name]) continue
    console.log(`sanitize: ${name}`)
    const found = await run()
    console.log(`sanitize: ${name}: ${line(found)}`)
    totals = sum(totals, found)
  }
  console.log(`sanitize: ${line(totals)}`)
  process.exitCode = totals.failed > 0 ? 1 : 0
} catch (error) {
  fail(error)
}
