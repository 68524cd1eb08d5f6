// One canonical string for each key or value: equal strings for equal content, different ones for anything else.
// Invariant: no two keys that the contract keeps apart have the same description.

/** -0 and 0 are told apart here; `describeKey` merges them. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `string ${JSON.stringify(value)}`
    case 'number':
      return Object.is(value, -0) ? 'number -0' : `number ${value}`
    case 'bigint':
    case 'boolean':
    case 'undefined':
      return `${typeof value} ${value}`
    case 'object':
      return describeObject(value)
    default:
      return `${typeof value} ${String(value)}`
  }
}

export function describeKey(key: unknown): string {
  if (Array.isArray(key)) return `tuple (${Array.from(key, describeKey).join('; ')})`
  if (key instanceof Uint8Array) return describeBytes(key)
  return describeValue(key === 0 ? 0 : key)
}

function describeObject(value: object | null): string {
  if (value === null) return 'null'
  if (Buffer.isBuffer(value)) return `Buffer, ${describeBytes(value)}`
  if (value instanceof Uint8Array) return `Uint8Array, ${describeBytes(value)}`
  if (Array.isArray(value)) return `list [${Array.from(value, describeValue).join('; ')}]`
  const fields = Object.entries(value).map(
    ([name, field]) => `${JSON.stringify(name)}: ${describeValue(field)}`,
  )
  return `${Object.prototype.toString.call(value)} {${fields.join('; ')}}`
}

function describeBytes(bytes: Uint8Array): string {
  return `bytes ${Buffer.from(bytes).toString('hex')}`
}

/** All of a map's content in an order of its own, for comparing two maps or two moments. */
export function describeContent(map: Iterable<readonly [unknown, unknown]>): string[] {
  return Array.from(map, ([key, value]) => `${describeKey(key)} => ${describeValue(value)}`).sort()
}
