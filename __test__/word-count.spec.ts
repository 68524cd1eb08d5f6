// examples/word-count as a user runs it, in a process of its own, against counts made here with one regular
// expression over whole texts; and its parts where the whole program cannot be made to show them.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { compare, exitCode } from '../examples/word-count/compare.ts'
import { countFiles } from '../examples/word-count/count.ts'
import { survey } from '../examples/word-count/files.ts'
import type { JobName } from '../examples/word-count/jobs/job.ts'
import { differencesText, ProgressLine } from '../examples/word-count/report.ts'
import { runJob } from '../examples/word-count/run-job.ts'
import { topWords, type WordCount } from '../examples/word-count/top.ts'
import { MAX_WORD, WordSplitter } from '../examples/word-count/words.ts'

const MAIN = fileURLToPath(new URL('../examples/word-count/main.ts', import.meta.url))
/** What the program reads at a time: a character and a word of the fixture must cross a border of it. */
const PIECE = 256 * 1_024
const POSIX = process.platform !== 'win32'

const folders: string[] = []

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

function folder(files: Record<string, string | Buffer> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'word-count-'))
  folders.push(root)
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return root
}

type Outcome = { code: number; out: string; err: string }

function run(...args: string[]): Promise<Outcome> {
  return watch(args, () => {})
}

/** Runs the program; `seen` is called with all of its output so far. */
async function watch(args: readonly string[], seen: (out: string) => void): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, ...args])
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => seen((out += text)))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const [code] = (await once(child, 'close')) as [number]
  return { code, out, err }
}

/** Every word of the texts: counted in another way than the example does. */
function countOf(texts: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const text of texts) {
    for (const [word] of text.matchAll(/[\p{L}\p{M}\p{N}_]+/gu)) {
      if (word.length <= MAX_WORD) counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  return counts
}

function total(counts: Map<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0)
}

/** The list of the most frequent words, as printed. */
function printedTop(out: string): WordCount[] {
  const list = /the most frequent:\n((?: .*\n)*)/.exec(out)?.[1] ?? ''
  return [...list.matchAll(/^ +([\d,]+) {2}(.+)$/gm)].map(([, n = '', word = '']) => [
    word,
    Number(n.replaceAll(',', '')),
  ])
}

const number = (value: number): string => value.toLocaleString('en-US')

describe('a tree with everything that a tree can hold', () => {
  const across = `ab ${`${'é'.repeat(100)} `.repeat(4_000)}漢字かな交じり文 𝒳𝒴 naïve_1 ${'é'.repeat(100)}`
  const long = 'x'.repeat(MAX_WORD + 1)
  const texts: Record<string, string> = {
    'a.txt': 'the map, the THREADS; the "map"\nlast line without an end',
    'deep/er/and/deeper/b.md': 'the_map and the-map 42 e\u0301tude',
    'across.txt': across,
    'one-word.txt': 'y'.repeat(MAX_WORD),
    'long.txt': `before ${long} after ${'z'.repeat(3 * PIECE)} end`,
    'empty.txt': '',
    'nul-late.txt': `${'early '.repeat(2_000)}\0late`,
    'bad-utf8.txt': '',
  }
  for (let n = 0; n < 2_000; n++) texts[`many/${n % 40}/${n}.txt`] = `file ${n} of many, number ${n % 50}\n`
  const expected = countOf([...Object.values(texts), 'caf broken\u{fffd}half'])
  let root: string
  let result: Outcome

  beforeAll(async () => {
    root = folder({
      ...texts,
      'bad-utf8.txt': Buffer.from([
        0x63,
        0x61,
        0x66,
        0xe9,
        0x20,
        ...Buffer.from('broken'),
        0xc3,
        ...Buffer.from('half'),
      ]),
      'image.bin': Buffer.from([0x89, 0x50, 0, 0x47, ...Buffer.from('the the the')]),
      'utf16.txt': Buffer.from('the the', 'utf16le'),
    })
    symlinkSync(root, join(root, 'deep', 'loop'), 'junction')
    symlinkSync(join(root, 'not there'), join(root, 'dangling'), 'junction')
    writeFileSync(join(root, 'secret.txt'), 'the the the')
    chmodSync(join(root, 'secret.txt'), 0)
    const socket = createServer()
    if (POSIX) socket.listen(join(root, 'socket'))
    result = await run(root)
    socket.close()
  })

  test('ends with 0 and says that all three jobs agree', () => {
    expect(result).toMatchObject({ code: 0, err: '' })
    expect(result.out).toContain('all three agree on every word and every count')
  })

  test('is counted exactly: the number of words, of different words, and the 20 most frequent', () => {
    const counts = new Map(expected)
    // Root, or Windows, reads the file that nobody may read.
    if (!result.out.includes('no permission')) counts.set('the', (counts.get('the') ?? 0) + 3)
    expect(result.out).toContain(`${number(total(counts))} words, ${number(counts.size)} different`)
    const top = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, 20)
    expect(printedTop(result.out)).toEqual(top)
  })

  test('has a character cut by the border between two pieces, else it would prove less', () => {
    expect((Buffer.from(across)[PIECE] ?? 0) & 0xc0).toBe(0x80)
  })

  test('has two words beyond the limit of length, left out by every job and said so', () => {
    expect(result.out).toContain(`2 longer than ${MAX_WORD} characters, left out`)
  })

  test('has what is left out named: binary files, links, what is no file', () => {
    expect(result.out).toMatch(/2 binary: (image\.bin, utf16\.txt|utf16\.txt, image\.bin)\n/)
    expect(result.out).toMatch(/2 symbolic link, not followed: .*dangling/)
    expect(result.out).toMatch(/2 symbolic link, not followed: .*deep.loop/)
    if (POSIX) expect(result.out).toContain('1 not a regular file: socket\n')
    if (POSIX && process.getuid?.() !== 0) expect(result.out).toContain('1 no permission: secret.txt\n')
  })

  test('is reported in plain lines where standard output is no terminal', () => {
    expect(result.out).not.toMatch(/[\r\u001b]/)
    expect(result.out).toMatch(/shared map: [\d,]+\/[\d,]+ files, [\d.]+ MB\/s, [\d.]+K? words\/s/)
  })

  test('gives a row of time and peak memory for each of the three jobs', () => {
    for (const job of ['one shared map', 'one thread, a plain Map', 'private Maps merged']) {
      expect(result.out).toMatch(
        new RegExp(`^  .*${job} +\\d+\\.\\d\\d +[\\d.,]+ +[\\d.,]+ +[\\d,]+ MB$`, 'm'),
      )
    }
  })

  test('gives the same counts in every job run with 3 threads, word by word', async () => {
    const { files } = survey(root, () => {})
    const counts = new Map(expected)
    if (files.some(({ path }) => path.endsWith('secret.txt'))) counts.set('the', (counts.get('the') ?? 0) + 3)
    for (const job of ['shared', 'single', 'private'] as const) {
      const shares: number[][] = []
      const outcome = await runJob(job, files, 3, (_, words) => shares.push([...words]))
      expect(compare(counts, outcome.counts)).toEqual({ total: 0, first: [] })
      expect(outcome.tally).toMatchObject({ files: files.length, words: total(counts), long: 2, changed: [] })
      expect(outcome.words).toHaveLength(job === 'single' ? 1 : 3)
      expect(outcome.words.reduce((sum, words) => sum + words, 0)).toBe(total(counts))
      expect(shares.at(-1)).toEqual(outcome.words)
      expect(outcome.peakBytes).toBeGreaterThan(0)
    }
  })
})

describe('what is no tree of texts', () => {
  test('an empty folder has no words, and that is no error', async () => {
    const { code, out } = await run(folder())
    expect(code).toBe(0)
    expect(out).toContain('0 words, 0 different')
  })

  test('a folder that is not there is refused with its name', async () => {
    const missing = join(folder(), 'missing')
    const { code, err } = await run(missing)
    expect(code).toBe(2)
    expect(err).toContain(missing)
  })

  test('a file instead of a folder is refused', async () => {
    const { code, err } = await run(join(folder({ 'a.txt': 'a' }), 'a.txt'))
    expect(code).toBe(2)
    expect(err).toContain('is a file, not a folder')
  })

  test('an unknown option, or a second folder, is refused with the usage', async () => {
    expect(await run('--fast')).toMatchObject({ code: 2, err: expect.stringContaining('usage') })
    expect(await run('a', 'b')).toMatchObject({ code: 2, err: expect.stringContaining('usage') })
  })
})

describe('a file that changes', () => {
  test('between the jobs is left out of all of them, and the run still ends in agreement', async () => {
    const root = folder({ 'calm.txt': 'calm '.repeat(1_000), 'log.txt': 'busy ' })
    let writer: NodeJS.Timeout | undefined
    const { code, out, err } = await watch([root], (out) => {
      // The list of files is made by then, and no job has started.
      if (out.includes('text files'))
        writer ??= setInterval(() => appendFileSync(join(root, 'log.txt'), 'busy '), 10)
    })
    clearInterval(writer)
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('1 changed while being counted: log.txt\n')
    expect(printedTop(out)).toEqual([['calm', 1_000]])
  })

  test.for([
    ['is longer', (path: string) => appendFileSync(path, ' more')],
    ['is shorter', (path: string) => writeFileSync(path, 'a')],
    ['is gone', (path: string) => rmSync(path)],
    ['is a folder', (path: string) => (rmSync(path), mkdirSync(path))],
  ] as const)('is named and skipped when it %s', async ([, change]) => {
    const root = folder({ 'a.txt': 'one two', 'b.txt': 'three' })
    const { files } = survey(root, () => {})
    change(join(root, 'a.txt'))
    const words: string[] = []
    const tally = await countFiles(
      files,
      (word) => words.push(word),
      () => {},
    )
    expect(tally).toMatchObject({ files: 2, changed: [join(root, 'a.txt')] })
    expect(words).toEqual(['three'])
  })

  test('an error of the map is not taken for one of a file', async () => {
    const { files } = survey(folder({ 'a.txt': 'a' }), () => {})
    const full = (): void => {
      throw Object.assign(new Error('full'), { code: 'THREADMAP_LIMIT' })
    }
    await expect(countFiles(files, full, () => {})).rejects.toThrow('full')
  })
})

describe('the verdict', () => {
  const counts = (...entries: WordCount[]): Map<string, number> => new Map(entries)

  test('is agreement only for the same words with the same counts', () => {
    expect(compare(counts(['a', 1], ['b', 2]), counts(['b', 2], ['a', 1]))).toEqual({ total: 0, first: [] })
  })

  test('names a wrong count, a missing word and a word too many, in order', () => {
    const got = compare(counts(['c', 3], ['a', 1], ['same', 7]), counts(['same', 7], ['c', 4], ['b', 2]))
    expect(got).toEqual({
      total: 3,
      first: [
        { word: 'a', expected: 1, got: undefined },
        { word: 'b', expected: undefined, got: 2 },
        { word: 'c', expected: 3, got: 4 },
      ],
    })
    expect(differencesText('shared', got)).toMatch(
      /^shared: 3 words differ .*\n {2}a: not there instead of 1\n/,
    )
  })

  test('counts all differences but shows no more than the first ones', () => {
    const many = counts(...Array.from({ length: 100 }, (_, n): WordCount => [`w${n + 100}`, 1]))
    const { total, first } = compare(many, counts(), 3)
    expect({ total, words: first.map(({ word }) => word) }).toEqual({
      total: 100,
      words: ['w100', 'w101', 'w102'],
    })
  })

  test('becomes an exit code that is 0 for agreement alone', () => {
    expect(exitCode('agree')).toBe(0)
    expect(new Set([exitCode('differ'), exitCode('wrong use'), exitCode('not compared')])).toEqual(
      new Set([1, 2, 3]),
    )
    expect(exitCode('differ')).toBe(1)
  })

  test('a job that fails is an error that says why, not a result', async () => {
    await expect(runJob('no such job' as JobName, [], 1, () => {})).rejects.toThrow('no such job')
  })

  test('a job whose process dies is an error, not a result', async () => {
    vi.stubEnv('NODE_OPTIONS', '--no-such-option-of-node')
    await expect(runJob('single', [], 1, () => {})).rejects.toThrow()
    vi.unstubAllEnvs()
  })
})

describe('words', () => {
  const cut = (pieces: readonly string[]): { words: string[]; long: number } => {
    const splitter = new WordSplitter()
    const words: string[] = []
    for (const piece of pieces) splitter.push(piece, (word) => words.push(word))
    splitter.end((word) => words.push(word))
    return { words, long: splitter.long }
  }

  test('are the same however a text is cut into pieces', () => {
    const character = fc.constantFrom(
      'a',
      'Z',
      '_',
      '7',
      ' ',
      '-',
      '\n',
      'é',
      '字',
      '\u0301',
      '𝒳',
      '😀',
      '\ufffd',
    )
    const piece = fc.oneof(fc.string({ unit: character }), fc.constant('w'.repeat(MAX_WORD - 2)))
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const whole = pieces.join('').match(/[\p{L}\p{M}\p{N}_]+/gu) ?? []
        const words = whole.filter((word) => word.length <= MAX_WORD)
        expect(cut(pieces)).toEqual({ words, long: whole.length - words.length })
      }),
    )
  })

  test('of the same count are listed in order of their characters, the most frequent first', () => {
    const entries: WordCount[] = [
      ['b', 1],
      ['d', 2],
      ['a', 1],
      ['c', 5],
      ['e', 1],
    ]
    expect(topWords(entries, 3)).toEqual([
      ['c', 5],
      ['d', 2],
      ['a', 1],
    ])
  })
})

describe('progress', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  function shown(isTTY: boolean): string[] {
    vi.useFakeTimers({ toFake: ['performance'] })
    const written: string[] = []
    const out = { isTTY, columns: 20, write: (text: string) => written.push(text) }
    const line = new ProgressLine(out, 'job')
    for (let step = 1; step <= 15; step++) {
      vi.advanceTimersByTime(100)
      line.show((seconds) => `${step} steps of a long text after ${seconds} s`)
    }
    line.end()
    return written
  }

  test('is drawn again in place on a terminal, cut to its width, and stays in full at the end', () => {
    const written = shown(true)
    expect(written[0]).toBe('\r\u001b[2Kjob: 1 steps of a l')
    expect(written).toHaveLength(16)
    expect(written.at(-1)).toBe('\r\u001b[2Kjob: 15 steps of a long text after 1.5 s\n')
  })

  test('is a line a second elsewhere, and one at the end', () => {
    expect(shown(false)).toEqual([
      'job: 10 steps of a long text after 1 s\n',
      'job: 15 steps of a long text after 1.5 s\n',
    ])
  })
})
