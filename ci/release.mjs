// Publishes what ci/packages.mjs has packed: the platforms' packages first, the root last, so that nobody can install a
// root without its binary. A version that is there already is left alone: run it again after a failure.
//   node ci/release.mjs --tag v1.2.3              checks alone: tag, change log, checksums, completeness
//   node ci/release.mjs --tag v1.2.3 --publish    the packages to npm, by trusted publishing, with provenance
//   node ci/release.mjs --tag v1.2.3 --announce   the release with change log, checksums, symbols and SBOMs
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root } from '../scripts/toolchain.mjs'
import { platforms } from './platforms.mjs'

const { values } = parseArgs({
  options: {
    tag: { type: 'string', default: '' },
    publish: { type: 'boolean', default: false },
    announce: { type: 'boolean', default: false },
  },
})
const stage = join(root, 'target', 'npm')
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const files = [...platforms.map(({ name }) => `threadmap-${name}-${version}.tgz`), `threadmap-${version}.tgz`]

/** @returns {string} what the change log says of this version */
function changes() {
  const [, section] = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').split(`\n## [${version}]`)
  if (section === undefined) throw new Error(`CHANGELOG.md has no section [${version}]`)
  return (section.split('\n## ')[0] ?? '').replace(/^.*\n/, '').trim()
}

function check() {
  if (values.tag !== `v${version}`)
    throw new Error(`the tag is ${values.tag}, but package.json has ${version}`)
  changes()
  const sums = new Map(
    readFileSync(join(stage, 'SHA256SUMS'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => /** @type {[string, string]} */ (line.split('  ').reverse())),
  )
  for (const file of files) {
    const hash = createHash('sha256')
      .update(readFileSync(join(stage, file)))
      .digest('hex')
    if (sums.get(file) !== hash) throw new Error(`${file} is not what SHA256SUMS says`)
  }
}

/** Whether that version of a package is published. @param {string} name */
function isThere(name) {
  return (
    spawnSync('npm', ['view', `${name}@${version}`, 'version'])
      .stdout.toString()
      .trim() === version
  )
}

function publish() {
  const npm = execFileSync('npm', ['--version']).toString().trim()
  const [major = 0, minor = 0] = npm.split('.').map(Number)
  // Trusted publishing came with 11.5.1.
  if (major < 11 || (major === 11 && minor < 6)) throw new Error(`npm ${npm} is too old: 11.6 or newer`)
  for (const file of files) {
    const name =
      file === files.at(-1)
        ? 'threadmap'
        : `@threadmap/${file.slice('threadmap-'.length, -`-${version}.tgz`.length)}`
    if (isThere(name)) {
      console.log(`${name}@${version} is there already`)
      continue
    }
    const args = ['publish', join(stage, file), '--provenance', '--access', 'public', '--ignore-scripts']
    execFileSync('npm', args, { stdio: 'inherit' })
  }
}

function announce() {
  const notes = join(stage, 'notes.md')
  writeFileSync(notes, `${changes()}\n`)
  const symbols = readdirSync(join(stage, 'symbols'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  const boms = readdirSync(stage)
    .filter((name) => name.endsWith('.cdx.json'))
    .map((name) => join(stage, name))
  const assets = [...files.map((file) => join(stage, file)), join(stage, 'SHA256SUMS'), ...boms, ...symbols]
  execFileSync('gh', ['release', 'create', values.tag, '--verify-tag', '--notes-file', notes, ...assets], {
    stdio: 'inherit',
  })
}

check()
if (values.publish) publish()
if (values.announce) announce()
console.log(`${values.tag}: ${files.length} packages`)
