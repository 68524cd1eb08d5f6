// Two installed copies of the built package, as two versions in one dependency tree make them.
// Invariant: the binaries are real copies (a link would be one image to the loader), outside the repository.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface Copies {
  readonly a: string
  readonly b: string
  remove(): Promise<void>
}

/** Builds the facade anew (a stale dist would test yesterday's code) and installs it twice. */
export async function installTwice(): Promise<Copies> {
  // The loader reports real paths, and some systems' temporary directory is a link.
  const home = await realpath(await mkdtemp(join(tmpdir(), 'threadmap-copies-')))
  const dist = join(home, 'dist')
  const tsdown = join(root, 'node_modules', 'tsdown', 'dist', 'run.mjs')
  await promisify(execFile)(process.execPath, [tsdown, '--out-dir', dist, '--no-dts'], { cwd: root })
  const binaries = (await readdir(root)).filter((name) => name.endsWith('.node'))
  const install = async (name: string): Promise<string> => {
    const target = join(home, name, 'node_modules', 'threadmap')
    await mkdir(target, { recursive: true })
    await cp(dist, join(target, 'dist'), { recursive: true })
    for (const file of ['package.json', 'binding.cjs', ...binaries])
      await cp(join(root, file), join(target, file))
    return target
  }
  const [a, b] = await Promise.all([install('app'), install('plugin')])
  return { a, b, remove: () => rm(home, { recursive: true, force: true }) }
}
