// A folder of a spec file's own, removed when its tests have ended.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

export const folder: string = mkdtempSync(join(tmpdir(), 'threadmap-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

let files = 0

/** A path that nothing has yet. */
export function freshPath(): string {
  files += 1
  return join(folder, `${files}.tmf`)
}

/** Files that no test asked for: what a writer has left. */
export function leftovers(): string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.tmp'))
}
