/**
 * What a bug report needs: the binary, the runtime, and what was chosen on this machine; no keys, values or names of
 * maps. With THREADMAP_DEBUG=1 each thread prints its line at load.
 */
import { writeSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { isMainThread, threadId } from 'node:worker_threads'
import { binary, native } from './native.ts'

/** What {@link diagnostics} tells. */
export interface Diagnostics {
  readonly binary: {
    readonly path: string
    /** Where it was found: NAPI_RS_NATIVE_LIBRARY_PATH, the package's own folder, or the platform's package. */
    readonly from: 'environment' | 'folder' | 'package'
    readonly version: string
    /** The compiler's target triple. */
    readonly target: string
    readonly profile: string
    readonly compiler: string
    /** The commit, where the build was told it. */
    readonly commit?: string
  }
  /** What maps are made of here unless their options say otherwise. */
  readonly choices: {
    readonly variants: readonly string[]
    readonly defaultVariant: string
    readonly defaultShards: number
    /** Whether the system lends a barrier over all threads, which spares each operation its own. */
    readonly processBarrier: boolean
  }
  readonly runtime: {
    readonly name: 'node' | 'bun' | 'deno'
    readonly version: string
    /** The Node that it is, or that it says to be. */
    readonly node: string
    readonly nodeApi: string | undefined
    readonly v8: string | undefined
    readonly platform: string
    readonly arch: string
    /** Of Linux: `'glibc 2.36'` or `'musl'`. */
    readonly libc: string | undefined
    readonly system: string
    readonly cores: number
  }
  readonly thread: { readonly id: number; readonly main: boolean }
  /** Living maps that have a name. */
  readonly namedMaps: number
  /** Variables of the environment that change what is loaded or printed. */
  readonly environment: Readonly<Record<string, string>>
}

function runtime(): Pick<Diagnostics['runtime'], 'name' | 'version'> {
  const { versions } = process
  for (const name of ['bun', 'deno'] as const) {
    const version = versions[name]
    if (version !== undefined) return { name, version }
  }
  return { name: 'node', version: versions.node }
}

/** The report that Node writes of itself knows the C library that is loaded; no other way is as sure. */
function libc(): string | undefined {
  if (process.platform !== 'linux') return undefined
  if (binary.build.target.includes('musl')) return 'musl'
  // Without this, a report looks up the names of all peers of open sockets. The types do not know it yet.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  const { excludeNetwork } = report
  report.excludeNetwork = true
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } }
  report.excludeNetwork = excludeNetwork
  return `glibc ${header?.glibcVersionRuntime ?? '(version unknown)'}`
}

/**
 * What a bug report needs, as a plain object: `node -p "import('threadmap').then((m) => m.diagnostics())"`. Takes a
 * few milliseconds, throws nothing, changes nothing.
 */
export function diagnostics(): Diagnostics {
  const { variants, defaultVariant, defaultShards, processBarrier, ...build } = binary.build
  return {
    binary: { path: binary.path, from: binary.from, ...build },
    choices: { variants, defaultVariant, defaultShards, processBarrier },
    runtime: {
      ...runtime(),
      node: process.versions.node,
      nodeApi: process.versions['napi'],
      v8: process.versions.v8,
      platform: process.platform,
      arch: process.arch,
      libc: libc(),
      system: release(),
      cores: availableParallelism(),
    },
    thread: { id: threadId, main: isMainThread },
    namedMaps: native.names().length,
    environment: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        /^(THREADMAP_|NAPI_RS_)/.test(name) && value !== undefined ? [[name, value]] : [],
      ),
    ),
  }
}

function announce(): void {
  const { build, path, from } = binary
  const variants = build.variants.map((name) => (name === build.defaultVariant ? `${name} (default)` : name))
  const { name, version } = runtime()
  // Written at once: a thread that crashes next has said what it loaded.
  writeSync(
    2,
    `threadmap ${build.version}: ${path} (from ${from}), built for ${build.target} (${build.profile}, ` +
      `${build.compiler}, commit ${build.commit ?? 'unknown'}); variants ${variants.join(', ')}; ` +
      `${build.defaultShards} shards; ${build.processBarrier ? 'process-wide barrier' : 'full fences'}; ` +
      `${name} ${version}, thread ${threadId}\n`,
  )
}

if (process.env['THREADMAP_DEBUG'] === '1') announce()
