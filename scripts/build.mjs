// npm run build: the native binding with its loader and types, and dist, whether they are stale or not.
import { buildBinding, buildDist, install } from './prepare.mjs'
import { fail } from './steps.mjs'

try {
  await install()
  await buildBinding({ force: true })
  await buildDist({ force: true })
} catch (error) {
  fail(error)
}
