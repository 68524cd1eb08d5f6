// The README's example is a program that works as printed there.
// Invariant: it runs as written; only the package's name is replaced by the path of its source.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { runChild } from './support/life-threads.ts'

const readme = new URL('../README.md', import.meta.url)
const source = new URL('../index.ts', import.meta.url)

function exampleOf(text: string): string {
  const [, code] = /<!-- example -->\s*```ts\n(.*?)\n```/s.exec(text) ?? []
  if (code === undefined) throw new Error('README.md has no ```ts block after a line `<!-- example -->`')
  return code
}

/** What the `// prints` comments promise, line by line. */
const promisedBy = (code: string): string[] =>
  [...code.matchAll(/\/\/ prints:? (.*)$/gm)].map(([, line]) => line?.trim() ?? '')

test('the example of the README prints what its comments say', async () => {
  const code = exampleOf(await readFile(readme, 'utf8'))
  expect(code.split('\n').length, 'lines of the example').toBeLessThanOrEqual(24)
  expect(code).toContain("from 'threadmap'")
  expect(code).toContain('new Worker(')
  const promised = promisedBy(code)
  expect(promised.length).toBeGreaterThan(0)

  const home = await mkdtemp(join(tmpdir(), 'threadmap-readme-'))
  try {
    const file = join(home, 'example.mts')
    await writeFile(file, code.replaceAll("from 'threadmap'", `from '${source.href}'`))
    for (let run = 0; run < 5; run++) {
      const { code: exit, stdout, stderr } = await runChild(pathToFileURL(file))
      expect(stderr).toBe('')
      expect(stdout.trimEnd().split('\n')).toEqual(promised)
      expect(exit).toBe(0)
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
})
