// One operation of a map by name, with arguments that can travel between threads.
// Invariant: runStep is the only place that turns names into calls, so every setting of a suite runs the same code.
// Functions and ABSENT cannot be posted: they travel as tokens and are put back in the thread that runs the step.

const absentSymbol = Symbol.for('threadmap.absent')

type CallbackName =
  | ('double' | 'fail' | 'increment' | 'nameTheKey')
  | ('promise' | 'remove' | 'sameAgain' | 'undefined')

export const callbacks: Readonly<Record<CallbackName, (argument: unknown) => unknown>> = {
  double: (old) => (typeof old === 'number' ? old * 2 : 0),
  fail: () => {
    throw new Error('the callback failed')
  },
  increment: (old) => (typeof old === 'number' ? old + 1 : 1),
  nameTheKey: (key) => `computed for ${typeof key === 'string' ? key : typeof key}`,
  promise: async () => 'too late',
  remove: () => absentSymbol,
  sameAgain: (old) => old,
  undefined: () => undefined,
}

export interface Token {
  readonly token: 'absent' | 'callback'
  readonly name?: CallbackName
}

/** Stands for `ConcurrentMap.ABSENT`. */
export const absent: Token = { token: 'absent' }

/** What an operation's result becomes when it is the map itself. */
export const itself = 'the map itself'

export function callback(name: CallbackName): Token {
  return { token: 'callback', name }
}

type Operations = Readonly<Record<string, (...args: unknown[]) => unknown>>
type Subject = Operations & Iterable<unknown> & Record<'entries' | 'keys' | 'values', () => Iterable<unknown>>

export function runStep(map: object, operation: string, args: readonly unknown[]): unknown {
  const subject = map as Subject
  switch (operation) {
    case 'size':
    case 'version':
      return subject[operation]
    case 'entries':
    case 'keys':
    case 'values':
      return [...subject[operation]()]
    case 'spread':
      return [...subject]
    case 'forEach':
      return collectForEach(subject)
  }
  const result = subject[operation]?.(...args.map(resolve))
  return result === map ? itself : result
}

function collectForEach(map: Operations): unknown[] {
  const calls: unknown[] = []
  const result = map.forEach?.((value: unknown, key: unknown, self: unknown) => {
    calls.push([key, value, self === map])
  })
  if (result !== undefined) throw new Error('forEach returned something')
  return calls
}

function resolve(argument: unknown): unknown {
  if (argument === null || typeof argument !== 'object' || !('token' in argument)) return argument
  const token = argument as Token
  if (token.token === 'absent') return absentSymbol
  return callbacks[token.name as CallbackName]
}
