// Where and on what a run was made: figures without this are worth nothing.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'

const git = (...parameters: string[]): string | undefined => {
  try {
    return execFileSync('git', parameters, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return undefined
  }
}

const commit = (): string => {
  const hash = git('rev-parse', '--short=12', 'HEAD') ?? 'no commit'
  const changed = git('status', '--porcelain')
  return changed === undefined || changed === '' ? hash : `${hash} (dirty)`
}

const versionOf = (name: string): string => {
  try {
    const path = new URL(`../node_modules/${name}/package.json`, import.meta.url)
    return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
  } catch {
    return 'not installed'
  }
}

export type Machine = Readonly<Record<string, string>>

export const describeMachine = (variant: string): Machine => {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    node: `${process.version}, V8 ${process.versions.v8}, Node-API ${process.versions['napi']}`,
    cpu: `${processors[0]?.model.trim() ?? 'unknown'}, ${processors.length} cores`,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${process.platform} ${process.arch} ${release()}`,
    load: `${loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')} at the start`,
    commit: commit(),
    variant: `${variant} (the default)`,
    tools: `tinybench ${versionOf('tinybench')}, lmdb ${versionOf('lmdb')}`,
  }
}
