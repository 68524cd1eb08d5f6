// The public types, seen from outside by a strict compiler; what must not compile is marked so. Prints `counted 2`.
import {
  ConcurrentMap,
  type Diagnostics,
  diagnostics,
  type Key,
  type MapOptions,
  ThreadmapError,
} from 'threadmap'

interface Session {
  readonly user: string
  readonly since: Date
}

const options: MapOptions = { variant: 'lock-free', codec: 'clone' }
const sessions: ConcurrentMap<string, Session> = ConcurrentMap.open<string, Session>('sessions', options)
sessions.set('a', { user: 'ada', since: new Date(0) })
const user: string | undefined = sessions.get('a')?.user
// @ts-expect-error: a session is no number
sessions.set('b', 1)
// @ts-expect-error: an object is no key
const wrong: Key = { user: 'ada' }
// @ts-expect-error: there is no such variant
const unknown: MapOptions = { variant: 'fast' }

const counters = new ConcurrentMap<readonly [string, number], number>([[['shelf', 1], 1]])
const total: number = counters.add(['shelf', 1], 1)
const report: Diagnostics = diagnostics()
const known: boolean = new Error('x') instanceof ThreadmapError
if (user !== 'ada' || known || report.thread.id !== 0) throw new Error('not what the types say')
void [wrong, unknown]
console.log(`counted ${total}`)
