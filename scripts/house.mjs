// The house rules that no linter knows: where unsafe code may stand, which layer may import which, how long a file
// may be, that the lockfiles name nothing of one machine or one registry, and that the published platforms and versions agree. Each rule returns what breaks it.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { platforms } from '../ci/platforms.mjs'
import { root } from './toolchain.mjs'

/** Unsafe code stands only here; undocumented_unsafe_blocks of clippy asks each block for its SAFETY comment. */
const unsafeRooms = [/^crates\/threadmap-core\/src\/raw\//, /^crates\/threadmap-node\/src\/ffi[./]/]

const longest = { source: 700, readme: 150 }

/** @param {string} path */
function lines(path) {
  return readFileSync(join(root, path), 'utf8').split('\n')
}

/** @param {string} path @param {number} index @param {string} what */
function at(path, index, what) {
  return `${path}:${index + 1}: ${what}`
}

/** Every file that git knows or would take, so nothing that is ignored. */
function tree() {
  const out = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
  })
  return [...new Set(out.toString().split('\0'))].filter(
    (path) => path !== '' && existsSync(join(root, path)),
  )
}

/** Cuts what is no code: line comments and the content of strings. @param {string} line */
function code(line) {
  return line.replace(/"(?:[^"\\]|\\.)*"/g, '""').replace(/\/\/.*$/, '')
}

/** @param {readonly string[]} paths */
function unsafeInItsRooms(paths) {
  return paths
    .filter((path) => path.endsWith('.rs') && !unsafeRooms.some((room) => room.test(path)))
    .flatMap((path) =>
      lines(path).flatMap((line, i) =>
        /\bunsafe\b/.test(code(line)) ? [at(path, i, 'unsafe outside its rooms')] : [],
      ),
    )
}

/** @param {readonly string[]} paths */
function layers(paths) {
  const facade = paths
    .filter(
      (path) =>
        /\.(ts|mts|cts)$/.test(path) && !/^(lib\/native\.ts|binding\.d\.cts|.*\.config\.ts)$/.test(path),
    )
    .flatMap((path) =>
      lines(path).flatMap((line, i) =>
        /(?:from|import\(?|require\()\s*['"](?:#binding|[./]*binding\.cjs)['"]/.test(line)
          ? [at(path, i, 'only lib/native.ts imports the binding')]
          : [],
      ),
    )
  const core = paths
    .filter((path) => /^crates\/threadmap-core\/.*\.(rs|toml)$/.test(path))
    .flatMap((path) =>
      lines(path).flatMap((line, i) =>
        /\bnapi(?:_sys|_derive)?(?:::|\.workspace|\s*=)/.test(code(line))
          ? [at(path, i, 'the core knows no napi')]
          : [],
      ),
    )
  return [...facade, ...core]
}

/** @param {readonly string[]} paths */
function lengths(paths) {
  const sources = paths.filter(
    (path) => /\.(rs|ts|mjs)$/.test(path) && !/(^|\/)(__test__|tests)\/|(^|\/)tests\.rs$/.test(path),
  )
  return [
    ...sources.map((path) => ({ path, most: longest.source })),
    ...paths.filter((path) => path === 'README.md').map((path) => ({ path, most: longest.readme })),
  ].flatMap(({ path, most }) => {
    const length = lines(path).length - 1
    return length > most ? [`${path}: ${length} lines, at most ${most}`] : []
  })
}

/** The lockfiles are the same on every machine: no host of a registry, no path. */
function lockfiles() {
  const cargo = ['Cargo.lock', 'fuzz/Cargo.lock'].flatMap((path) =>
    lines(path).flatMap((line, i) =>
      /^source = /.test(line) && line !== 'source = "registry+https://github.com/rust-lang/crates.io-index"'
        ? [at(path, i, `not the public index: ${line}`)]
        : [],
    ),
  )
  const npm = lines('package-lock.json').flatMap((line, i) => {
    if (/"resolved":/.test(line))
      return [at('package-lock.json', i, 'names where a package came from (see .npmrc)')]
    return /"(?:file:|\/|[A-Za-z]:\\)/.test(line) ? [at('package-lock.json', i, 'names a path')] : []
  })
  return [...cargo, ...npm, ...everyPlatform()]
}

/** npm ci refuses a lockfile that lacks an optional package, such as another platform's binary. */
function everyPlatform() {
  const packages = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages
  return Object.entries(packages).flatMap(([path, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !packages[`node_modules/${name}`] && !packages[`${path}/node_modules/${name}`])
      .map((name) => `package-lock.json: ${path} lists ${name}, which the lockfile lacks`),
  )
}

/** One list of platforms and one version: in the loader, in package.json, in Cargo.toml, and in ci/platforms.mjs. */
function published() {
  const same = (
    /** @type {string} */ file,
    /** @type {readonly string[]} */ found,
    /** @type {readonly string[]} */ wanted,
  ) =>
    [...found].sort().join() === [...wanted].sort().join()
      ? []
      : [`${file}: has ${found}, but ci/platforms.mjs ${wanted}`]
  const { version, napi } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const loader = readFileSync(join(root, 'binding.cjs'), 'utf8')
  const names = platforms.map(({ name }) => name)
  const rows = [...loader.matchAll(/^ {2}'(.+)': \(\) => require\.resolve\('@threadmap\/(.+)'\),$/gm)]
  const crates = /^version = "(.+)"$/m.exec(readFileSync(join(root, 'Cargo.toml'), 'utf8'))?.[1]
  return [
    ...same(
      'binding.cjs',
      rows.map(([, name = '']) => name),
      names,
    ),
    ...same(
      'binding.cjs',
      rows.map(([, , name = '']) => name),
      names,
    ),
    ...same(
      'package.json',
      napi.targets,
      platforms.map(({ target }) => target),
    ),
    ...(crates === version ? [] : [`Cargo.toml: version ${crates}, but package.json ${version}`]),
  ]
}

/** @returns {string[]} what breaks a rule, one line each */
export function brokenRules() {
  const paths = tree()
  return [...unsafeInItsRooms(paths), ...layers(paths), ...lengths(paths), ...lockfiles(), ...published()]
}
