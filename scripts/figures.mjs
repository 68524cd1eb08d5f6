// The figures of the README: the marked block of BENCHMARKS.md, copied. As a program it copies; npm run check asks
// whether the two are the same. node scripts/figures.mjs [FOLDER]: writes FOLDER/README.md, from the one that is there or
// from the project's own.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail } from './steps.mjs'
import { Fault, root } from './toolchain.mjs'

const page = 'BENCHMARKS.md'
const readme = 'README.md'
const block = /<!-- figures -->[\s\S]*?<!-- \/figures -->/g

/** @param {string} text @param {string} name */
function blockOf(text, name) {
  const [found, ...more] = text.match(block) ?? []
  if (found === undefined || more.length > 0) {
    throw new Fault(`${name} must have exactly one block from <!-- figures --> to <!-- /figures -->`)
  }
  return found
}

/** @param {string} folder @param {string} name */
function read(folder, name) {
  const own = join(folder, name)
  return readFileSync(existsSync(own) ? own : join(root, name), 'utf8')
}

/** Throws where the README repeats other figures than the page has. */
export function figuresAreFresh() {
  if (blockOf(read(root, readme), readme) !== blockOf(read(root, page), page))
    throw new Fault(`${readme} has other figures than ${page}: run \`npm run bench:page\` and commit`)
}

/** @param {string} folder */
function copy(folder) {
  const text = read(folder, readme)
  const wanted = blockOf(readFileSync(join(folder, page), 'utf8'), page)
  writeFileSync(
    join(folder, readme),
    text.replace(blockOf(text, readme), () => wanted),
  )
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    copy(process.argv[2] ?? root)
  } catch (error) {
    fail(error)
  }
}
