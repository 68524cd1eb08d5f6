// A main thread without the addon; N workers load it and open one name, all in the same moment.

import { startThread } from '../support/life-threads.ts'

const gate = new Int32Array(new SharedArrayBuffer(4))
const threads = Array.from({ length: Number(process.argv[2]) }, () => startThread('first-loader', { gate }))
await Promise.all(threads.map((thread) => thread.next()))
Atomics.store(gate, 0, 1)
Atomics.notify(gate, 0)
const counts = await Promise.all(threads.map((thread) => thread.next<number>()))
for (const { worker } of threads) worker.postMessage('done')
await Promise.all(threads.map((thread) => thread.end))
console.log(JSON.stringify(counts.toSorted((a, b) => a - b)))
