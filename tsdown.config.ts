// Builds dist: one ES module and its types. The addon's loader stays outside (`#binding` of package.json), as it
// must be found beside the package, not copied into the bundle.
import { defineConfig, type UserConfig } from 'tsdown'

const config: UserConfig = defineConfig({
  entry: ['index.ts'],
  format: ['esm'],
  platform: 'node',
  target: 'node22.12',
  dts: true,
  sourcemap: false,
  deps: { neverBundle: ['#binding'] },
})

export default config
