// Tests of the tests: over a map that breaks one promise, the spec that is there for the promise must fail.
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { mutants } from './support/mutants.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const mutantsFile = new URL('./support/mutants.ts', import.meta.url).href

/** Whether a spec passes over a mutant; over none when the name is empty. */
async function passes(spec: string, mutant: string): Promise<boolean> {
  const args = [vitest, 'run', '--config', '__test__/support/mutants.config.ts', `__test__/${spec}.spec.ts`]
  const env = {
    ...process.env,
    NODE_OPTIONS: `--import=${mutantsFile}`,
    THREADMAP_MUTANT: mutant,
    THREADMAP_SLOW: '',
  }
  // A mutant may make a spec run for ever: that is a failure, too.
  const run = promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: 120_000 })
  return run.then(
    () => true,
    () => false,
  )
}

// Without this a broken runner would count as a caught mutant.
describe('over the map itself', () => {
  const specs = new Set(Object.values(mutants).map(({ spec }) => spec))
  it.each([...specs])('%s.spec.ts passes', async (spec) => {
    expect(await passes(spec, '')).toBe(true)
  })
})

describe('over a map of which', () => {
  it.each(Object.keys(mutants))('%s, the tests fail', async (name) => {
    expect(await passes(mutants[name]?.spec as string, name)).toBe(false)
  })
})
