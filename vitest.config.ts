// The TypeScript tests. Each spec file gets a process of its own (`forks`): in a shared one all files would share
// one registry of maps. THREADMAP_SLOW=1 (npm run test:slow) takes the *.slow.ts files instead of the specs.
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { patience } from './__test__/support/patience.ts'

const slow = process.env['THREADMAP_SLOW'] === '1'

/** A binary built for a sanitizer. Not set for vitest itself, whose own binaries the variable would replace, too. */
const binary = process.env['THREADMAP_BINARY']

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    include: [slow ? '__test__/**/*.slow.ts' : '__test__/**/*.spec.ts'],
    // Generous: they end a hung test, they measure nothing.
    testTimeout: patience * (slow ? 1_800_000 : 180_000),
    hookTimeout: patience * (slow ? 600_000 : 120_000),
    expect: { poll: { timeout: patience * 1_000 } },
    ...(binary !== undefined && { env: { NAPI_RS_NATIVE_LIBRARY_PATH: binary } }),
    allowOnly: process.env['CI'] === undefined,
  },
})

export default config
