// Runs exported functions of the module that workerData names, one message at a time, in order.
import { parentPort, workerData } from 'node:worker_threads'
import { pack } from '../support/thrown.ts'

const tasks = await import(workerData.module)

parentPort?.on('message', async ({ id, name, args }) => {
  try {
    parentPort?.postMessage({ id, value: await tasks[name](...args) })
  } catch (error) {
    parentPort?.postMessage({ id, error: pack(error) })
  }
})
