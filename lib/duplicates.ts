/**
 * Two copies of the package in one process hold two worlds of maps, silently: a map opened by name in one is not seen
 * in the other. This notices at load, on the same thread, in a thread whose parent has loaded another copy, and on
 * Linux in any thread (the system lists what is mapped), and warns once a process.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, sep } from 'node:path'
import { getEnvironmentData, setEnvironmentData } from 'node:worker_threads'
import { binary, native } from './native.ts'

const KEY = 'threadmap.loaded'
const GLOBAL = Symbol.for(KEY)

/** The folder that holds this copy's binary, the package's or that of the platform's package: what makes two worlds. */
const here: string = dirname(binary.path) + sep

/** Binaries of the package that are mapped into the process. */
function mappedBinaries(): string[] {
  if (process.platform !== 'linux' || !existsSync('/proc/self/maps')) return []
  return readFileSync('/proc/self/maps', 'latin1').match(/\/.*threadmap\.[\w-]+\.node$/gm) ?? []
}

/** Looks for another copy and leaves word of this one. */
export function detectDuplicates(): void {
  const slots = globalThis as { [GLOBAL]?: string }
  const binaries = mappedBinaries().sort()
  const folders = binaries.map((file) => file.slice(0, file.lastIndexOf('/') + 1))
  const known = [slots[GLOBAL], getEnvironmentData(KEY), ...folders].filter(
    (path) => typeof path === 'string',
  )
  const other = known.find((path) => path !== here)
  slots[GLOBAL] = here
  setEnvironmentData(KEY, here)
  // All copies ask the same one, the first by name, so that one warning comes.
  if (other === undefined || !native.claimWarning(binaries[0])) return
  process.emitWarning(
    `two copies of threadmap are loaded in this process and do not see each other's maps: ${other} and ${here}. ` +
      'Install one version for all dependents (npm ls threadmap; npm dedupe).',
    { type: 'ThreadmapWarning', code: 'THREADMAP_TWO_COPIES' },
  )
}
