// The tables of odd keys and odd values.
// Invariant: every key differs from every other, and the tables are the same in every thread that imports them.
import { Buffer } from 'node:buffer'

const kib64 = 65_536
const utf8 = new TextEncoder()
const lengths = [
  1, 2, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 254, 255, 256, 257, 258, 300, 511, 512, 513, 1_024,
]

const numbers = [
  ...[
    Number.NaN,
    0,
    1,
    -1,
    0.1,
    0.3,
    0.1 + 0.2,
    2 ** 30,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31),
    2 ** 32 - 1,
    2 ** 32,
  ],
  ...[2 ** 53 - 1, 2 ** 53, 2 ** 53 + 2, -(2 ** 53) + 1, -(2 ** 53), 2 ** 63, 2 ** 64],
  ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, 5e-324, -5e-324, 1e-323],
]

const bigints = [
  ...[0n, 1n, -1n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n)],
  ...[-(2n ** 63n) - 1n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 64n + 1n, -(2n ** 64n), 2n ** 128n, 2n ** 1_000n],
  ...[10n ** 100n, -(10n ** 100n)],
]

// Pairs that merge when strings go through UTF-8, are cut to Latin-1, normalised or cut at NUL.
const strings = [
  ...['', '\0', '\0\0', '\0a', 'a\0', 'a', 'A', '\u0141', '-', '\u4e2d', '\u2d4e', '\x80', '\xff', '\u0100'],
  ...['\ud800', '\udbff', '\udc00', '\udfff', '\ufffd', '\ufeff', '\ufeffa', '\ud83d\ude00', '\ude00\ud83d'],
  ...['a\ud800', 'a\udfff', '\ud800a', '\xe9', 'e\u0301', '\xc3\xa9', 'ab', 'a,b', '["a","b"]', ' a', 'a '],
  ...['0', '-0', '1', '1n', 'true', 'false', 'null', 'undefined', 'NaN', 'Infinity', '[object Object]'],
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'prototype'],
]

const longStrings = [
  ...lengths.slice(1).map((length) => 'x'.repeat(length)),
  ...lengths.slice(1).map((length) => '\u0178'.repeat(length)),
  ...lengths.slice(1).map((length) => `${'x'.repeat(length - 1)}\u0100`),
  ...lengths.slice(1).map((length) => `\ud800${'x'.repeat(length - 1)}`),
  'x'.repeat(kib64),
  `${'x'.repeat(kib64 - 1)}y`,
]

// Strings that V8 holds in another shape than a flat one: concatenated, or a slice of a longer one.
const shapedStrings = [
  ...lengths.map((length) => ['cons:'.concat('y'.repeat(length)), '\u0101'].join('')),
  ...lengths.map((length) => `<${'z'.repeat(length + 40)}>`.slice(1, length + 1)),
  ...lengths.map((length) => `\u0102${'w'.repeat(length + 40)}`.slice(1, length + 1)),
]

const buffers = [
  Buffer.alloc(0),
  ...[[0], [0, 0], [1], [255]].map((bytes) => new Uint8Array(bytes)),
  ...['a', '1', 'ab', 'null', '\xe9', '\ufffd'].map((text) => utf8.encode(text)),
  ...['\xe9', '\xe9\xff'].map((text) => Buffer.from(text, 'latin1')),
  ...['a', 'ab', '\xe9', '\ud800', '\udfff'].map((text) => Buffer.from(text, 'utf16le')),
  Buffer.alloc(kib64),
  Buffer.concat([Buffer.alloc(kib64 - 1), Buffer.from([1])]),
  new Uint8Array(new Float64Array([1]).buffer),
  new Uint8Array(new BigInt64Array([1n]).buffer),
]

const tuples = [
  ...[
    [],
    [''],
    ['', ''],
    ['', '', ''],
    ['a'],
    ['b'],
    ['a', 'b'],
    ['b', 'a'],
    ['ab'],
    ['a', 'b', ''],
    ['', 'a', 'b'],
  ],
  ...[
    ['a\0b'],
    ['a', '\0b'],
    ['a\0', 'b'],
    ['a', '', 'b'],
    ['a,b'],
    ['\ud800'],
    ['\udfff'],
    ['\ufffd'],
    ['\u0141'],
  ],
  ...[[0], [1], ['1'], [1n], [true], [false], [null], [undefined], [undefined, undefined], [Number.NaN]],
  ...[
    [1, 2],
    [2, 1],
    [12],
    [1, '2'],
    ['1', 2],
    [1n, 2n],
    [2n ** 64n],
    [-(2n ** 64n)],
    [2 ** 53],
    [2n ** 53n],
  ],
  ...[[Buffer.alloc(0)], [Buffer.from('a')], [Buffer.from('a'), Buffer.from('b')], [Buffer.from('ab')]],
  ...[
    ['a', Buffer.from('b')],
    [Buffer.from('a'), 'b'],
    [Buffer.from([1])],
    ['x'.repeat(300), 'x'.repeat(300)],
  ],
  Array.from({ length: 100 }, (_, index) => index),
  Array.from({ length: 100 }, () => ''),
]

export const oddKeys: readonly unknown[] = [
  ...[null, undefined, true, false],
  ...numbers,
  ...bigints,
  ...strings,
  ...longStrings,
  ...shapedStrings,
  ...buffers,
  ...tuples,
]

/** Pairs of keys that must be one and the same key, however different they look. */
export const equalKeys: readonly (readonly [string, unknown, unknown])[] = [
  ['0 and -0', 0, -0],
  [
    'NaN and NaN of other bits',
    Number.NaN,
    new Float64Array(new BigUint64Array([0xfff8_0000_0000_0001n]).buffer)[0],
  ],
  ['a flat and a concatenated string', 'user:1234567890123', ['user:', '1234567890123'].join('')],
  ['a Latin-1 string and a slice of a two-byte one', 'abcdefghijklmnop', '\u4e2dabcdefghijklmnop'.slice(1)],
  [
    'a two-byte string and a slice of a longer one',
    '\u4e2d'.repeat(20),
    `<${'\u4e2d'.repeat(40)}`.slice(1, 21),
  ],
  ['an integer and the same out of halves', 3, 1.5 + 1.5],
  ['a small bigint and a computed one', 7n, 2n ** 70n - 2n ** 70n + 7n],
  ['a Buffer and a Uint8Array', Buffer.from([1, 2, 3]), new Uint8Array([1, 2, 3])],
  ['bytes and a window into more bytes', new Uint8Array([2, 3]), new Uint8Array([1, 2, 3, 4]).subarray(1, 3)],
  ['two empty buffers', Buffer.alloc(0), new Uint8Array(8).subarray(8)],
  ['bytes and a shared copy of them', new Uint8Array([4, 5]), sharedBytes([4, 5])],
  ['two tuples', ['sku', 7, null], ['sku', 7, null]],
  ['a tuple of 0 and one of -0', [0, 'a'], [-0, 'a']],
  ['two tuples of NaN', [Number.NaN], [Number.NaN]],
  ['a tuple of a Buffer and one of a Uint8Array', ['a', Buffer.from([1])], ['a', new Uint8Array([1])]],
  ['an empty tuple and another', [], []],
  // biome-ignore lint/suspicious/noSparseArray: a hole reads as undefined, as everywhere in JavaScript
  ['a tuple of undefined and one with a hole', [undefined, 1], [, 1]],
]

/** Values stored natively, each to come back bit-exact. */
export const oddPrimitives: readonly unknown[] = [
  ...[null, undefined, true, false, -0],
  ...numbers,
  ...bigints,
  ...strings,
  ...longStrings,
  ...shapedStrings,
  'x'.repeat(1_000_000),
  '\u4e2d'.repeat(1_000_000),
]

export const oddBytes: readonly Uint8Array[] = [...buffers, new Uint8Array(1_000_000).fill(7)]

/** Values that go through the codec, each to come back deeply equal. */
export const oddObjects: readonly unknown[] = [
  // A Buffer inside an object comes back as a Uint8Array, as from structuredClone: lists of them are not here.
  ...tuples.filter((tuple) => !tuple.some(Buffer.isBuffer)),
  ...[
    {},
    { a: undefined },
    { a: -0, b: Number.NaN },
    { 1: 'one', '-1': 'minus one' },
    { nested: { deep: [[[]]] } },
  ],
  ...[
    JSON.parse('{"__proto__": 1, "constructor": 2}'),
    { toString: 'not a function' },
    { '\ud800': '\udfff' },
  ],
  ...[
    new Map<unknown, unknown>([
      [Number.NaN, 1],
      [{ k: 1 }, new Map()],
    ]),
    new Set<unknown>([1, '1', [1]]),
  ],
  ...[new Date(0), new Date(-1), new Date(Number.NaN), /a(?<b>c)/dgimsuy, Object(1), Object('s'), Object(1n)],
  ...[
    new Int8Array([-1]),
    new Uint8ClampedArray([255]),
    new Uint16Array([1, 65_535]),
    new Float64Array([-0, 5e-324]),
  ],
  ...[new BigInt64Array([-(2n ** 63n)]), new BigUint64Array([2n ** 64n - 1n]), new ArrayBuffer(3)],
  ...[new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2), { bytes: new Uint8Array([1, 2]) }, sparse()],
  ...[circular(), Array.from({ length: 10_000 }, (_, index) => ({ index }))],
]

function sharedBytes(bytes: readonly number[]): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

function sparse(): unknown[] {
  const list: unknown[] = []
  list[5] = 'far'
  return list
}

function circular(): object {
  const node: { self?: object; list: object[] } = { list: [] }
  node.self = node
  node.list.push(node)
  return node
}
