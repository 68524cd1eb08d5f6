// Where the operations of a conformance test run: here, split over a writer and a reader, or dealt to four workers.
// Invariant: each step is awaited before the next one starts, so every setting must give the same results.
import { ConcurrentMap, type MapOptions } from '../../index.ts'
import { Crew } from './crew.ts'
import { runStep } from './steps.ts'
import type { Variant } from './variants.ts'
import { optionsFor, throughRefs } from './ways.ts'

/** A Map-like whose operations may run in other threads. */
export type AsyncMap = Readonly<Record<Read | Write, (...args: unknown[]) => Promise<unknown>>>

export interface Setting {
  readonly title: string
  /** False for the built-in Map: only what it has itself is asked of it. */
  readonly concurrent: boolean
  start(): Promise<void>
  create(entries?: Iterable<readonly [unknown, unknown]>): Promise<AsyncMap>
  stop(): Promise<void>
}

type Read =
  | ('get' | 'has' | 'size' | 'version' | 'getEntry' | 'getMany')
  | ('entries' | 'keys' | 'values' | 'spread' | 'forEach')
type Write =
  | ('set' | 'delete' | 'clear' | 'getOrInsert' | 'getOrInsertComputed' | 'swap' | 'take')
  | ('setIfAbsent' | 'replace' | 'compareAndSet' | 'compareAndDelete' | 'add' | 'max' | 'min')
  | ('update' | 'setIfVersion' | 'deleteIfVersion' | 'setMany' | 'deleteMany' | 'addMany')
type RunStep = (operation: string, args: readonly unknown[]) => unknown
type Seat = typeof import('./seat.ts')

const reads: readonly Read[] = [
  ...(['get', 'has', 'size', 'version', 'getEntry', 'getMany'] as const),
  ...(['entries', 'keys', 'values', 'spread', 'forEach'] as const),
]
const isRead: ReadonlySet<string> = new Set(reads)

export function builtInMap(): Setting {
  return {
    title: 'the built-in Map',
    concurrent: false,
    async start() {},
    async create(entries) {
      const map = new Map(entries)
      return asyncMap((operation, args) => runStep(map, operation, args))
    },
    async stop() {},
  }
}

/** Makes the maps of a setting. */
export type Make = (
  entries: Iterable<readonly [never, never]> | undefined,
  options: MapOptions,
) => ConcurrentMap<never, never>

const inMemory: Make = (entries, options) => new ConcurrentMap(entries, options)

export function oneThread(variant: Variant, make: Make = inMemory): Setting {
  const open: ConcurrentMap<never, never>[] = []
  return {
    title: `${variant.title}${inWords(variant)}, one thread`,
    concurrent: true,
    async start() {},
    async create(entries) {
      const { way = 'as it is', options } = variant
      const map = make(entries as Iterable<never> | undefined, optionsFor(way, options))
      open.push(map)
      const subject = way === 'through refs' ? throughRefs(map) : map
      return asyncMap((operation, args) => runStep(subject, operation, args))
    },
    async stop() {
      for (const map of open) map.close()
    },
  }
}

export function writerAndReader(variant: Variant): Setting {
  const title = `${variant.title}${inWords(variant)}, writes in one worker and reads in another`
  return withCrew(title, variant, 2, (operation) => (isRead.has(operation) ? 1 : 0))
}

export function fourWorkers(variant: Variant, make: Make = inMemory): Setting {
  let turn = 0
  const deal = (): number => {
    turn = (turn + 1) % 4
    return turn
  }
  return withCrew(
    `${variant.title}${inWords(variant)}, operations dealt to four workers`,
    variant,
    4,
    deal,
    make,
  )
}

function inWords({ way }: Variant): string {
  return way === undefined ? '' : ` ${way}`
}

function withCrew(
  title: string,
  variant: Variant,
  size: number,
  workerFor: (operation: string) => number,
  make: Make = inMemory,
): Setting {
  let crew: Crew<Seat> | undefined
  let map: ConcurrentMap<never, never> | undefined
  return {
    title,
    concurrent: true,
    async start() {
      crew = new Crew<Seat>(new URL('./seat.ts', import.meta.url), size)
    },
    async create(entries) {
      const workers = crew as Crew<Seat>
      const fresh = make(entries as Iterable<never> | undefined, variant.options)
      await workers.all('sit', () => [fresh.handle, variant.way ?? 'as it is'])
      map?.close()
      map = fresh
      return asyncMap((operation, args) => workers.run(workerFor(operation), 'step', operation, args))
    },
    async stop() {
      map?.close()
      await crew?.close()
    },
  }
}

function asyncMap(run: RunStep): AsyncMap {
  return new Proxy({} as AsyncMap, {
    get(_, operation) {
      // A thenable would be awaited by `await create()`.
      if (typeof operation === 'symbol' || operation === 'then') return undefined
      return async (...args: unknown[]) => run(operation, args)
    },
  })
}
