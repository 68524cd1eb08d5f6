// The workflows, linted: actionlint (Go's proxy) and zizmor (PyPI), kept in .tools; that each action is pinned by its
// commit; and that each script that they call is there.
//   node ci/workflows.mjs
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault, root } from '../scripts/toolchain.mjs'
import { python } from './cross.mjs'

const ACTIONLINT = 'v1.7.12'
const ZIZMOR = '1.32.0'

const folder = join(root, '.github', 'workflows')
const exe = process.platform === 'win32' ? '.exe' : ''

/** @returns {string[]} what the linters' own rules leave to us */
function ownRules() {
  return readdirSync(folder).flatMap((file) => {
    const lines = readFileSync(join(folder, file), 'utf8').split('\n')
    return [
      ...(lines.includes('permissions: {}') ? [] : [`${file}: 'permissions: {}' does not stand at its top`]),
      ...lines.flatMap((line, i) => {
        const uses = /^\s*-?\s*uses: ([^\s#]+)(\s+# v\d+\.\d+\.\d+)?/.exec(line)
        if (uses?.[1] && !uses[1].startsWith('./') && !(/@[0-9a-f]{40}$/.test(uses[1]) && uses[2]))
          return [`${file}:${i + 1}: '${uses[1]}' is not pinned by a commit with its version beside it`]
        const missing = [...line.matchAll(/\b((?:ci|scripts)\/[\w-]+\.mjs)\b/g)].filter(
          ([, script = '']) => !existsSync(join(root, script)),
        )
        return missing.map(([, script]) => `${file}:${i + 1}: there is no ${script}`)
      }),
    ]
  })
}

function actionlint() {
  const bin = join(root, '.tools', 'go', ACTIONLINT)
  const program = join(bin, `actionlint${exe}`)
  if (!existsSync(program)) {
    if (spawnSync('go', ['version']).status !== 0)
      throw new Fault('actionlint is installed by Go, and there is none: https://go.dev/dl')
    const module = `github.com/rhysd/actionlint/cmd/actionlint@${ACTIONLINT}`
    execFileSync('go', ['install', module], { env: { ...process.env, GOBIN: bin }, stdio: 'pipe' })
  }
  return spawnSync(program, ['-no-color'], { cwd: root, encoding: 'utf8' })
}

function zizmor() {
  if (spawnSync(process.platform === 'win32' ? 'python' : 'python3', ['--version']).status !== 0)
    throw new Fault('zizmor is installed by pip, and there is no Python: https://www.python.org/downloads')
  const { scripts } = python([`zizmor==${ZIZMOR}`])
  const env = { ...process.env, PATH: `${scripts}${delimiter}${process.env['PATH'] ?? ''}` }
  // --offline: nothing here may ask the network. --pedantic would warn of what ci.yml does on purpose.
  return spawnSync(join(scripts, `zizmor${exe}`), ['--offline', '--no-progress', '--color=never', folder], {
    env,
    encoding: 'utf8',
  })
}

/**
 * Throws a Fault that says all that is wrong.
 * @returns {string[]} the linters that could not be installed here; on GitHub's machines each must be
 */
export function lintWorkflows() {
  const broken = ownRules()
  const absent = []
  for (const lint of [actionlint, zizmor]) {
    try {
      const { status, stdout, stderr } = lint()
      if (status !== 0) broken.push(`${lint.name}:\n${stdout}${stderr}`)
    } catch (error) {
      if (process.env['GITHUB_ACTIONS']) throw error
      absent.push(`${lint.name} is not installed: ${/** @type {Error} */ (error).message}`)
    }
  }
  if (broken.length > 0) throw new Fault(broken.join('\n'))
  return absent
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const line of lintWorkflows()) console.log(line)
  console.log('the workflows hold')
}
