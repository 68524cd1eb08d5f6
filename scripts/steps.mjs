// Steps: one line each, saying what is done and how long it took. What a step's program prints is kept back and
// shown only when it fails.
import { spawn } from 'node:child_process'
import { Fault, root } from './toolchain.mjs'

/** @typedef {{ command: string, args: readonly string[], shell?: boolean, env?: Record<string, string> }} Call */

const terminal = process.stdout.isTTY === true

/**
 * What programs print goes through this process, so they cannot see for themselves whether a terminal is behind it.
 * @returns {Record<string, string>}
 */
function palette() {
  if (process.env['FORCE_COLOR'] !== undefined || process.env['NO_COLOR'] !== undefined) return {}
  return terminal ? { FORCE_COLOR: '1', CARGO_TERM_COLOR: 'always' } : { NO_COLOR: '1' }
}

/** @param {number} since */
export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

/** Whether a step's line is being written: a step within it writes none of its own. */
let open = false

/**
 * Runs `work` under one line: `threadmap: TITLE ... 3.2 s`.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  if (open) return work()
  open = true
  const start = performance.now()
  const line = `threadmap: ${title} ... `
  process.stdout.write(line)
  const tick = terminal
    ? setInterval(() => process.stdout.write(`\r${line}${seconds(start)}`), 1000)
    : undefined
  const end = (/** @type {string} */ word) => {
    open = false
    clearInterval(tick)
    process.stdout.write(`${terminal ? `\r${line}` : ''}${word}${seconds(start)}\n`)
  }
  try {
    const result = await work()
    end('')
    return result
  } catch (error) {
    end('failed after ')
    throw error
  }
}

/**
 * Runs a program without showing what it prints; throws a Fault that carries the output when it fails.
 * @param {Call} call
 * @returns {Promise<string>}
 */
export async function quietly(call) {
  const { code, output } = await run(call, () => {})
  if (code !== 0) throw new Fault(`${describe(call)} failed (exit code ${code}):\n${output.trimEnd()}`)
  return output
}

/**
 * Runs a program, showing what it prints as it comes.
 * @param {Call} call
 */
export function aloud(call) {
  return run(call, (chunk) => process.stdout.write(chunk))
}

/**
 * @param {Call} call
 * @param {(chunk: Buffer) => void} show
 * @returns {Promise<{ code: number, output: string }>}
 */
function run(call, show) {
  return new Promise((resolve, reject) => {
    const child = spawn(call.command, call.args, {
      cwd: root,
      env: { ...process.env, ...palette(), ...call.env },
      shell: call.shell ?? false,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    /** @type {Buffer[]} */
    const chunks = []
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        chunks.push(chunk)
        show(chunk)
      })
    }
    child.on('error', (error) => reject(new Fault(`${describe(call)} does not start: ${error.message}`)))
    child.on('close', (code) => resolve({ code: code ?? 1, output: Buffer.concat(chunks).toString() }))
  })
}

/**
 * Runs a program with this one's own input and output, and ends as it ended.
 * @param {Call} call
 */
export function become(call) {
  const child = spawn(call.command, call.args, { cwd: root, stdio: 'inherit', shell: call.shell ?? false })
  // A Ctrl+C reaches the child as well: it decides what to do, this process waits. A SIGTERM must be handed on.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('error', (error) => fail(new Fault(`${describe(call)} does not start: ${error.message}`)))
  child.on('close', (code, signal) => {
    process.exitCode = signal === 'SIGINT' ? 130 : (code ?? 1)
  })
}

/** @param {Call} call */
function describe(call) {
  return [call.command, ...call.args].join(' ').replaceAll(root, '.')
}

/**
 * The end of a script that cannot go on: what happened, without a stack when the user can mend it.
 * @param {unknown} error
 */
export function fail(error) {
  console.error(error instanceof Fault ? `threadmap: ${error.message}` : error)
  process.exitCode = 1
}
