// The checker on its own: histories made by hand, and random ones that are known to be right or wrong.
import { describe, expect, it } from 'vitest'
import { calls } from './support/calls.ts'
import { random } from './support/life-threads.ts'
import { describe as inWords, judge, shorten } from './support/linearizable.ts'
import { ModelMap } from './support/model-map.ts'
import { type Answer, type Name, names, type Operation, refused, type Value } from './support/one-key.ts'
import { thrownBy } from './support/thrown.ts'

type Rest = Partial<Omit<Operation, 'thread' | 'name' | 'invoked' | 'returned'>>

/** One call, its time in tens of microseconds: `call(2, '3-7', 'get', { answer: 5 })`. */
function call(thread: number, span: `${number}-${number}`, name: Name, rest: Rest = {}): Operation {
  // Far more than what clocks may differ by.
  const [invoked, returned] = span.split('-').map((time) => 10_000 * Number(time)) as [number, number]
  return { thread, name, invoked, returned, ...rest }
}

const set = (thread: number, span: `${number}-${number}`, value: Value): Operation =>
  call(thread, span, 'set', { value })
const get = (thread: number, span: `${number}-${number}`, answer?: Answer): Operation =>
  call(thread, span, 'get', { answer })

const right: Readonly<Record<string, readonly Operation[]>> = {
  'no call at all': [],
  'reads of an empty key': [get(0, '1-2'), call(1, '1-2', 'has', { answer: false })],
  'a read during a write that already sees it': [set(0, '1-9', 1), get(1, '2-3', 1)],
  'a read during a write that does not see it yet': [set(0, '1-9', 1), get(1, '2-3')],
  'a write that was invoked first and came second': [set(0, '1-9', 1), set(1, '2-8', 2), get(2, '10-11', 1)],
  'a call that begins in the moment another ends': [set(0, '1-5', 1), get(1, '5-6')],
  'adds that overlap and count on from each other': [
    call(0, '1-9', 'add', { value: 1, answer: 2 }),
    call(1, '2-8', 'add', { value: 1, answer: 1 }),
    call(2, '3-7', 'add', { value: 1, answer: 3 }),
  ],
  'an insert that found an entry only because of the order': [
    call(0, '1-9', 'setIfAbsent', { value: 1, answer: false }),
    call(1, '2-8', 'setIfAbsent', { value: 2, answer: true }),
  ],
  'a first guess that must be taken back': [
    set(0, '1-4', 1),
    set(1, '1-5', 2),
    set(2, '1-6', 3),
    get(3, '7-8', 1),
    call(4, '1-9', 'swap', { value: 4, answer: 1 }),
  ],
  'arithmetic on a text': [
    set(0, '1-2', 'text'),
    call(0, '3-4', 'add', { value: 1, answer: refused }),
    get(0, '5-6', 'text'),
  ],
  'versions that stay while nobody changes the entry': [
    set(0, '1-2', 1),
    call(1, '3-4', 'getEntry', { answer: 1, also: 7 }),
    call(2, '5-6', 'getEntry', { answer: 1, also: 7 }),
    call(2, '7-8', 'setIfVersion', { value: 2, expected: 7, answer: true }),
    call(1, '9-10', 'deleteIfVersion', { expected: 7, answer: false }),
    call(1, '11-12', 'getEntry', { answer: 2, also: 9 }),
  ],
  'a maximum that is there already, which changes no version': [
    set(0, '1-2', 5),
    call(0, '3-4', 'getEntry', { answer: 5, also: 1 }),
    call(1, '5-6', 'max', { value: 3, answer: 5 }),
    call(0, '7-8', 'getEntry', { answer: 5, also: 1 }),
  ],
  'a write of a dead thread that never came': [set(0, '1-2', 1), dying(set(1, '3-8', 2)), get(0, '9-10', 1)],
  'a write of a dead thread that came': [set(0, '1-2', 1), dying(set(1, '3-8', 2)), get(0, '9-10', 2)],
  'a write of a dead thread that came late': [
    dying(set(1, '3-9', 2)),
    get(0, '4-5'),
    get(0, '6-7', 2),
    get(0, '10-11', 2),
  ],
}

const wrong: Readonly<Record<string, readonly Operation[]>> = {
  'a value that nobody wrote': [set(0, '1-2', 1), get(1, '3-4', 2)],
  'a read of what was overwritten before it began': [set(0, '1-2', 1), set(0, '3-4', 2), get(1, '5-6', 1)],
  'a read that misses a write that was over': [set(0, '1-2', 1), get(1, '3-4')],
  'reads that see the new value, then the old one': [
    set(0, '1-2', 1),
    set(0, '3-20', 2),
    get(1, '5-6', 2),
    get(2, '7-8', 1),
  ],
  'two threads that see two writes in different orders': [
    set(0, '1-20', 1),
    set(1, '1-20', 2),
    get(2, '3-4', 1),
    get(2, '5-6', 2),
    get(3, '3-4', 2),
    get(3, '5-6', 1),
  ],
  'a lost update': [
    call(0, '1-9', 'add', { value: 1, answer: 1 }),
    call(1, '2-8', 'add', { value: 1, answer: 1 }),
  ],
  'two takes of one value': [
    set(0, '1-2', 1),
    call(1, '3-9', 'take', { answer: 1 }),
    call(2, '4-8', 'take', { answer: 1 }),
  ],
  'two removals of one entry': [
    set(0, '1-2', 1),
    call(1, '3-9', 'delete', { answer: true }),
    call(2, '4-8', 'delete', { answer: true }),
  ],
  'two inserts into one place': [
    call(0, '1-9', 'setIfAbsent', { value: 1, answer: true }),
    call(1, '2-8', 'setIfAbsent', { value: 2, answer: true }),
  ],
  'two winners of one comparison': [
    set(0, '1-2', 1),
    call(1, '3-9', 'compareAndSet', { value: 2, expected: 1, answer: true }),
    call(2, '4-8', 'compareAndSet', { value: 3, expected: 1, answer: true }),
  ],
  'a comparison that failed though it could not': [
    set(0, '1-2', 1),
    call(1, '3-4', 'compareAndSet', { value: 2, expected: 1, answer: false }),
  ],
  'swaps that both got the same old value': [
    set(0, '1-2', 1),
    call(1, '3-9', 'swap', { value: 2, answer: 1 }),
    call(2, '4-8', 'swap', { value: 3, answer: 1 }),
  ],
  'an update that was shown what was gone': [
    set(0, '1-2', 1),
    set(0, '3-4', 2),
    call(1, '5-6', 'update', { value: 3, answer: 3, also: 1 }),
  ],
  'an update that returned something else': [call(0, '1-2', 'update', { value: 3, answer: 4 })],
  'a replacement of nothing': [call(0, '1-2', 'replace', { value: 1, answer: true })],
  'two answers of getOrInsert': [
    call(0, '1-9', 'getOrInsert', { value: 1, answer: 1 }),
    call(1, '2-8', 'getOrInsert', { value: 2, answer: 2 }),
  ],
  'a maximum that went down': [set(0, '1-2', 5), call(1, '3-4', 'max', { value: 3, answer: 3 })],
  'arithmetic that refused a number': [
    set(0, '1-2', 5),
    call(1, '3-4', 'add', { value: 3, answer: refused }),
  ],
  'a version that changed by itself': [
    set(0, '1-2', 1),
    call(0, '3-4', 'getEntry', { answer: 1, also: 7 }),
    call(0, '5-6', 'getEntry', { answer: 1, also: 8 }),
  ],
  'a version that stayed through a change': [
    set(0, '1-2', 1),
    call(0, '3-4', 'getEntry', { answer: 1, also: 7 }),
    set(1, '5-6', 1),
    call(0, '7-8', 'getEntry', { answer: 1, also: 7 }),
  ],
  'a version that came back after a removal and an insert': [
    set(0, '1-2', 1),
    call(0, '3-4', 'getEntry', { answer: 1, also: 7 }),
    call(1, '5-6', 'delete', { answer: true }),
    set(1, '7-8', 2),
    call(0, '9-10', 'setIfVersion', { value: 3, expected: 7, answer: true }),
  ],
  'a write of a dead thread that came and went': [
    set(0, '1-2', 1),
    dying(set(1, '3-8', 2)),
    get(0, '9-10', 2),
    get(0, '11-12', 1),
  ],
  'a write of a dead thread that came after its death': [
    dying(set(1, '3-5', 2)),
    get(0, '9-10'),
    get(0, '11-12', 2),
  ],
  'an add of a dead thread that came twice': [
    dying(call(0, '1-9', 'add', { value: 5 })),
    get(1, '2-3', 5),
    get(1, '4-5', 10),
  ],
}

function dying(op: Operation): Operation {
  return { ...op, pending: true }
}

describe('a history is called linearizable that has', () => {
  it.each(Object.keys(right))('%s', (name) => {
    expect(judge(right[name] as Operation[])).toBe('linearizable')
  })
})

describe('a history is called a violation that has', () => {
  it.each(Object.keys(wrong))('%s', (name) => {
    expect(judge(wrong[name] as Operation[])).toBe('violation')
  })
})

describe('a random history of threads that overlap all the time', () => {
  const seeds = Array.from({ length: 150 }, (_, seed) => seed)

  it('is called linearizable when a model answered call after call', () => {
    for (const seed of seeds) expect(judge(modelled(seed)), `seed ${seed}`).toBe('linearizable')
  })

  it('is called a violation when one answer in it is what nobody wrote', () => {
    for (const seed of seeds) expect(judge(spoiled(seed)), `seed ${seed}`).toBe('violation')
  })

  it('is short after shortening, and still a violation', () => {
    for (const seed of seeds) {
      const history = spoiled(seed)
      const { past, before, operations } = shorten(history)
      expect(judge(operations, before), `seed ${seed}`).toBe('violation')
      expect(past.length === 0 ? 'linearizable' : judge(past), `seed ${seed}`).toBe('linearizable')
      expect(operations.length).toBeLessThanOrEqual(history.length)
    }
  })
})

describe('a violation in words', () => {
  it('has what the key held, what came before, and no call that is not needed', () => {
    const witnesses = [get(0, '5-6', 1), get(1, '7-8', 1), get(4, '8-14', 1)]
    const takes = [call(2, '9-20', 'take', { answer: 1 }), call(3, '10-19', 'take', { answer: 1 })]
    const after = [set(0, '21-22', 4), get(1, '23-24', 4)]
    expect(inWords(shorten([set(0, '1-2', 1), ...witnesses, ...takes, ...after]))).toBe(
      [
        'no order explains these calls on one key:',
        '  thread 0, ns -80000 to -70000: set(1)',
        '  thread 0, ns -40000 to -30000: get() -> 1',
        '  here the key holds 1, and then:',
        '  thread 2, ns 0 to 110000: take() -> 1',
        '  thread 3, ns 10000 to 100000: take() -> 1',
      ].join('\n'),
    )
  })

  it('tells a call that was still under way from one in which a thread died', () => {
    const history = [
      dying(set(2, '1-7', 5)),
      call(0, '3-9', 'add', { value: 1, answer: 1 }),
      call(1, '4-8', 'add', { value: 1, answer: 1 }),
      call(3, '2-20', 'add', { value: 7, answer: 8 }),
    ]
    const words = inWords(shorten(history))
    expect(words).toContain('thread 2, ns 0 to 60000, terminated inside: set(5)')
    expect(words).toContain('thread 3, ns 10000 on: add(7)')
  })
})

it('a history in which one thread makes two calls at once is refused', () => {
  expect(thrownBy(() => judge([set(0, '1-9', 1), get(0, '2-3', 1)]))?.message).toMatch(/two calls at once/)
  expect(thrownBy(() => judge([dying(set(0, '1-3', 1)), get(0, '4-5', 1)]))?.message).toMatch(/two calls/)
})

/** What a map for one thread answers when each call takes effect somewhere between its beginning and its end. */
function modelled(seed: number): Operation[] {
  const draw = random(seed)
  const some = Array.from({ length: 1 + draw(5) }, () => names[draw(names.length)] as Name)
  const chosen: readonly Name[] = draw(3) === 0 ? names : ['get', ...some]
  const planned = Array.from({ length: 2 + draw(5) }, (_, thread) => {
    let now = draw(100)
    return Array.from({ length: 5 + draw(12) }, (_, index) => {
      const name = chosen[draw(chosen.length)] as Name
      const number = (index + 1) * 100 + thread
      const value = draw(8) === 0 && !/^(add|max|min|updateToAdd)/.test(name) ? `text ${number}` : number
      const [invoked, point] = [now, now + draw(500)]
      const returned = point + draw(500)
      now = returned + 1 + draw(30)
      return { point, op: { thread, name, value, invoked, returned } }
    })
  })
  const answer = answering(new ModelMap() as never, draw)
  return planned
    .flat()
    .sort((a, b) => a.point - b.point)
    .map(({ op }) => answer(op))
}

/** Lets a model answer. What a call expects is right every other time; a version is one that was told. */
function answering(model: never, draw: (below: number) => number): (op: Operation) => Operation {
  let version: number | undefined
  return (op) => {
    const unknown = /IfVersion$/.test(op.name) && version === undefined
    const name = unknown ? 'getEntry' : op.name
    const held = draw(2) === 0 ? (model as ModelMap).get('k') : 7
    const expected = (/IfVersion$/.test(name) ? version : held) as Value | undefined
    try {
      const told = calls[name](model, 'k', op.value as never, expected as never)
      if (typeof told !== 'object') return { ...op, name, expected, answer: told }
      if (name === 'getEntry') version = told[1] as number | undefined
      return { ...op, name, expected, answer: told[0], also: told[1] }
    } catch (error) {
      expect(error).toMatchObject({ code: 'THREADMAP_WRONG_CELL' })
      return { ...op, name, expected, answer: refused }
    }
  }
}

/** A random history of which one read has an answer that cannot be. */
function spoiled(seed: number): Operation[] {
  const history = modelled(seed)
  const bad = random(seed)(history.length)
  return history.map((op, index) =>
    index === bad ? { ...op, name: 'get', answer: 'never written', also: undefined } : op,
  )
}
