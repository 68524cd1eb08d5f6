// The conformance suite on every map: the built-in one, and each variant in three settings and three ways,
// and over a frozen file that has all first entries.
import { conformance } from './support/conformance.ts'
import { builtInMap, fourWorkers, oneThread, writerAndReader } from './support/settings.ts'
import { overAFile } from './support/tiers.ts'
import { tierable, variants } from './support/variants.ts'
import { ways } from './support/ways.ts'

conformance(builtInMap())
for (const variant of variants.flatMap((each) => [each, ...ways.slice(1).map((way) => ({ ...each, way }))])) {
  conformance(oneThread(variant))
  conformance(writerAndReader(variant))
  conformance(fourWorkers(variant))
}
for (const variant of tierable()) {
  const tiered = { ...variant, title: `${variant.title} over a file` }
  conformance(oneThread(tiered, overAFile))
  conformance(fourWorkers(tiered, overAFile))
}
