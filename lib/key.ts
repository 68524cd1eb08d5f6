/**
 * What can be a key. Other values (objects, symbols, functions, nested arrays) throw a `TypeError` with the code
 * `THREADMAP_INVALID_KEY` where they are used.
 */

/**
 * A key, or one part of a tuple key. Numbers are compared as in `Map` (NaN equals NaN, -0 is 0), byte arrays by
 * content, strings unit by unit; `1`, `"1"`, `1n` and `true` are four keys.
 */
export type KeyPart = string | number | bigint | boolean | null | undefined | Uint8Array

/** A key: one part, or a tuple of parts compared part by part (`map.get([sku, warehouse])`). */
export type Key = KeyPart | readonly KeyPart[]
