// The fuzzer: any bytes as operations against a plain map (fuzz/src/lib.rs), any bytes as keys (fuzz/src/keys.rs).
//   node ci/fuzz.mjs                                          the kept corpus once more, on the plain compiler
//   node ci/fuzz.mjs --minutes 10 [--target keys] [--keep]    libFuzzer with AddressSanitizer, on Linux
// --minutes are for each target. --keep puts what was found, minimised with what was there, into fuzz/corpus. Exits
// non-zero when an input makes the core fail, and tells the file that has it.

import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { aloud, fail } from '../scripts/steps.mjs'
import { cargo, Fault, root, rustc } from '../scripts/toolchain.mjs'
import { countCargo, line } from '../scripts/totals.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    target: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})

const manifest = ['--manifest-path', join('fuzz', 'Cargo.toml')]
const locked = process.env.CI ? ['--locked'] : []
const built = join(root, 'target', 'fuzz')
const targets = values.target === undefined ? ['operations', 'keys'] : [values.target]
/** Long enough for some hundred operations; longer ones find no more, slower. */
const longest = 2_048

/** What cargo-fuzz sets: counters for each edge, comparisons, AddressSanitizer. */
const instrumented = [
  '-Zsanitizer=address',
  '-Cpasses=sancov-module',
  ...['level=4', 'inline-8bit-counters', 'pc-table', 'trace-compares'].map(
    (what) => `-Cllvm-args=-sanitizer-coverage-${what}`,
  ),
  '-Ccodegen-units=1',
  '--cfg=fuzzing',
  '--cfg=threadmap_sanitize',
].join(' ')

const kept = (target) => join(root, 'fuzz', 'corpus', target)
/** Where the fuzzer puts what it finds. */
const found = (target) => join(built, 'corpus', target)

async function replay() {
  const args = ['test', ...manifest, '--target-dir', built, ...locked]
  const { code, output } = await aloud({ command: cargo(), args })
  const totals = countCargo(output)
  if (code !== 0 || totals.passed === 0) totals.failed = Math.max(totals.failed, 1)
  console.log(`fuzz: ${line(totals)}`)
  process.exitCode = totals.failed > 0 ? 1 : 0
}

/** @returns {Promise<(target: string) => string>} where the fuzzer of a target is */
async function build() {
  const triple = /^host: (.*)$/m.exec(rustc())?.[1] ?? ''
  const args = ['build', ...manifest, '--release', '--features', 'libfuzzer', '--target', triple]
  // The options of the compiler are not stable yet; the compiler is.
  const env = { RUSTC_BOOTSTRAP: '1', RUSTFLAGS: instrumented }
  const { code } = await aloud({ command: cargo(), args: [...args, '--target-dir', built, ...locked], env })
  if (code !== 0) throw new Fault('the fuzzer does not build')
  return (target) => join(built, triple, 'release', target)
}

async function fuzz(target, program) {
  mkdirSync(found(target), { recursive: true })
  mkdirSync(kept(target), { recursive: true })
  const failures = join(built, 'failures', target, '/')
  mkdirSync(failures, { recursive: true })
  const options = [`-max_total_time=${Number(values.minutes) * 60}`, `-max_len=${longest}`, '-len_control=20']
  const quiet = ['-print_final_stats=1', '-verbosity=1', `-artifact_prefix=${failures}`]
  const { code } = await aloud({
    command: program,
    args: [...options, ...quiet, found(target), kept(target)],
  })
  if (code !== 0) throw new Fault(`${target}: an input in ${failures} makes the core fail: keep it as a test`)
  if (!values.keep) return
  const least = join(built, 'least', target)
  rmSync(least, { recursive: true, force: true })
  mkdirSync(least, { recursive: true })
  // By edges alone: with their counters thousands of inputs differ.
  const merge = ['-merge=1', '-use_counters=0']
  const merged = await aloud({ command: program, args: [...merge, least, found(target), kept(target)] })
  if (merged.code !== 0) throw new Fault(`${target}: the corpus does not merge`)
  rmSync(kept(target), { recursive: true })
  mkdirSync(kept(target))
  for (const name of readdirSync(least)) copyFileSync(join(least, name), join(kept(target), name))
  console.log(`fuzz: ${target}: ${readdirSync(kept(target)).length} inputs kept`)
}

try {
  if (values.minutes === undefined) {
    await replay()
  } else {
    const programOf = await build()
    for (const target of targets) {
      if (!existsSync(programOf(target))) throw new Fault(`no fuzz target '${target}'`)
      await fuzz(target, programOf(target))
    }
  }
} catch (error) {
  fail(error)
}
