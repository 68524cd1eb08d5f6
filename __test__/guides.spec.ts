// The guides' code is code: each TypeScript block is a program that runs as it stands, writes nothing to standard
// error, and prints what its `// prints` comments say.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { runChild } from './support/life-threads.ts'

const guides = new URL('../docs/guides/', import.meta.url)
const source = new URL('../index.ts', import.meta.url).href
const home = mkdtempSync(join(tmpdir(), 'threadmap-guides-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const blocks = readdirSync(guides)
  .filter((file) => file.endsWith('.md'))
  .flatMap((file) => {
    const text = readFileSync(new URL(file, guides), 'utf8')
    return [...text.matchAll(/^```ts\n(.*?)\n```$/gms)].map(([, code = ''], i) => ({
      title: `${file}, block ${i + 1}`,
      code,
    }))
  })

test('there are guides with code', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(15)
})

test.each(blocks)('$title does what it says', async ({ title, code }) => {
  const promised = [...code.matchAll(/\/\/ prints:? (.*)$/gm)].map(([, line]) => line?.trim())
  expect(code).toContain("from 'threadmap'")
  expect(promised.length).toBeGreaterThan(0)
  const file = join(home, `${title.replaceAll(/\W+/g, '-')}.mts`)
  writeFileSync(file, code.replaceAll("from 'threadmap'", `from '${source}'`))
  const { code: exit, stdout, stderr } = await runChild(pathToFileURL(file))
  expect(stderr).toBe('')
  expect(stdout.trimEnd().split('\n')).toEqual(promised)
  expect(exit).toBe(0)
})
