// What the package is made of, as CycloneDX, one file for each half, into target/npm: the npm package by npm itself,
// the crates that are linked into the binary by cargo-cyclonedx.
//   node ci/sbom.mjs
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cargo, npm, root } from '../scripts/toolchain.mjs'
import { cargoTool } from './cargo-tool.mjs'

const stage = join(root, 'target', 'npm')
mkdirSync(stage, { recursive: true })

function ofNpm() {
  const call = npm(['sbom', '--sbom-format', 'cyclonedx', '--omit', 'dev', '--package-lock-only'])
  const shell = /** @type {any} */ (call).shell ?? false
  writeFileSync(
    join(stage, 'threadmap-npm.cdx.json'),
    execFileSync(call.command, call.args, { cwd: root, shell, stdio: ['ignore', 'pipe', 'inherit'] }),
  )
}

function ofCargo() {
  cargo()
  const crate = join(root, 'crates', 'threadmap-node')
  const name = 'threadmap-crates.cdx'
  const args = ['cyclonedx', '--format', 'json', '--target', 'all', '--no-build-deps']
  const program = cargoTool('cargo-cyclonedx', '0.5.9')
  execFileSync(
    program,
    [...args, '--override-filename', name, '--manifest-path', join(crate, 'Cargo.toml')],
    {
      cwd: root,
      stdio: 'inherit',
    },
  )
  renameSync(join(crate, `${name}.json`), join(stage, `${name}.json`))
  // It writes one for each crate of the workspace; that of the addon has the core in it.
  rmSync(join(root, 'crates', 'threadmap-core', `${name}.json`), { force: true })
}

ofNpm()
ofCargo()
for (const [file, wanted] of /** @type {const} */ ([
  ['threadmap-npm.cdx.json', 'threadmap'],
  ['threadmap-crates.cdx.json', 'threadmap-node'],
])) {
  const { bomFormat, metadata, components = [] } = JSON.parse(readFileSync(join(stage, file), 'utf8'))
  if (bomFormat !== 'CycloneDX' || !String(metadata.component['bom-ref']).includes(wanted))
    throw new Error(`${file} does not describe ${wanted}`)
  console.log(`${file}: ${components.length} components`)
}
