// What is published: the root package and one package for each platform, staged in target/npm and packed there. The
// root's optional dependencies are written here, at the exact version, and nowhere else: packages that are not
// published yet could not be installed from a lockfile. As a program it packs all binaries of a folder:
//   node ci/packages.mjs [--binaries FOLDER] [--all] [--repository URL]
// --all: fail unless there is a binary of every platform.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { npm, root } from '../scripts/toolchain.mjs'
import { binaryName, platforms } from './platforms.mjs'
import { splitSymbols } from './symbols.mjs'

/** The most that one package may take on a disk. */
export const MOST_BYTES = 1_500_000

const stage = join(root, 'target', 'npm')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** @param {string} folder @returns {number} */
function bytesOf(folder) {
  return readdirSync(folder, { withFileTypes: true }).reduce(
    (sum, entry) =>
      sum +
      (entry.isDirectory() ? bytesOf(join(folder, entry.name)) : statSync(join(folder, entry.name)).size),
    0,
  )
}

/**
 * @param {string} name
 * @param {object} content of package.json
 * @param {readonly (readonly [from: string, to: string])[]} files
 */
function staged(name, content, files) {
  const folder = join(stage, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(content, null, 2)}\n`)
  for (const [from, to] of files) cpSync(from, join(folder, to), { recursive: true })
  const bytes = bytesOf(folder)
  if (bytes > MOST_BYTES) throw new Error(`package ${name} has ${bytes} bytes, at most ${MOST_BYTES}`)
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', stage]
  const call = npm(args)
  const options = { cwd: folder, shell: /** @type {any} */ (call).shell ?? false }
  const [packed] = JSON.parse(execFileSync(call.command, call.args, options).toString())
  return {
    name: /** @type {string} */ (packed.name),
    tarball: join(stage, packed.filename),
    folder,
    bytes,
    packed: packed.size,
  }
}

/** What npm checks a package's provenance against: only CI knows it. @param {string | undefined} repository */
const origin = (repository) =>
  repository ? { repository: { type: 'git', url: `git+${repository}.git` } } : {}

/** @param {{ repository?: string | undefined }} [options] */
export function packRoot({ repository } = {}) {
  const { scripts, devDependencies, overrides, allowScripts, napi, ...kept } = manifest
  const optionalDependencies = Object.fromEntries(
    platforms.map(({ name }) => [`@threadmap/${name}`, manifest.version]),
  )
  return staged('threadmap', { ...kept, ...origin(repository), optionalDependencies }, [
    ...[...manifest.files, 'README.md', 'LICENSE', 'CHANGELOG.md'].map(
      (/** @type {string} */ name) => /** @type {const} */ ([join(root, name), name]),
    ),
  ])
}

/**
 * @param {import('./platforms.mjs').Platform} platform
 * @param {string} binary with its symbols
 * @param {{ repository?: string | undefined }} [options]
 */
export function packPlatform(platform, binary, { repository } = {}) {
  const { name, os, cpu, libc, target } = platform
  const file = binaryName(platform)
  const symbols = join(stage, 'symbols', name)
  rmSync(symbols, { recursive: true, force: true })
  mkdirSync(symbols, { recursive: true })
  copyFileSync(binary, join(symbols, file))
  splitSymbols(join(symbols, file), os)
  const readme = join(symbols, 'README.md')
  writeFileSync(
    readme,
    `# @threadmap/${name}\n\nThe native binary of [threadmap](https://www.npmjs.com/package/threadmap) for ${target}. ` +
      'npm installs it with threadmap; it is of no use alone.\n',
  )
  const content = {
    name: `@threadmap/${name}`,
    version: manifest.version,
    description: `The native binary of threadmap for ${target}`,
    license: manifest.license,
    ...origin(repository),
    main: file,
    files: [file],
    os: [os],
    cpu: [cpu],
    ...(libc && { libc: [libc] }),
    engines: manifest.engines,
  }
  const files = /** @type {const} */ ([
    [join(symbols, file), file],
    [join(root, 'LICENSE'), 'LICENSE'],
    [readme, 'README.md'],
  ])
  const result = staged(name, content, files)
  rmSync(join(symbols, file))
  rmSync(readme)
  return result
}

/** `SHA256SUMS` of the tarballs, as `sha256sum --check` reads it. @param {readonly { tarball: string }[]} packages */
function checksums(packages) {
  const lines = packages.map(({ tarball }) => {
    const hash = createHash('sha256').update(readFileSync(tarball)).digest('hex')
    return `${hash}  ${tarball.slice(stage.length + 1)}`
  })
  writeFileSync(join(stage, 'SHA256SUMS'), `${lines.sort().join('\n')}\n`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      binaries: { type: 'string', default: root },
      all: { type: 'boolean', default: false },
      repository: { type: 'string' },
    },
  })
  const there = platforms.filter((platform) => existsSync(join(values.binaries, binaryName(platform))))
  const missing = platforms.filter((platform) => !there.includes(platform)).map(({ name }) => name)
  if (there.length === 0 || (values.all && missing.length > 0)) {
    throw new Error(`${values.binaries} has no binary of ${missing.join(', ')}`)
  }
  rmSync(stage, { recursive: true, force: true })
  const packages = [
    ...there.map((platform) => packPlatform(platform, join(values.binaries, binaryName(platform)), values)),
    packRoot(values),
  ]
  checksums(packages)
  for (const { name, bytes, packed } of packages) console.log(`${name}: ${bytes} bytes, ${packed} packed`)
}
