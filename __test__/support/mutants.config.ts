// vitest for mutants.slow.ts: one spec over a broken map. Workers get the mutant by NODE_OPTIONS, the specs by this.
import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    pool: 'forks',
    include: ['__test__/*.spec.ts'],
    setupFiles: ['__test__/support/mutants.ts'],
    testTimeout: 60_000,
    // The first failure is all that is asked for.
    bail: 1,
  },
})

export default config
