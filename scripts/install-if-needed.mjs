// Installs the dependencies when node_modules is missing or is not what package-lock.json says.
// Quiet: it speaks on stderr only, of a first installation on a terminal and of a failure.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { withLock } from './lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
// npm writes its record as the last step, so an installation that was killed has none.
const record = join(root, 'node_modules', '.package-lock.json')
const KINDS = ['dependencies', 'devDependencies', 'optionalDependencies']

function isInstalled() {
  if (!existsSync(record)) return false
  const manifest = readJson(join(root, 'package.json'))
  const lock = readJson(join(root, 'package-lock.json'))
  const installed = readJson(record).packages
  const { '': wanted, ...packages } = lock.packages
  return (
    KINDS.every((kind) => isDeepStrictEqual(manifest[kind] ?? {}, wanted[kind] ?? {})) &&
    Object.entries(packages).every(([name, entry]) => isFound(entry, installed[name]))
  )
}

/** What is made for another platform, npm leaves out. */
function isFound(entry, found) {
  return found === undefined ? entry.optional === true : found.version === entry.version
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** `scripts/redress` compares times alone; one that is true again need not be asked twice. */
function markInstalled() {
  try {
    utimesSync(record, new Date(), new Date())
  } catch {
    // Not ours to write, as in a checkout of root's: each command then compares the contents.
  }
}

async function install() {
  if (process.stderr.isTTY) process.stderr.write('redress: installing its dependencies\n')
  // `install` and not `ci`, which would take node_modules away under a command that is running.
  const { code, output } = await run('npm', [
    'install',
    '--include=dev',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ])
  if (code === 0 && existsSync(record)) return
  process.stderr.write(`${output}redress: \`npm install\` failed in ${root}\n`)
  process.exitCode = 1
}

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => (output += bytes))
    }
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  const found = process.versions.node
  process.stderr.write(`redress: Node.js ${found} is too old; expected 20.19 or later\n`)
  process.exitCode = 1
} else if (isInstalled()) {
  markInstalled()
} else {
  try {
    await withLock(join(root, 'dist', '.preparing'), async () => {
      if (!isInstalled()) await install()
      if (process.exitCode !== 1) markInstalled()
    })
  } catch (error) {
    process.stderr.write(`redress: node_modules cannot be installed: ${error.message}\n`)
    process.exitCode = 1
  }
}
