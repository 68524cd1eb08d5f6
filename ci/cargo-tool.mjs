// Programs that cargo installs, kept in .tools: for the checks that need one.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cargo, root } from '../scripts/toolchain.mjs'

const exe = process.platform === 'win32' ? '.exe' : ''

/** A cargo tool of that version: the one on the PATH, or built into .tools. @param {string} name @param {string} version */
export function cargoTool(name, version) {
  const is = (/** @type {string} */ path) =>
    (spawnSync(path, ['--version']).stdout ?? '').toString().includes(version)
  if (is(name)) return name
  const path = join(root, '.tools', 'bin', `${name}${exe}`)
  if (!existsSync(path) || !is(path)) {
    const args = ['install', '--locked', '--root', join(root, '.tools'), `${name}@${version}`]
    execFileSync(cargo(), args, { stdio: 'inherit' })
  }
  return path
}
