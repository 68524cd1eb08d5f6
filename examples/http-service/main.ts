// node examples/http-service/main.ts [PORT]: the service by hand, until Ctrl-C.
import { startService } from './service.ts'

const port = Number(process.argv[2] ?? 8080)
if (!Number.isInteger(port) || port < 0 || port > 65_535) {
  process.stderr.write('usage: main.ts [PORT]   (0 to 65535, by default 8080)\n')
  process.exit(2)
}

try {
  const service = await startService({ port })
  const { url, mode } = service
  process.stdout.write(`${service.threadIds().length} workers answer on ${url} (${mode}). Try:
  curl -i ${url}/health
  curl -i -d '{"user":"ada"}' ${url}/login
  curl -i -H 'Authorization: Bearer TOKEN' ${url}/session
  curl -i -X PUT -d '{"name":"lamp"}' ${url}/stock/4711
  curl -i -X DELETE ${url}/stock/4711
  curl -i -X DELETE -d '["4711","4712"]' ${url}/stock
  curl -i -X POST ${url}/counters/visits
Ctrl-C stops it.
`)
  const stop = async (): Promise<void> => {
    await service.close()
    process.stdout.write('stopped\n')
  }
  let stopping = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // Whoever asks twice does not want to wait.
      if (stopping) process.exit(1)
      stopping = true
      void stop()
    })
  }
} catch (error) {
  process.stderr.write(`cannot start: ${(error as Error).message}\n`)
  process.exitCode = 1
}
