// Two copies of the package in one process are two worlds that cannot share a map.
// Invariant: that is said once, naming both, and never when there is only one copy.

import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Copies, installTwice } from './support/life-copies.ts'
import { runChild, workerFile } from './support/life-threads.ts'

interface Report {
  readonly warnings: string[]
  readonly errors: Record<string, boolean>
  readonly shared: boolean
}

let copies: Copies

beforeAll(async () => {
  copies = await installTwice()
}, 60_000)

afterAll(() => copies?.remove())

async function load(threads: readonly (readonly string[])[]): Promise<Report & { readonly stderr: string }> {
  const end = await runChild(workerFile('child-copies'), [JSON.stringify(threads)])
  expect(end.code, end.stderr).toBe(0)
  return { ...JSON.parse(end.stdout.trimEnd().split('\n').at(-1) ?? ''), stderr: end.stderr }
}

const settings: Record<string, (a: string, b: string) => string[][]> = {
  'in one thread': (a, b) => [[a, b]],
  'in main and a worker': (a, b) => [[a], [b]],
  'in two sibling workers, none in main': (a, b) => [[], [a], [b]],
  'in eight workers, four of each': (a, b) => [[], [a], [b], [a], [b], [a], [b], [a], [b]],
  'both in four workers': (a, b) => [[], [a, b], [b, a], [a, b], [b, a]],
}

test.each(Object.keys(settings))('two copies %s: one warning that names both paths', async (setting) => {
  const { a, b } = copies
  const { warnings, stderr } = await load(settings[setting]?.(a, b) ?? [])
  expect(warnings).toHaveLength(1)
  for (const text of [warnings[0], stderr]) {
    expect(text).toContain(a)
    expect(text).toContain(b)
    expect(text).toMatch(/threadmap/i)
  }
  expect(stderr.split(a).length).toBe(2)
})

test('one copy loaded by main and eight workers warns of nothing', async () => {
  const { warnings, stderr } = await load(Array.from({ length: 9 }, () => [copies.a]))
  expect(warnings).toEqual([])
  expect(stderr).toBe('')
})

test('one copy loaded by sixteen workers at once, none in main, warns of nothing', async () => {
  const { warnings, stderr } = await load([[], ...Array.from({ length: 16 }, () => [copies.b])])
  expect(warnings).toEqual([])
  expect(stderr).toBe('')
})

test('one copy evaluated twice in a thread, as test runners do, warns of nothing and shares its maps', async () => {
  const { warnings, stderr, shared } = await load([[copies.a, `${copies.a}?again`]])
  expect(warnings).toEqual([])
  expect(stderr).toBe('')
  expect(shared).toBe(true)
})

test('errors of one copy are instances of the same class of the other copy, and of no other class', async () => {
  const { errors } = await load([[copies.a, copies.b]])
  expect(errors).toEqual({
    'base by other': true,
    'same by other': true,
    'same by own': true,
    'other class by other': false,
    'Error by own': true,
    'plain object': false,
    'another Error': false,
  })
})

test('two copies share no map and refuse the handles of each other', async () => {
  const report = await load([[copies.a, copies.b]])
  expect(report.shared).toBe(false)
  expect(report).toMatchObject({ crossed: 'THREADMAP_INVALID_HANDLE' })
})
