/**
 * Options: read once, own properties only, so that a polluted prototype changes no map. What is left out never
 * conflicts with a living map; what is given must be what the map has.
 */
import { builtInCodec, type Codec, type CodecName } from './codec.ts'
import { kindOf, makeError, OptionsConflictError } from './errors.ts'
import type { Description } from './native.ts'

/** The structures behind the one API. */
export type Variant = 'sharded' | 'lock-free' | 'snapshot'

/** How a map is made. */
export interface MapOptions {
  /**
   * The structure.
   * @default 'sharded'
   */
  readonly variant?: Variant
  /**
   * Locks of the sharded variant, and of no other: a power of two from 1 (the classic reader-writer lock) to 4,096.
   * @default sixteen a core
   */
  readonly shards?: number
  /**
   * What makes bytes or text of objects.
   * @default 'clone'
   */
  // biome-ignore lint/suspicious/noExplicitAny: a codec of one's own is typed by its owner, not by the map.
  readonly codec?: CodecName | Codec<any>
  /**
   * The longest key that can be stored, in bytes (a character takes 1 byte, or 2 in strings that go beyond Latin-1);
   * up to 2^24 - 1.
   * @default 65536
   */
  readonly maxKeyBytes?: number
  /**
   * The longest value that can be stored, in bytes; up to 2^32 - 1.
   * @default 67108864
   */
  readonly maxValueBytes?: number
  /**
   * Whether `get` keeps what this thread has read: up to `entries` values (16,384 for `true`), each given again without
   * a native call for as long as no thread has changed it; never an old one. Pays for strings that recur as keys, not
   * for strings built for each call. Concerns this opening of the map alone. All changes of a map that is kept near
   * somewhere cost two atomic additions more.
   * @default false
   */
  readonly near?: boolean | { readonly entries: number }
  /**
   * Whether the objects that this opening of the map reads are deep-frozen. Plain objects and arrays are then kept and
   * shared by all reads of this thread through refs and the near cache; a `Map`, a `Date` and other things that cannot
   * be frozen are decoded for each read.
   * @default false
   */
  readonly freeze?: boolean
}

/** Figures of a map at one moment; exact when nobody writes. */
export interface MapStats {
  readonly name: string | undefined
  readonly variant: Variant
  readonly shards: number
  readonly codec: string
  readonly entries: number
  /** Bytes of keys, values and index together. */
  readonly bytes: number
  /** Bytes of the index alone. */
  readonly indexBytes: number
  /** Changes since the map was made. */
  readonly version: number
}

/** Options as they were asked for, checked; what was left out is not there. */
export interface Request {
  readonly variant?: Variant
  readonly shards?: number
  readonly codec?: Codec
  readonly maxKeyBytes?: number
  readonly maxValueBytes?: number
  /** Values to keep; 0 for none. */
  readonly near?: number
  readonly freeze?: boolean
}

/** Some MiB for each thread at most, and enough for 8,000 keys that recur all the time. */
const NEAR_ENTRIES = 16_384
const MAX_NEAR_ENTRIES = 2 ** 24
const MAX_SHARDS = 4096
const MAX_KEY_BYTES = 2 ** 24 - 1
const MAX_VALUE_BYTES = 2 ** 32 - 1

function wrongType(name: string, wanted: string, got: unknown): Error {
  return makeError('THREADMAP_INVALID_OPTION', `option ${name} must be ${wanted}, got ${kindOf(got)}`)
}

/** Checks an option that counts something. */
export function integer(name: string, value: unknown, max: number): number {
  if (typeof value !== 'number') throw wrongType(name, 'a number', value)
  if (!Number.isInteger(value) || value < 1 || value > max) {
    throw makeError(
      'THREADMAP_OUT_OF_RANGE',
      `option ${name} must be an integer from 1 to ${max}, got ${value}`,
    )
  }
  return value
}

function variant(value: unknown): Variant {
  if (value !== 'sharded' && value !== 'lock-free' && value !== 'snapshot') {
    const got = typeof value === 'string' ? `'${value.slice(0, 40)}'` : kindOf(value)
    throw makeError(
      'THREADMAP_INVALID_OPTION',
      `option variant must be 'sharded', 'lock-free' or 'snapshot', got ${got}`,
    )
  }
  return value
}

function shards(value: unknown): number {
  const count = integer('shards', value, MAX_SHARDS)
  if ((count & (count - 1)) !== 0) {
    throw makeError('THREADMAP_OUT_OF_RANGE', `option shards must be a power of two, got ${count}`)
  }
  return count
}

/** Checks the option `codec`. */
export function readCodec(value: unknown): Codec {
  if (typeof value === 'string') {
    const known = builtInCodec(value)
    if (known === undefined) {
      throw makeError(
        'THREADMAP_INVALID_OPTION',
        `option codec must be 'clone', 'json' or a codec, got '${value}'`,
      )
    }
    return known
  }
  if (typeof value !== 'object' || value === null) {
    throw wrongType('codec', "'clone', 'json' or { name, encode, decode }", value)
  }
  const { name, encode, decode } = value as Partial<Codec>
  if (
    typeof name !== 'string' ||
    name === '' ||
    typeof encode !== 'function' ||
    typeof decode !== 'function'
  ) {
    throw wrongType('codec', 'an object with a name, encode() and decode()', value)
  }
  if (builtInCodec(name) !== undefined) {
    throw makeError(
      'THREADMAP_INVALID_OPTION',
      `a codec of your own cannot be called '${name}': the package has one`,
    )
  }
  return { name, encode: encode.bind(value), decode: decode.bind(value) }
}

/** How each option is checked: gives what it means, throws for what it cannot mean. */
export type Readers = { readonly [name: string]: (value: unknown) => unknown }

const READERS: { readonly [Name in keyof MapOptions]-?: (value: unknown) => unknown } = {
  variant,
  shards,
  codec: readCodec,
  maxKeyBytes: (value) => integer('maxKeyBytes', value, MAX_KEY_BYTES),
  maxValueBytes: (value) => integer('maxValueBytes', value, MAX_VALUE_BYTES),
  near(value) {
    if (typeof value === 'boolean') return value ? NEAR_ENTRIES : 0
    if (typeof value !== 'object' || value === null)
      throw wrongType('near', 'a boolean or { entries }', value)
    const entries: unknown = Object.hasOwn(value, 'entries') ? Reflect.get(value, 'entries') : undefined
    return integer('near.entries', entries, MAX_NEAR_ENTRIES)
  },
  freeze(value) {
    if (typeof value !== 'boolean') throw wrongType('freeze', 'a boolean', value)
    return value
  },
}

/** Checks a bag of options against their readers. */
export function readBag(options: unknown, readers: Readers): Record<string, unknown> {
  // Without a prototype: what is not asked for must not be found on a polluted one.
  const request: Record<string, unknown> = Object.create(null)
  if (options === undefined) return request
  if (typeof options !== 'object' || options === null) throw wrongType('bag', 'an object', options)
  for (const name of Object.keys(options)) {
    const reader = Object.hasOwn(readers, name) ? readers[name] : undefined
    if (reader === undefined) {
      const known = Object.keys(readers).join(', ')
      throw makeError('THREADMAP_INVALID_OPTION', `there is no option '${name}': the options are ${known}`)
    }
    const value: unknown = Reflect.get(options, name)
    if (value !== undefined) request[name] = reader(value)
  }
  return request
}

/** Checks what was asked for; `more` are options that only some maps have. */
export function readOptions<More>(options: unknown, more: Readers = {}): Request & More {
  const request = readBag(options, { ...READERS, ...more })
  if (request['shards'] !== undefined && (request['variant'] ?? 'sharded') !== 'sharded') {
    throw makeError(
      'THREADMAP_INVALID_OPTION',
      `option shards belongs to the variant 'sharded', got it with '${request['variant']}': leave it out`,
    )
  }
  return request as Request & More
}

/** Throws when a living map is not what was asked for. */
export function checkConflict(request: Request, living: Description): void {
  const [name, livingVariant, livingShards, livingCodec, livingKeyBytes, livingValueBytes] = living
  const has = {
    variant: livingVariant,
    shards: livingShards,
    codec: livingCodec,
    maxKeyBytes: livingKeyBytes,
    maxValueBytes: livingValueBytes,
  }
  const asked: Record<string, unknown> = Object.assign(Object.create(null), request, {
    codec: request.codec?.name,
  })
  const conflicts = Object.entries(has).filter(
    ([key, value]) => asked[key] !== undefined && asked[key] !== value,
  )
  if (conflicts.length === 0) return
  const show = (of: (key: string, value: unknown) => unknown): string =>
    conflicts.map(([key, value]) => `${key}: ${JSON.stringify(of(key, value))}`).join(', ')
  throw new OptionsConflictError(
    `${name === undefined ? 'the map' : `the map '${name}'`} lives with { ${show((_, value) => value)} }, but was ` +
      `asked for with { ${show((key) => asked[key])} }. Leave these options out, or use the living map's`,
  )
}
