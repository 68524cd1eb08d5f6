// npm run bench:all from end to end, in sizes that take a moment: everything runs, whoever takes part is in every row,
// and page, charts and README come out of the raw figures. No test here looks at a time.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PLANS } from '../bench/all-plan.ts'
import { QUANTILES } from '../bench/latency.ts'
import { type OperationName, operationNames, operations } from '../bench/operations.ts'
import { makePage, RESULTS, stale, writePage } from '../bench/page/page.ts'
import { type Contestant, PARTS, type Results, readResults } from '../bench/page/results.ts'
import { able, type Peer } from '../bench/peer.ts'
import { loadPeers } from '../bench/peers/all.ts'
import type { Series } from '../bench/series.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
// Ends a run that hangs: on a machine with other work, programs in four languages take their time.
const PATIENCE_MS = 1_500_000
const VARIANTS = ['sharded', 'lock-free', 'snapshot']
const BLOCK = /<!-- figures -->[\s\S]*<!-- \/figures -->/

const text = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8')

describe('a run', () => {
  let out: string
  let results: Results
  let page: string
  let peers: readonly Peer[]

  beforeAll(async () => {
    out = mkdtempSync(join(tmpdir(), 'threadmap-bench-'))
    const program = join(ROOT, 'bench', 'all.ts')
    const run = spawnSync(process.execPath, [program, '--smoke', '--out', out], {
      cwd: ROOT,
      encoding: 'utf8',
      timeout: PATIENCE_MS,
    })
    expect(run, `${run.stdout}\n${run.stderr}`).toMatchObject({ status: 0 })
    results = readResults(join(out, RESULTS))
    page = text(out, 'BENCHMARKS.md')
    peers = (await loadPeers()).peers
  }, PATIENCE_MS)

  afterAll(() => rmSync(out, { recursive: true, force: true }))

  const contestants = (): string[] => results.run.contestants.map(({ name }) => name)
  /** Those that were measured at all and can do it. */
  const takers = (operation: OperationName, together: boolean): string[] =>
    peers
      .filter((peer) => contestants().includes(peer.name) && able(peer, operation, together))
      .map(({ name }) => name)

  test('measures every part', () => {
    for (const part of PARTS) expect(results[part], part).toBeDefined()
  })

  test('has every contestant that can do it in each row of single operations', () => {
    const series = results.node?.series ?? []
    for (const operation of operationNames) {
      const row = series.filter(
        (one) => one.scene.startsWith(`thread ${operation} `) && one.operation === operation,
      )
      expect(row.map(({ peer }) => peer).sort(), operation).toEqual(takers(operation, false).sort())
    }
  })

  test('has every contestant that can do it with one and with two workers', () => {
    const series = results.node?.series ?? []
    for (const operation of PLANS.smoke.node.workerOperations) {
      const row = series.filter(({ scene }) => scene.startsWith(`workers ${operation} `))
      const withSetting = (setting: Series['setting']): string[] =>
        row.filter((one) => one.setting === setting).map(({ peer }) => peer)
      const all = takers(operation, true)
      const shared = all.filter((name) => peers.find((peer) => peer.name === name)?.shared)
      expect(withSetting('1 worker').sort()).toEqual(all.toSorted())
      expect(withSetting('2 workers, two maps').sort()).toEqual(all.toSorted())
      expect(withSetting('2 workers, one map').sort()).toEqual(shared.toSorted())
    }
  })

  test('has each of our ways in every cell of the matrix', () => {
    const ours = VARIANTS.map((name) => (name === results.run.variant ? 'threadmap' : `threadmap ${name}`))
    const { sizes, distributions, threads } = PLANS.smoke.matrix
    expect(results.matrix).toHaveLength(sizes.length * distributions.length * threads.length * 5)
    for (const { prices } of results.matrix ?? []) expect(Object.keys(prices)).toEqual(ours)
  })

  test('tells the waits of single inserts up to the very longest, and the memory, for all that have them', () => {
    const single = peers.filter((peer) => !peer.batched && peer.style !== 'flight' && able(peer, 'set'))
    const wanted = single.map(({ name }) => name).filter((name) => contestants().includes(name))
    expect(results.latency?.tails.map(({ peer }) => peer)).toEqual(wanted)
    for (const { waits } of results.latency?.tails ?? []) {
      for (const round of waits) {
        expect(round).toHaveLength(QUANTILES.length)
        expect(round).toEqual(round.toSorted((a, b) => a - b))
      }
    }
    expect(results.resident?.weights.map(({ peer }) => peer)).toEqual(
      wanted.filter((name) => !Object.hasOwn(results.run.missing, `memory of ${name}`)),
    )
  })

  test('has every map of Rust, and those of Go and Java where their tools are, in each row of the core', () => {
    const { core } = results
    const wanted = [...VARIANTS, 'dashmap', 'papaya', 'scc map', 'scc index', 'flurry', 'RwLock']
    const languages = { Go: ['Go sync.Map', 'Go xsync.Map'], Java: ['Java CHM'] }
    for (const [language, maps] of Object.entries(languages)) {
      if (results.run.missing[`maps of ${language}`] === undefined) wanted.push(...maps)
    }
    expect(core?.names).toEqual(wanted)
    // For each kind of key: mixes, laws and threads; churn and counter by threads; growth and iteration.
    expect(core?.rows).toHaveLength(2 * (5 * 2 * 3 + 3 + 3 + 1 + 1))
    expect(core?.tails).toHaveLength(2)
    for (const { name, ns } of [...(core?.rows ?? []), ...(core?.tails ?? [])]) {
      expect(Object.keys(ns), name).toEqual(wanted)
    }
  })

  test('has drawn the same keys and operations in every language', () => {
    const prints = Object.values(results.core?.drawn ?? {})
    expect(prints.length).toBeGreaterThan(0)
    for (const print of prints) expect(print).toEqual(prints[0])
  })

  test('names on the page whoever took part and whoever could not, with the reason', () => {
    const { run } = results
    for (const { name, note } of run.contestants) expect(page).toContain(`| ${name} | ${note} |`)
    for (const [name, why] of Object.entries(run.missing)) {
      expect(why).not.toBe('')
      expect(page).toContain(`| ${name} | not measured: ${why} |`)
    }
    const known = [...run.contestants.map(({ name }) => name), ...Object.keys(run.missing)]
    for (const { name } of peers) expect(known).toContain(name)
  })

  test('says on the page with which command, when and on what it was made', () => {
    expect(page).toContain('npm run bench:all -- --smoke')
    for (const fact of ['date', 'node', 'cpu', 'commit']) {
      expect(page).toContain(`| ${fact} | ${results.run.machine[fact]} |`)
    }
  })

  test('writes no figure that is none', () => {
    expect(page).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('draws every chart that the page shows, and no other, with its title and its units', () => {
    const shown = [...page.matchAll(/!\[[^\]]+\]\(([^)]+)\)/g)].map(([, path]) => path as string)
    const folder = join(RESULTS, 'charts')
    const there = readdirSync(join(out, folder)).map((name) => `${RESULTS}/charts/${name}`)
    expect(shown.toSorted()).toEqual(there.toSorted())
    for (const path of shown) {
      const svg = text(out, path)
      expect(svg).toMatch(/^<svg [^>]+>\n<title>.+<\/title>/)
      expect(svg.endsWith('</svg>\n')).toBe(true)
      expect(svg).toContain('prefers-color-scheme:dark')
      expect(svg).toMatch(/class="axis"[^>]*>[^<]*(ns|operations a second|bytes)/)
      expect(svg, path).not.toMatch(/NaN|undefined|Infinity/)
    }
  })

  test('gives the README the block of the page, and changes nothing else in it', () => {
    const [block] = page.match(BLOCK) ?? []
    const [kept] = text(ROOT, 'README.md').match(BLOCK) ?? []
    expect(block).toBeDefined()
    expect(text(out, 'README.md')).toBe(
      text(ROOT, 'README.md').replace(kept as string, () => block as string),
    )
  })

  test('makes the same page again from its raw figures, and tells one that has others', () => {
    expect(stale(out, makePage(results))).toEqual([])
    const [first] = results.matrix ?? []
    const prices = Object.fromEntries(
      Object.keys(first?.prices ?? {}).map((name) => [name, [12_345, 12_345]]),
    )
    const others = results.matrix?.map((cell, i) => (i === 0 ? { ...cell, prices } : cell)) ?? []
    expect(stale(out, makePage({ ...results, matrix: others }))).toContain('BENCHMARKS.md')
    writeFileSync(join(out, RESULTS, 'charts', 'more.svg'), '<svg/>')
    expect(stale(out, makePage(results))).toEqual([`${RESULTS}/charts/more.svg`])
    rmSync(join(out, RESULTS, 'charts', 'more.svg'))
  })
})

describe('the page', () => {
  const contestant = (name: string, kind: Contestant['kind']): Contestant => ({
    name,
    kind,
    note: `${name}!`,
  })
  const made = (ours: readonly number[], map: readonly number[]): string => {
    const scene = 'thread get uniform recurring 64'
    const draw = { scene, operation: 'get', distribution: 'uniform', origin: 'recurring', size: 64 } as const
    const series: Series[] = [
      { ...draw, peer: 'threadmap', setting: '1 thread', prices: ours },
      { ...draw, peer: 'Map', setting: '1 thread', prices: map },
    ]
    return makePage({
      run: {
        mode: 'quick',
        command: 'npm run bench:all',
        machine: { node: 'v24', cpu: 'one', date: '2026-01-01', load: '0.00 0.00 0.00 at the start' },
        seconds: 1,
        loadAfter: '1.00 1.00 1.00',
        variant: 'sharded',
        contestants: [contestant('threadmap', 'ours'), contestant('Map', 'private')],
        missing: { redis: 'no server' },
        rounds: { thread: 3, workers: 3, matrix: 3 },
      },
      node: { series, targets: [] },
    }).text
  }
  const { title } = operations.get

  test('has a row that we lose in bold, and one that we win plain', () => {
    expect(made([20, 40, 30], [10, 20, 15])).toContain(
      `| **${title}** | **30 ±17%** | **15 ±17%** | **0.50x ±0%** |`,
    )
    expect(made([10, 20, 15], [20, 40, 30])).toContain(`| ${title} | 15 ±17% | 30 ±17% | 2.00x ±0% |`)
  })

  test('takes ratios within a round, not of medians', () => {
    // Round by round twice as fast each time, while the machine itself became five times as slow.
    expect(made([10, 50, 50], [20, 100, 100])).toContain('2.00x ±0%')
    expect(made([10, 50, 30], [40, 55, 60])).toContain('2.00x')
  })

  test('says of parts that were left out that they were not measured', () => {
    expect(made([1, 1, 1], [1, 1, 1])).toContain('## Node: memory of a process\n\nNot measured in this run.')
  })

  test('removes charts that it no longer has when it is written', () => {
    const folder = mkdtempSync(join(tmpdir(), 'threadmap-page-'))
    const chart = { text: 'a', charts: new Map([[`${RESULTS}/charts/old.svg`, '<svg/>']]) }
    writePage(folder, chart)
    expect(existsSync(join(folder, RESULTS, 'charts', 'old.svg'))).toBe(true)
    writePage(folder, { text: 'a', charts: new Map() })
    expect(existsSync(join(folder, RESULTS, 'charts', 'old.svg'))).toBe(false)
    rmSync(folder, { recursive: true })
  })
})
