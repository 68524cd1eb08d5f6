// The loader: finds the binary of this platform and loads it, once a thread. CommonJS, and each package by its literal
// name, so that what bundlers and file tracers (Next, nft) see is what belongs to the package. Invariant: only
// `process.dlopen` loads, so nothing but a native binary can be loaded; a WASM build would give each thread a memory
// of its own. Only lib/native.ts calls it, and makes a typed error of what it throws.
'use strict'

const { existsSync, realpathSync } = require('node:fs')
const { join, resolve } = require('node:path')
const { version } = require('./package.json')

/** Where the package of each platform keeps its binary. `ci/platforms.mjs` has the same names. */
const packages = {
  'linux-x64-gnu': () => require.resolve('@threadmap/linux-x64-gnu'),
  'linux-x64-musl': () => require.resolve('@threadmap/linux-x64-musl'),
  'linux-arm64-gnu': () => require.resolve('@threadmap/linux-arm64-gnu'),
  'linux-arm64-musl': () => require.resolve('@threadmap/linux-arm64-musl'),
  'linux-arm-gnueabihf': () => require.resolve('@threadmap/linux-arm-gnueabihf'),
  'darwin-x64': () => require.resolve('@threadmap/darwin-x64'),
  'darwin-arm64': () => require.resolve('@threadmap/darwin-arm64'),
  'win32-x64-msvc': () => require.resolve('@threadmap/win32-x64-msvc'),
  'win32-arm64-msvc': () => require.resolve('@threadmap/win32-arm64-msvc'),
  'freebsd-x64': () => require.resolve('@threadmap/freebsd-x64'),
}

/** Where no binary is found: what to do, in the order of likelihood. */
const advice = (name) =>
  `Do one of these: npm install ${name}@${version}; where node_modules or the lockfile come from another platform, ` +
  'or npm was told to omit optional dependencies, delete node_modules and install again ' +
  '(https://github.com/npm/cli/issues/4828); where a bundler has swallowed threadmap, mark it as external ' +
  '(esbuild and rolldown: external; Next: serverExternalPackages); or set NAPI_RS_NATIVE_LIBRARY_PATH to the binary.'

/** The names that this platform could have, likeliest first: only Linux has more than one. */
function candidates() {
  const prefix = `${process.platform}-${process.arch}`
  return Object.keys(packages).filter((name) => name === prefix || name.startsWith(`${prefix}-`))
}

/** Whether the C library is musl. Dear, a millisecond or more: asked only where the files leave it open. */
function isMusl() {
  if (process.platform !== 'linux' || !process.report) return false
  const excluded = process.report.excludeNetwork
  process.report.excludeNetwork = true
  const report = process.report.getReport()
  process.report.excludeNetwork = excluded
  return report?.header?.glibcVersionRuntime === undefined
}

/** The candidate for the C library of this process. */
function likeliest(names) {
  if (names.length < 2) return names[0]
  const musl = isMusl()
  return names.find((name) => name.endsWith('-musl') === musl)
}

/** The binary of a platform beside this file (a build of one's own), or in the platform's package. */
function find(name) {
  const own = join(__dirname, `threadmap.${name}.node`)
  if (existsSync(own)) return { path: own, from: 'folder' }
  try {
    return { path: packages[name](), from: 'package' }
  } catch {
    return undefined
  }
}

/** @returns {{ path: string, from: 'environment' | 'folder' | 'package' }} */
function locate() {
  const chosen = process.env.NAPI_RS_NATIVE_LIBRARY_PATH
  if (chosen) return { path: resolve(chosen), from: 'environment' }
  const names = candidates()
  const here = `${process.platform} ${process.arch}, Node ${process.versions.node}`
  if (names.length === 0) {
    throw new Error(
      `threadmap has no binary for this platform (${here}). There are: ${Object.keys(packages).join(', ')}. ` +
        'Build one from the source, and set NAPI_RS_NATIVE_LIBRARY_PATH to it.',
    )
  }
  const found = names.filter((name) => find(name) !== undefined)
  const name = found.length === 1 ? found[0] : likeliest(found.length === 0 ? names : found)
  const binary = name === undefined ? undefined : find(name)
  if (binary) return binary
  throw new Error(
    `threadmap: the package @threadmap/${name ?? names[0]}, which has the binary of this platform (${here}), is not ` +
      `installed. ${advice(`@threadmap/${name ?? names[0]}`)}`,
  )
}

/** Whether the environment asks napi-rs for a WASM build. */
function wantsWasm() {
  return !['', '0', 'false', undefined].includes(process.env.NAPI_RS_FORCE_WASI)
}

function load() {
  if (wantsWasm()) {
    throw new Error(
      'threadmap needs its native binary, but NAPI_RS_FORCE_WASI asks for a WASM build: every thread would get maps ' +
        'of its own. Unset NAPI_RS_FORCE_WASI.',
    )
  }
  const { path, from } = locate()
  const how = from === 'environment' ? 'NAPI_RS_NATIVE_LIBRARY_PATH names' : 'threadmap found'
  const mend =
    from === 'environment'
      ? `Unset it, or set it to the native binary of threadmap ${version} for ${process.platform}-${process.arch}.`
      : `Delete node_modules and install again on this machine; run no binary of another platform.`
  const target = { exports: {} }
  try {
    process.dlopen(target, path)
  } catch (cause) {
    throw new Error(`${how} ${path}, which cannot be loaded as a native binary: ${cause.message}. ${mend}`, {
      cause,
    })
  }
  const binding = target.exports
  if (typeof binding.build !== 'function') {
    throw new Error(`${how} ${path}, which is a native binary, but none of threadmap. ${mend}`)
  }
  const build = binding.build()
  if (build.version !== version) {
    throw new Error(
      `${how} ${path}, the binary of version ${build.version}, but the package is ${version}: the two must be the ` +
        `same. ${mend}`,
    )
  }
  return { binding, build, path: realpathSync(path), from }
}

module.exports = { load }
