// The conformance suite on every map: the built-in one, and each variant in three settings.
import { conformance } from './support/conformance.ts'
import { builtInMap, fourWorkers, oneThread, writerAndReader } from './support/settings.ts'
import { variants } from './support/variants.ts'

conformance(builtInMap())
for (const variant of variants) {
  conformance(oneThread(variant))
  conformance(writerAndReader(variant))
  conformance(fourWorkers(variant))
}
