// The thread behind peers/owner.ts: one Map, any number of ports, one answer a question, in order.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import type { MapLike } from '../operations.ts'
import type { Content } from '../peer.ts'
import { peers } from './map.ts'
import type { Question } from './owner.ts'

const map = peers[0]?.attach(undefined, workerData as Content) as MapLike

const answer = ([method, first, second]: Question): unknown => {
  switch (method) {
    case 'get':
      return map.get(first as never)
    case 'set':
      map.set(first as never, second as never)
      return undefined
    case 'add':
      return map.add(first as never, second as never)
    case 'has':
      return map.has(first as never)
    default: {
      const ask = map[method] as (first: unknown, second: unknown) => unknown
      return ask.call(map, first, second)
    }
  }
}

parentPort?.on('message', (port: MessagePort) => {
  port.on('message', (question: Question) => port.postMessage(answer(question)))
})
