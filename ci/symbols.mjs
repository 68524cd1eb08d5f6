// Takes the symbols out of a binary and keeps them in a file beside it: `X.node` and `X.node.debug` (of macOS,
// `X.node.dSYM`; the Windows compiler has written its .pdb already). The binary names that file, so perf and gdb find it
// when it lies in the same folder.
//   node ci/symbols.mjs FILE
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { host, sysroot } from '../scripts/toolchain.mjs'

/** One that knows every ELF target: that of the compiler, else LLVM's or that of the machine. */
function objcopy() {
  const bundled = join(sysroot(), 'lib', 'rustlib', host(), 'bin')
  const names = existsSync(bundled) ? readdirSync(bundled) : []
  const found = names.find((name) => /^(rust|llvm)-objcopy/.test(name))
  return found ? join(bundled, found) : 'objcopy'
}

/** @param {string} file @param {string} os as `process.platform` calls it */
export function splitSymbols(file, os) {
  if (os === 'win32') return
  if (os === 'darwin') {
    execFileSync('dsymutil', [file])
    execFileSync('strip', ['-x', '-S', file])
    return
  }
  const debug = `${basename(file)}.debug`
  const options = { cwd: dirname(file), env: { ...process.env, ...library() } }
  const tool = objcopy()
  rmSync(join(dirname(file), debug), { force: true })
  execFileSync(tool, ['--only-keep-debug', basename(file), debug], options)
  execFileSync(tool, ['--strip-all', `--add-gnu-debuglink=${debug}`, basename(file)], options)
}

/** The compiler's own objcopy is linked to its LLVM. */
function library() {
  return { LD_LIBRARY_PATH: join(sysroot(), 'lib') }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file] = process.argv.slice(2)
  if (file === undefined) throw new Error('usage: node ci/symbols.mjs FILE')
  splitSymbols(file, process.platform)
}
