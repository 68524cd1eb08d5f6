// ems: a region of shared memory with a full or empty tag for each element, in its map mode: what reads and adds
// without blocking. Its size is fixed at birth, no key is ever freed, and the read of an absent key takes a place for
// good, so misses and deletes are left out. It is compiled by bench/ems/build.ts; nothing is installed for it.
import { existsSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { threadId } from 'node:worker_threads'
import { EMS } from '../ems/place.ts'
import { contentOf, type Value } from '../keys.ts'
import { atTheEnd } from '../leftovers.ts'
import type { MapLike } from '../operations.ts'
import { type Content, capacityOf, Incomplete, type Peer } from '../peer.ts'

interface Region {
  read(key: string): unknown
  writeXF(key: string, value: Value): void
  faa(key: string, delta: number): number
}
interface Domain {
  new: (options: object) => Region
}
type Start = (threads: number, pin: boolean, kind: 'user', file: string) => Domain

if (!existsSync(EMS)) throw new Error('ems is not built: bench:all builds it where a C++ compiler is')
const start = createRequire(import.meta.url)(EMS) as Start

const MEMORY = '/dev/shm'
const SPARE = 2
// A key and the longest value, each rounded up to a power of two with its header, and room to change them.
const HEAP_BYTES = 512

let names = 0
const newName = (): string => {
  names += 1
  return `threadmap-bench-ems-${process.pid}-${threadId}-${names}`
}

/** Each thread is a domain of its own, with its own file; the region's file is what they share. */
const regionAt = (filename: string, content: Content, useExisting: boolean): Region => {
  const own = newName()
  const region = start(1, false, 'user', `/${own}`).new({
    dimensions: [capacityOf(content) * SPARE],
    heapSize: capacityOf(content) * HEAP_BYTES,
    useMap: true,
    persist: true,
    useExisting,
    filename,
    ...(useExisting ? {} : { doSetFEtags: true, setFEtags: 'full' }),
  })
  rmSync(join(MEMORY, own), { force: true })
  return region
}

class Elements extends Incomplete {
  readonly #region: Region
  constructor(region: Region) {
    super()
    this.#region = region
  }
  override get(key: string): unknown {
    return this.#region.read(key)
  }
  override set(key: string, value: Value): void {
    this.#region.writeXF(key, value)
  }
  override add(key: string, delta: number): number {
    return this.#region.faa(key, delta) + delta
  }
  override setMany(entries: readonly (readonly [string, Value])[]): void {
    for (const [key, value] of entries) this.#region.writeXF(key, value)
  }
}

export const peers: readonly Peer[] = [
  {
    name: 'ems',
    note: 'ems, shared memory of fixed size with tagged elements, as a map; keys are never freed',
    style: 'sync',
    does: ['get', 'set', 'add', 'getText', 'setText', 'mixed', 'read99', 'read50'],
    shared: true,
    answers: true,
    create: async (content) => {
      const file = join(MEMORY, newName())
      const remove = atTheEnd(() => rmSync(file, { force: true }))
      const map: MapLike = new Elements(regionAt(file, content, false))
      map.setMany(contentOf(content.size, content.value))
      return { connect: () => ({ token: file }), close: remove }
    },
    attach: (token, content) => new Elements(regionAt(token as string, content, true)),
  },
]
