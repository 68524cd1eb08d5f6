// Errors as plain data: what a test may assert about a throw, and what survives a message between threads.
// Invariant: pack keeps exactly name, code and message (structured clone would drop the code).

export interface Thrown {
  readonly name: string
  readonly code?: unknown
  readonly message: string
  readonly stack?: string
}

export function pack(error: unknown): Thrown {
  if (!(error instanceof Error)) return { name: 'not an Error', message: String(error) }
  return {
    name: kindOf(error),
    ...('code' in error ? { code: error.code } : {}),
    message: error.message,
    ...(error.stack === undefined ? {} : { stack: error.stack }),
  }
}

export function unpack(thrown: Thrown): Error {
  const { message, ...rest } = thrown
  return Object.assign(new Error(message), rest)
}

/** The error that `action` throws, or undefined when it returns. */
export function thrownBy(action: () => unknown): Thrown | undefined {
  try {
    action()
  } catch (error) {
    return pack(error)
  }
  return undefined
}

// A subclass may keep the name 'Error' or set its own: what counts is the standard kind users match on.
function kindOf(error: Error): string {
  if (error instanceof TypeError) return 'TypeError'
  if (error instanceof RangeError) return 'RangeError'
  return error.name
}
