// The package as it is published: both tarballs installed offline into an empty project, used in every way that the
// documentation names (ci/pack.mjs, in its short form: this Node alone).
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

interface Outcome {
  readonly name: string
  readonly ok: boolean
  readonly said: string
}

const script = fileURLToPath(new URL('../ci/pack.mjs', import.meta.url))
const { stdout, stderr } = spawnSync(process.execPath, [script, '--json'], { encoding: 'utf8' })
const outcomes: readonly Outcome[] = JSON.parse(stdout.trimEnd().split('\n').at(-1) || '[]')

it('packs, installs and runs to the end', () => {
  expect(outcomes.length, stdout + stderr).toBeGreaterThanOrEqual(25)
})

it.each(outcomes)('$name', ({ ok, said }) => {
  expect(ok, said).toBe(true)
})
