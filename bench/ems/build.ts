// Builds ems from the sources in its npm package. Its own install runs node-gyp, which fetches headers from outside
// of the registry; here they come from the package node-api-headers. Throws with a reason where it cannot be built.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EMS_ADDON, EMS_ROOM } from './place.ts'

const COMPILERS = ['c++', 'g++', 'clang++'] as const
const DEFINES = ['NAPI_DISABLE_CPP_EXCEPTIONS', 'NODE_GYP_MODULE_NAME=ems', 'BUILDING_NODE_EXTENSION']

const run = (program: string, parameters: readonly string[]): void => {
  const { status, stderr, error } = spawnSync(program, parameters, { cwd: EMS_ROOM, encoding: 'utf8' })
  const said = error?.message ?? stderr.trim().split('\n').at(-1)
  if (status !== 0) throw new Error(`${program} failed: ${said}`)
}

/** Does nothing where it is built already. */
export const buildEms = (): void => {
  if (existsSync(EMS_ADDON)) return
  if (process.platform !== 'linux') throw new Error('ems is built for Linux only')
  const compiler = COMPILERS.find((name) => spawnSync(name, ['--version']).status === 0)
  if (compiler === undefined) throw new Error('its addon must be compiled, and there is no C++ compiler')
  mkdirSync(EMS_ROOM, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) {
    copyFileSync(join(import.meta.dirname, name), join(EMS_ROOM, name))
  }
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'])
  const modules = join(EMS_ROOM, 'node_modules')
  const sources = ['src', 'nodejs'].flatMap((folder) =>
    readdirSync(join(modules, 'ems', folder))
      .filter((name) => name.endsWith('.cc'))
      .map((name) => join(modules, 'ems', folder, name)),
  )
  const includes = [join('node-api-headers', 'include'), 'node-addon-api'].flatMap((path) => [
    '-I',
    join(modules, path),
  ])
  const defines = DEFINES.map((name) => `-D${name}`)
  mkdirSync(dirname(EMS_ADDON), { recursive: true })
  const flags = ['-O3', '-w', '-shared', '-fPIC', '-fexceptions']
  run(compiler, [...flags, ...defines, ...includes, ...sources, '-lrt', '-o', EMS_ADDON])
}
