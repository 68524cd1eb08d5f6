// Loads copies of the built package as told: argument = a list of threads, each the list of copies it loads in order.
// The first thread is main, the others are workers, all alive together. Reports warnings and what the copies share.

import { pathToFileURL } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'

type Package = typeof import('../../index.ts')

const threads = JSON.parse(isMainThread ? (process.argv[2] ?? '') : workerData) as string[][]
const warnings: string[] = []
process.on('warning', (warning) => warnings.push(`${warning.name}: ${warning.message}`))

async function load(paths: readonly string[] | undefined): Promise<Package[]> {
  const loaded: Package[] = []
  for (const path of paths ?? []) {
    const [directory, query] = path.split('?')
    const url = pathToFileURL(`${directory}/dist/index.mjs`)
    loaded.push(await import(query ? `${url}?${query}` : `${url}`))
  }
  // Warnings are emitted in a turn of their own.
  await new Promise((resolve) => setTimeout(resolve, 20))
  return loaded
}

function compare(own: Package, other: Package): object {
  const map = new own.ConcurrentMap<string, number>()
  map.close()
  let closed: unknown
  try {
    map.get('k')
  } catch (error) {
    closed = error
  }
  let crossed: string | undefined
  const living = new own.ConcurrentMap<string, number>()
  try {
    other.ConcurrentMap.attach(living.handle)
  } catch (error) {
    crossed = (error as { code?: string }).code
  }
  own.ConcurrentMap.open<string, number>('over copies').set('k', 1)
  return {
    crossed,
    shared: other.ConcurrentMap.open<string, number>('over copies').get('k') === 1,
    errors: {
      'base by other': closed instanceof other.ThreadmapError,
      'same by other': closed instanceof other.MapClosedError,
      'same by own': closed instanceof own.MapClosedError,
      'other class by other': closed instanceof other.LimitError,
      'Error by own': closed instanceof Error,
      'plain object': ({ code: 'THREADMAP_MAP_CLOSED' } as unknown) instanceof other.MapClosedError,
      'another Error': (new Error('closed') as unknown) instanceof other.ThreadmapError,
    },
  }
}

if (isMainThread) {
  const loaded = await load(threads[0])
  const workers = threads
    .slice(1)
    .map((paths) => new Worker(new URL(import.meta.url), { workerData: JSON.stringify([paths]) }))
  const reports = workers.map(
    (worker) =>
      new Promise<string[]>((resolve, reject) => {
        worker.once('message', resolve).once('error', reject)
      }),
  )
  for (const each of await Promise.all(reports)) warnings.push(...each)
  for (const worker of workers) worker.postMessage('end')
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('exit', resolve))))
  const [own, other] = loaded
  console.log(JSON.stringify({ warnings, ...(own && other ? compare(own, other) : {}) }))
} else {
  await load(threads[0])
  parentPort?.postMessage(warnings)
  parentPort?.once('message', () => {})
}
