// examples/config-reload: a configuration that changes a hundred times a second, and requests that see one of them.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runService } from '../examples/config-reload/service.ts'
import { patience } from './support/patience.ts'

test('every request sees one whole configuration while they are reloaded 100 times a second', async () => {
  const outcome = await runService({ workers: 3, reloads: 200, everyMs: 10, careless: false })
  expect(outcome.mixed).toBe(0)
  expect(outcome.requests).toBeGreaterThan(1_000)
  expect(outcome.revisions).toBeGreaterThan(20)
})

test('requests that do not take a snapshot see mixes, which the example counts', async () => {
  // As often as it goes: a careless look lasts microseconds.
  const outcome = await runService({ workers: 3, reloads: 2_000, everyMs: 0, careless: true })
  expect(outcome.mixed).toBeGreaterThan(0)
})

test('its program says what was seen', () => {
  const main = fileURLToPath(new URL('../examples/config-reload/main.ts', import.meta.url))
  const { stdout, status } = spawnSync(process.execPath, [main, '0.5'], {
    encoding: 'utf8',
    timeout: 60_000 * patience,
  })
  expect(stdout).toMatch(
    /^\d+ requests were answered by \d+ configurations of 50 reloads; 0 saw a mix of two\n$/,
  )
  expect(status).toBe(0)
})
