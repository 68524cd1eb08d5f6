// What a bug report needs: it is there, it is true of this process, and it gives nothing away.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { describe, expect, it } from 'vitest'
import { ConcurrentMap, diagnostics } from '../index.ts'

const index = new URL('../index.ts', import.meta.url).href

describe('diagnostics()', () => {
  it('names the binary, the runtime and what was chosen, as plain data', () => {
    const report = diagnostics()
    expect(existsSync(report.binary.path)).toBe(true)
    expect(report.binary).toMatchObject({ from: 'folder', profile: 'release' })
    expect(report.binary.compiler).toMatch(/^rustc \d/)
    expect(report.binary.target).toContain('-')
    expect(report.choices.variants).toContain(report.choices.defaultVariant)
    expect(report.runtime).toMatchObject({ name: 'node', version: process.versions.node, arch: process.arch })
    expect(structuredClone(report)).toEqual(report)
  })

  it('tells the defaults that maps are really made with', () => {
    using map = new ConcurrentMap()
    const { defaultVariant, defaultShards } = diagnostics().choices
    expect(map.stats()).toMatchObject({ variant: defaultVariant, shards: defaultShards })
  })

  it('counts the named maps and tells none of their names, keys and values', () => {
    const before = diagnostics().namedMaps
    ConcurrentMap.open('a secret name').set('a secret key', 'a secret value')
    const report = diagnostics()
    expect(report.namedMaps).toBe(before + 1)
    expect(JSON.stringify(report)).not.toContain('secret')
    ConcurrentMap.delete('a secret name')
  })

  it('tells which thread it was called on', async () => {
    const code = `import(${JSON.stringify(index)}).then((m) =>
      require('node:worker_threads').parentPort.postMessage(m.diagnostics().thread))`
    const worker = new Worker(code, { eval: true })
    // Node forgets it when the worker ends.
    const id = worker.threadId
    const thread = await new Promise((resolve, reject) => {
      worker.once('message', resolve).once('error', reject)
    })
    expect(thread).toEqual({ id, main: false })
    expect(diagnostics().thread.id).not.toBe(id)
    await worker.terminate()
  })
})

describe('THREADMAP_DEBUG', () => {
  const said = (value: string | undefined) => {
    const env = { ...process.env, THREADMAP_DEBUG: value }
    const code = `import(${JSON.stringify(index)}).then(() => console.log('loaded'))`
    return spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' })
  }

  it('set to 1 prints one line on standard error at load', () => {
    const { stdout, stderr } = said('1')
    const { binary, choices } = diagnostics()
    expect(stdout).toBe('loaded\n')
    expect(stderr.trimEnd().split('\n')).toHaveLength(1)
    for (const word of [binary.version, binary.path, binary.target, `${choices.defaultVariant} (default)`])
      expect(stderr).toContain(word)
  })

  it.each([undefined, '', '0'])('set to %j prints nothing', (value) => {
    expect(said(value)).toMatchObject({ stdout: 'loaded\n', stderr: '' })
  })
})
