// Frozen maps: what freeze() writes is what FrozenMap reads, in any thread and process, and damage is never an answer.
import { copyFileSync, existsSync, readFileSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { ConcurrentMap, CorruptFileError, FileError, FrozenMap, OptionsConflictError } from '../index.ts'
import { Crew } from './support/crew.ts'
import { describeContent, describeKey, describeValue } from './support/describe.ts'
import { golden } from './support/golden.ts'
import { collectUntil, random, reportOf, runChild, workerFile } from './support/life-threads.ts'
import { oddBytes, oddKeys, oddObjects, oddPrimitives } from './support/odd.ts'
import { isSame } from './support/odd-checks.ts'
import { patience } from './support/patience.ts'
import { folder, freshPath, leftovers } from './support/scratch.ts'
import { thrownBy } from './support/thrown.ts'
import { variants } from './support/variants.ts'

type Any = ConcurrentMap<never, unknown>
type AnyFrozen = FrozenMap<never, unknown>

const crew = new Crew<typeof import('./support/frozen-tasks.ts')>(
  new URL('./support/frozen-tasks.ts', import.meta.url),
)
afterAll(() => crew.close())

/** The path of a file of these entries. */
function frozen(entries: Iterable<readonly [unknown, unknown]>, options: object = {}): string {
  const path = freshPath()
  using map = new ConcurrentMap(entries as never, options) as Any
  map.freeze(path)
  return path
}

function* squares(count: number): Generator<[number, number]> {
  for (let key = 0; key < count; key++) yield [key, key * key]
}

const fixture = new URL('./fixtures/frozen-v1.tmf', import.meta.url)
const goldenSize = golden.length

describe.each(variants)('a $title map that was frozen', ({ options }) => {
  it('has every kind of key', () => {
    const keys = oddKeys as never[]
    using map = FrozenMap.open(
      frozen(
        keys.map((key, at) => [key, at]),
        options,
      ),
    ) as AnyFrozen
    expect(map.size).toBe(keys.length)
    expect(keys.filter((key, at) => map.get(key) !== at || !map.has(key)).map(describeKey)).toEqual([])
    const given = new Set(Array.from(map.keys(), describeKey))
    expect(keys.filter((key) => !given.has(describeKey(key))).map(describeKey)).toEqual([])
    expect(map.get('no such key' as never)).toBeUndefined()
    expect(map.has(['no', 'such', 'tuple'] as never)).toBe(false)
  })

  it('has every kind of value', () => {
    const values = [...oddPrimitives, ...oddBytes, ...oddObjects]
    using map = FrozenMap.open(frozen(values.entries(), options)) as FrozenMap<number, unknown>
    const misread = values.filter((value, at) => !isSame(map.get(at), value))
    expect(misread.map(describeValue)).toEqual([])
    for (const [at, value] of map) expect(isSame(value, values[at])).toBe(true)
  })

  it('has the entries that were there, not those that came and went', () => {
    using map = new ConcurrentMap<number, number>(squares(10_000), options)
    for (let key = 0; key < 10_000; key += 3) map.delete(key)
    map.set(1, -1)
    const path = freshPath()
    expect(map.freeze(path)).toBeUndefined()
    map.clear()
    using file = FrozenMap.open<number, number>(path)
    expect(file.size).toBe(6_666)
    expect(file.get(0)).toBeUndefined()
    expect(file.get(1)).toBe(-1)
    expect(file.get(9_998)).toBe(9_998 ** 2)
    expect(leftovers()).toEqual([])
  })

  it('may be empty', () => {
    using map = FrozenMap.open(frozen([], options))
    expect([map.size, [...map], map.get('a'), map.has('a')]).toEqual([0, [], undefined, false])
  })

  it('is written while other threads write: each entry once, and what stays is there', async () => {
    const name = `busy ${options.variant} ${options.shards}`
    const path = freshPath()
    const map = ConcurrentMap.open<number, number>(name, options).setMany(squares(20_000))
    const freezing = crew.run(0, 'freezeOften', name, path, 5)
    let done = false
    freezing.finally(() => {
      done = true
    })
    for (let i = 0; !done || i < 1000; i++) {
      map.set(100_000 + (i % 5000), i).delete(100_000 + ((i * 7) % 5000))
      if (i % 5000 === 0) await new Promise(setImmediate)
    }
    await freezing
    using file = FrozenMap.open<number, number>(path, { verify: true })
    const keys = [...file.keys()]
    expect(new Set(keys).size).toBe(keys.length)
    expect(keys.length).toBe(file.size)
    for (const [key, value] of squares(20_000)) if (file.get(key) !== value) expect(key).toBe('there')
    ConcurrentMap.delete(name)
  })
})

describe('a frozen map', () => {
  it('iterates in one order in every form, and its iterators have helpers', () => {
    using map = FrozenMap.open<number, number>(frozen(squares(1000)))
    const entries = [...map]
    expect(entries.length).toBe(1000)
    expect([...map.entries()]).toEqual(entries)
    expect([...map.keys()]).toEqual(entries.map(([key]) => key))
    expect(map.values().toArray()).toEqual(entries.map(([, value]) => value))
    const visited: unknown[] = []
    const self = {}
    map.forEach(function (this: unknown, value, key, of) {
      visited.push([key, value])
      if (this !== self || of !== map) visited.push('another this or map')
    }, self)
    expect(visited).toEqual(entries)
    expect(map.keys().drop(998).toArray().length).toBe(2)
  })

  it('gives copies: what is changed is not changed in the file', () => {
    using map = FrozenMap.open<string, { list: number[] }>(frozen([['a', { list: [1] }]]))
    map.get('a')?.list.push(2)
    expect(map.get('a')).toEqual({ list: [1] })
  })

  it('is read by all threads and by several processes at once', async () => {
    const path = frozen(squares(50_000))
    const processes = [1, 2, 3].map(() => reportOf<object>('frozen-reader', [path]))
    const threads = crew.all('misread', () => [path, 50_000])
    const sum = squares(50_000).reduce((total, [, value]) => total + value, 0)
    for (const read of await Promise.all(processes)) {
      expect(read).toEqual({ size: 50_000, looked: sum, walked: sum })
    }
    for (const wrong of await threads) expect(wrong).toEqual([])
  })

  it('is replaced whole: who opens it at any moment finds the old or the new one', async () => {
    const path = frozen(squares(3))
    ConcurrentMap.open<number, number>('replacing').setMany(squares(700))
    const [, ...sizes] = await Promise.all([
      crew.run(0, 'freezeOften', 'replacing', path, 40),
      crew.run(1, 'openOften', path, 100),
      crew.run(2, 'openOften', path, 100),
      crew.run(3, 'freezeOften', 'replacing', path, 40),
    ])
    for (const seen of sizes.flat()) if (seen !== undefined) expect([3, 700]).toContain(seen)
    expect(FrozenMap.open(path).size).toBe(700)
    expect(leftovers()).toEqual([])
    ConcurrentMap.delete('replacing')
  })

  it('goes on as it was for those who have it open when it is replaced', () => {
    const path = frozen(squares(100))
    using old = FrozenMap.open<number, number>(path)
    new ConcurrentMap([[1, 'new']]).freeze(path)
    expect([old.get(1), old.get(99), old.size]).toEqual([1, 9801, 100])
    expect(FrozenMap.open(path).get(1)).toBe('new')
  })

  it('refuses to be used when it is closed, and closing twice is nothing', () => {
    const map = FrozenMap.open(frozen([['a', 1]]))
    const begun = map.entries()
    map.close()
    map.close()
    map[Symbol.dispose]()
    const uses: (() => unknown)[] = [
      () => map.get('a'),
      () => map.has('a'),
      () => map.size,
      () => map.entries(),
      () => map.keys(),
      () => map.values(),
      () => [...map],
      () => begun.next(),
      () => map.forEach(() => {}),
      () => map.stats(),
    ]
    for (const use of uses) expect(thrownBy(use)).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    expect(inspect(map)).toBe('FrozenMap { closed: true }')
  })

  it('is shown without its entries', () => {
    const path = frozen([['secret', 'secret']])
    using map = FrozenMap.open(path)
    expect(map.stats()).toEqual({ path, codec: 'clone', entries: 1, bytes: readFileSync(path).length })
    expect(inspect(map)).toBe(`FrozenMap { path: '${path}', size: 1, bytes: ${map.stats().bytes} }`)
  })

  it('cannot be posted to another thread: its path can', () => {
    using map = FrozenMap.open(frozen([]))
    expect(() => structuredClone(map)).toThrow(expect.objectContaining({ name: 'DataCloneError' }))
  })

  it('is opened by a file: URL too', () => {
    const path = frozen([['a', 1]])
    using map = FrozenMap.open(pathToFileURL(path))
    expect(map.get('a')).toBe(1)
    const other = pathToFileURL(freshPath())
    new ConcurrentMap([['b', 2]]).freeze(other)
    expect(FrozenMap.open(other).get('b')).toBe(2)
  })
})

describe('codecs', () => {
  const dates = {
    name: 'dates',
    encode: (date: Date) => date.toISOString(),
    decode: (text: string | Uint8Array) => new Date(text as string),
  }

  it('are named in the file: objects come back by the codec that made them', () => {
    using json = FrozenMap.open(frozen([['a', { b: [1] }]], { codec: 'json' }))
    expect([json.stats().codec, json.get('a')]).toEqual(['json', { b: [1] }])
    const day = new Date(1e12)
    using own = FrozenMap.open<string, Date>(frozen([['a', day]], { codec: dates }), { codec: dates })
    expect(own.get('a')).toEqual(day)
  })

  it('of one own must be given to read objects, and only then', () => {
    const path = frozen(Object.entries({ a: new Date(0), b: 1 }), { codec: dates })
    using map = FrozenMap.open(path)
    expect([map.get('b'), map.has('a'), map.size]).toEqual([1, true, 2])
    expect(thrownBy(() => map.get('a'))).toMatchObject({ code: 'THREADMAP_CODEC' })
  })

  it('that are others than the file names are refused', () => {
    const path = frozen([], { codec: 'json' })
    expect(() => FrozenMap.open(path, { codec: 'clone' })).toThrow(OptionsConflictError)
    expect(() => FrozenMap.open(path, { codec: dates })).toThrow(OptionsConflictError)
    expect(FrozenMap.open(path, { codec: 'json' }).size).toBe(0)
  })

  it('with a name that no file has room for are refused, and nothing is written', () => {
    const path = freshPath()
    using map = new ConcurrentMap(null, { codec: { ...dates, name: 'n'.repeat(1025) } })
    expect(thrownBy(() => map.freeze(path))).toMatchObject({ code: 'THREADMAP_LIMIT' })
    expect(existsSync(path)).toBe(false)
  })
})

describe('a damaged file', () => {
  const whole = readFileSync(fixture)

  it('is refused when it is cut at any byte', () => {
    const path = freshPath()
    writeFileSync(path, whole)
    for (let length = whole.length - 1; length >= 0; length--) {
      truncateSync(path, length)
      expect(() => FrozenMap.open(path), `${length} bytes`).toThrow(CorruptFileError)
    }
  })

  it('is refused when any bits are flipped', () => {
    const path = freshPath()
    const below = random(20_261)
    for (let turn = 0; turn < 1500; turn++) {
      const bytes = Buffer.from(whole)
      for (let flips = turn % 3; flips >= 0; flips--) {
        const at = below(bytes.length)
        bytes[at] = (bytes[at] as number) ^ (1 << below(8))
      }
      if (bytes.equals(whole)) continue
      writeFileSync(path, bytes)
      expect(() => FrozenMap.open(path)).toThrow(CorruptFileError)
    }
  })

  it('is refused when it is longer, empty, or something else', () => {
    const path = freshPath()
    const others = ['', 'x', '\x89TMFRZ\r\n', 'not a frozen map '.repeat(1000)].map((text) =>
      Buffer.from(text),
    )
    for (const bytes of [...others, Buffer.concat([whole, Buffer.alloc(1)]), Buffer.alloc(5000)]) {
      writeFileSync(path, bytes)
      expect(() => FrozenMap.open(path)).toThrow(CorruptFileError)
    }
  })

  it('says where it is and what to do', () => {
    const path = freshPath()
    writeFileSync(path, whole.subarray(0, -1))
    const error = thrownBy(() => FrozenMap.open(path))
    expect(error).toMatchObject({ name: 'CorruptFileError', code: 'THREADMAP_CORRUPT_FILE' })
    expect(error?.message).toContain(path)
    expect(error?.message).toContain('freeze()')
  })

  it.each([
    ['nothing', { right: 4000, refused: 0 }],
    ['replaced', { right: 4000, refused: 0 }],
    ['cut to half', undefined],
    ['cut to nothing', undefined],
    ['overwritten by another map', undefined],
    ['overwritten by text', undefined],
  ])('under a process that has it open: %s', { timeout: 60_000 * patience }, async (what, expected) => {
    const path = frozen(squares(4000))
    copyFileSync(frozen([...squares(4000)].map(([key]) => [key, -1])), `${path}.other`)
    // It ends by itself, with code 0: no signal.
    interface Report {
      readonly reads: { readonly right: number; readonly refused: number }
      readonly [field: string]: unknown
    }
    const report = await reportOf<Report>('frozen', [what, path])
    const { reads, tiered, written, promoted } = report
    expect(reads).toMatchObject({ wrong: 0, other: [], ...expected })
    expect(tiered).toMatchObject({ wrong: 0, other: [], ...expected })
    if (expected === undefined) expect(reads.refused).toBeGreaterThan(0)
    expect(reads.right + reads.refused).toBe(4000)
    // What was written, or is in memory because it was read often, needs no file.
    expect([written, promoted]).toEqual([2, 1])
  })
})

it.skipIf(process.platform === 'win32')(
  'a SIGBUS that is not about a frozen file does what it always does',
  async () => {
    const end = await runChild(workerFile('child-frozen'), ['signalled', frozen(squares(10))])
    expect([end.signal, end.stdout]).toEqual(['SIGBUS', ''])
  },
)

describe('files', () => {
  it('that the system refuses are a FileError with its reason, and leave nothing', () => {
    using map = new ConcurrentMap([['a', 1]])
    const refused = (action: () => unknown, reason: string) => {
      expect(action).toThrow(FileError)
      expect(thrownBy(action)?.message).toContain(reason)
    }
    refused(() => FrozenMap.open(`${folder}/missing`), 'No such file')
    refused(() => FrozenMap.open(folder), 'regular file')
    refused(() => map.freeze(folder), 'regular file')
    refused(() => map.freeze(`${folder}/no such folder/map`), 'No such file')
    refused(() => map.freeze(`${folder}/${'n'.repeat(300)}`), 'too long')
    expect(leftovers()).toEqual([])
  })

  const wrongPaths = [
    undefined,
    null,
    1,
    {},
    [],
    '',
    'a\0b',
    '\ud800',
    new URL('http://localhost/x'),
    Symbol('s'),
  ]
  it.each(wrongPaths.map((path) => [inspect(path), path] as const))('cannot be called %s', (_, path) => {
    using map = new ConcurrentMap([['a', 1]])
    const mistake = { name: 'TypeError', code: 'THREADMAP_INVALID_ARGUMENT' }
    expect(thrownBy(() => map.freeze(path as never))).toMatchObject(mistake)
    expect(thrownBy(() => FrozenMap.open(path as never))).toMatchObject(mistake)
  })

  it('are opened with options of their own only', () => {
    const path = frozen([])
    const open = (options: unknown) => thrownBy(() => FrozenMap.open(path, options as never))
    for (const options of [null, 1, { verify: 1 }, { codec: 'xml' }, { shards: 4 }, { cold: path }]) {
      expect(open(options), inspect(options)).toMatchObject({ code: 'THREADMAP_INVALID_OPTION' })
    }
    expect(open({ verify: true, codec: undefined })).toBeUndefined()
    expect(() => new (FrozenMap as never as new () => unknown)()).toThrow(TypeError)
  })

  it('are not written by a map that is closed', () => {
    const map = new ConcurrentMap([['a', 1]])
    map.close()
    const path = freshPath()
    expect(thrownBy(() => map.freeze(path))).toMatchObject({ code: 'THREADMAP_MAP_CLOSED' })
    expect(existsSync(path)).toBe(false)
    expect(leftovers()).toEqual([])
  })

  it.runIf(process.platform === 'linux')(
    'are let go of by close(), by collection and by the end of a thread',
    async () => {
      const path = frozen(squares(10))
      const mapped = () => readFileSync('/proc/self/maps', 'utf8').split(path).length - 1
      const map = FrozenMap.open(path)
      expect(mapped()).toBe(1)
      map.close()
      expect(mapped()).toBe(0)
      const worker = new Crew<typeof import('./support/frozen-tasks.ts')>(
        new URL('./support/frozen-tasks.ts', import.meta.url),
        1,
      )
      expect(await worker.run(0, 'holdOpen', path)).toBe(10)
      expect(mapped()).toBe(1)
      await worker.close()
      expect(mapped()).toBe(0)
      const drop = () => FrozenMap.open(path).size
      expect(drop()).toBe(10)
      expect(await collectUntil(() => mapped() === 0)).toBe(true)
      // And no descriptor is kept, neither of the file nor of its folder.
      const links = (await import('node:fs')).readdirSync('/proc/self/fd').map((fd) => {
        try {
          return readlinkSync(`/proc/self/fd/${fd}`)
        } catch {
          return ''
        }
      })
      expect(links.filter((link) => link.startsWith(dirname(path)))).toEqual([])
    },
  )

  it('that a terminated worker was writing are as before, and no other is left', async () => {
    const path = frozen([['old', 1]])
    const name = 'big'
    ConcurrentMap.open<number, number>(name).setMany(squares(400_000))
    for (const wait of [5, 20, 60]) {
      const worker = new Crew<typeof import('./support/frozen-tasks.ts')>(
        new URL('./support/frozen-tasks.ts', import.meta.url),
        1,
      )
      await worker.run(0, 'holdOpen', path)
      worker.run(0, 'freezeOften', name, path, 1000).catch(() => {})
      await new Promise((resolve) => setTimeout(resolve, wait))
      await worker.close()
      using map = FrozenMap.open(path, { verify: true })
      expect([1, 400_000]).toContain(map.size)
      expect(leftovers()).toEqual([])
    }
    ConcurrentMap.delete(name)
  })
})

describe('the golden file', () => {
  it('is read as it was written, in every version of the package', () => {
    using map = FrozenMap.open(fixture, { verify: true }) as AnyFrozen
    expect(map.stats()).toMatchObject({ codec: 'json', entries: goldenSize })
    for (const [key, value] of golden) expect(describeValue(map.get(key as never))).toBe(describeValue(value))
    expect(describeContent(map)).toEqual(describeContent(golden as never))
    expect(basename(fixture.pathname)).toBe('frozen-v1.tmf')
  })
})
