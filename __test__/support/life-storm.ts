// The storm: worker threads die in every way, at random moments of every kind of call, while two survivors go on.
// Invariant: main never loads the addon, so it can always tell a blocked thread from a slow one. What each worker
// has been promised is in shared memory before it goes on: what the maps hold is judged by that, exactly.

import { DEADLINE, random, startThread, type Thread, within } from './life-threads.ts'

export const DEATHS = [
  'terminate',
  'terminate in update',
  'terminate in forEach',
  'exit',
  'exit in update',
  'exit in forEach',
  'throw',
  'throw in update',
  'reject',
] as const

export type Death = (typeof DEATHS)[number]

/** Per worker life: counts acknowledged and counts under way, on a key of its own and on the key of all. */
export interface Ledger {
  readonly ackedOwn: Int32Array
  readonly ackedHot: Int32Array
  readonly pendingOwn: Int32Array
  readonly pendingHot: Int32Array
  /** How often each kind of call was made, over all workers. */
  readonly calls: Int32Array
  /** [0] tells the survivors to stop. */
  readonly stop: Int32Array
}

export interface StormerData {
  readonly life: number
  readonly seed: number
  readonly death: Death | 'none'
  readonly ledger: Ledger
}

/** What a thread finds when everybody else is quiet. */
export interface Audit {
  readonly own: readonly number[]
  readonly hot: number
  readonly torn: readonly string[]
  readonly miscounted: readonly string[]
  readonly unusable: readonly string[]
  readonly openNames: readonly string[]
}

export interface StormReport {
  readonly seed: number
  readonly deaths: number
  readonly terminated: number
  readonly calls: Record<string, number>
  /** Lives whose stored counts are not what was acknowledged, within what was under way at death. */
  readonly wrongCounts: readonly string[]
  readonly acked: number
  readonly inFlight: number
  readonly audits: readonly Audit[]
  readonly endings: Record<string, readonly number[]>
  readonly bytesEmpty: number
  readonly bytesFull: number
  readonly bytesCleared: number
  readonly rssByRound: readonly number[]
}

export const KINDS = [
  'add',
  'addMany',
  'update',
  'compareAndSet',
  'versions',
  'set',
  'get',
  'delete',
  'setMany',
  'getMany',
  'deleteMany',
  'swap and take',
  'entries',
  'keys and values',
  'forEach',
  'getOrInsertComputed',
  'objects',
  'open and close',
  'make and close',
  'clear',
  'delete name',
  'snapshots',
  'transactions',
] as const

export interface StormOptions {
  readonly seed: number
  /** Workers that die, in all. */
  readonly lives: number
  /** Workers alive at once. */
  readonly alive?: number
  readonly rounds?: number
}

const shared = (length: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * length))

const sum = (numbers: Iterable<number>): number => {
  let total = 0
  for (const each of numbers) total += each
  return total
}

export async function storm({ seed, lives, alive = 6, rounds = 4 }: StormOptions): Promise<StormReport> {
  const pick = random(seed)
  const slots = lives + 3
  const ledger: Ledger = {
    ackedOwn: shared(slots),
    ackedHot: shared(slots),
    pendingOwn: shared(slots),
    pendingHot: shared(slots),
    calls: shared(KINDS.length),
    stop: shared(1),
  }
  const start = (life: number, death: Death | 'none'): Thread =>
    startThread('stormer', { life, seed: pick(2 ** 32), death, ledger } satisfies StormerData)
  const first = start(lives, 'none')
  const bytesEmpty = await first.next<number>()
  const second = start(lives + 1, 'none')
  await second.next()
  const endings: Record<string, number[]> = {}
  const rssByRound: number[] = []
  let deaths = 0
  let terminated = 0

  async function liveAndDie(life: number): Promise<void> {
    // Most are terminated from outside in the middle of whatever they do, the others die in the other ways by turns.
    const death =
      life % 6 < 5 ? 'terminate' : (DEATHS[1 + (Math.floor(life / 6) % (DEATHS.length - 1))] ?? 'exit')
    const thread = start(life, death)
    await thread.next()
    if (death.startsWith('terminate')) {
      if (death !== 'terminate') await thread.next()
      else await new Promise((resolve) => setTimeout(resolve, pick(30)))
      await within(thread.worker.terminate(), `terminate() of life ${life} (${death})`, DEADLINE / 2)
      terminated++
    }
    endings[death] = (endings[death] ?? []).concat((await thread.end).code)
    deaths++
  }

  let next = 0
  for (let round = 1; round <= rounds; round++) {
    const last = Math.round((lives * round) / rounds)
    const lane = async (): Promise<void> => {
      while (next < last) await liveAndDie(next++)
    }
    await Promise.all(Array.from({ length: alive }, lane))
    rssByRound.push(process.memoryUsage.rss())
  }

  Atomics.store(ledger.stop, 0, 1)
  await Promise.all([first.next(), second.next()])
  const newcomer = start(lives + 2, 'none')
  await newcomer.next()
  await newcomer.next()
  const judges = [first, second, newcomer]
  const audits: Audit[] = []
  for (const judge of judges) {
    judge.worker.postMessage('audit')
    audits.push(await judge.next<Audit>())
  }
  // The others first: iterators that they have not collected hold what the snapshot variant showed them.
  for (const { worker, end } of [first, newcomer]) {
    worker.postMessage('end')
    await end
  }
  second.worker.postMessage('clear')
  const [bytesFull, bytesCleared] = await second.next<[number, number]>()
  second.worker.postMessage('end')
  for (const { end } of judges) endings['none'] = (endings['none'] ?? []).concat((await end).code)

  const wrongCounts: string[] = []
  const judged = (what: string, stored: number, acked: number, pending: number): void => {
    if (stored < acked || stored > acked + pending) {
      wrongCounts.push(`${what}: ${stored} stored, ${acked} acknowledged, ${pending} under way at death`)
    }
  }
  for (const { own, hot } of audits) {
    own.forEach((stored, life) => {
      judged(`life ${life}`, stored, ledger.ackedOwn[life] ?? 0, ledger.pendingOwn[life] ?? 0)
    })
    judged('key of all', hot, sum(ledger.ackedHot), sum(ledger.pendingHot))
  }
  return {
    seed,
    deaths,
    terminated,
    wrongCounts,
    audits,
    endings,
    bytesEmpty,
    bytesFull,
    bytesCleared,
    rssByRound,
    calls: Object.fromEntries(KINDS.map((kind, i) => [kind, ledger.calls[i] ?? 0])),
    acked: sum(ledger.ackedOwn) + sum(ledger.ackedHot),
    inFlight: sum(ledger.pendingOwn) + sum(ledger.pendingHot),
  }
}

/** Everything about a report that is not as promised; empty when all is. */
export function faultsOf(report: StormReport): string[] {
  const faults = [...report.wrongCounts]
  report.audits.forEach(({ torn, miscounted, unusable, openNames }, i) => {
    for (const each of torn) faults.push(`audit ${i}: torn value ${each}`)
    for (const each of miscounted) faults.push(`audit ${i}: miscounted ${each}`)
    for (const each of unusable) faults.push(`audit ${i}: unusable ${each}`)
    for (const each of openNames) faults.push(`audit ${i}: name left over ${each}`)
  })
  const codes: Record<string, number> = {
    none: 0,
    terminate: 1,
    'terminate in update': 1,
    'terminate in forEach': 1,
    exit: 3,
    'exit in update': 4,
    'exit in forEach': 5,
    throw: 1,
    'throw in update': 1,
    reject: 1,
  }
  for (const [death, ends] of Object.entries(report.endings)) {
    const wrong = ends.filter((code) => code !== codes[death])
    if (wrong.length > 0) faults.push(`${death}: ended with ${wrong}, not ${codes[death]}`)
  }
  for (const [kind, calls] of Object.entries(report.calls)) {
    if (calls === 0) faults.push(`no call of kind ${kind}`)
  }
  // An index may keep some room; what it held is gone.
  if (report.bytesCleared > report.bytesEmpty + (report.bytesFull - report.bytesEmpty) / 20) {
    faults.push(`bytes after clear: ${report.bytesCleared}, of the empty maps ${report.bytesEmpty}`)
  }
  return faults
}
