// npm run build [-- dist]: the native binding and dist, or dist alone, whether they are stale or not.
import { buildBinding, buildDist, install } from './prepare.mjs'
import { fail } from './steps.mjs'

try {
  await install()
  if (process.argv[2] !== 'dist') await buildBinding({ force: true })
  await buildDist({ force: true })
} catch (error) {
  fail(error)
}
