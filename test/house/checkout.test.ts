/** `scripts/redress` in a checkout of its own: it builds what it needs and becomes the program. */
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'

const PARTS = [
  'scripts/redress',
  'scripts/install-if-needed.mjs',
  'scripts/build.mjs',
  'scripts/lock.mjs',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'tsconfig.build.json',
]
const PROGRAM = `import { word } from '../word.js'
const args: readonly string[] = process.argv.slice(2)
if (args[0] === 'wait') {
  process.on('SIGINT', () => process.stdout.write('stopping '))
  process.stdout.write('waiting ')
  setTimeout(() => process.exit(7), 1_500)
} else {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
  process.stdout.write([word, ...args, Buffer.concat(chunks)].join(' '))
  process.exitCode = 7
}
`

let root = ''

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'redress checkout ')))
  for (const part of PARTS) cpSync(join(projectRoot(), part), join(root, part))
  symlinkSync(join(projectRoot(), 'node_modules'), join(root, 'node_modules'))
  write('src/cli/main.ts', PROGRAM)
  say('first')
})

afterEach(() => {
  rmSync(root, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), text)
}

function say(word: string): void {
  write('src/word.ts', `export const word = '${word}'\n`)
}

function redress(options: { command?: string; cwd?: string; path?: string } = {}) {
  const { status, stdout, stderr } = spawnSync(
    options.command ?? join(root, 'scripts', 'redress'),
    ['a b', '--json'],
    {
      cwd: options.cwd ?? tmpdir(),
      input: 'typed',
      encoding: 'utf8',
      env: { ...process.env, PATH: `${options.path ?? ''}${process.env['PATH'] ?? ''}` },
    },
  )
  return { status, stdout, stderr }
}

const said = (word: string) => ({ status: 7, stdout: `${word} a b --json typed`, stderr: '' })

test('builds, and passes on arguments, input and exit code without a word of its own', () => {
  expect(redress()).toEqual(said('first'))
  say('second')
  expect(redress()).toEqual(said('second'))
})

test('is found through symbolic links, from anywhere', () => {
  const elsewhere = join(root, 'elsewhere')
  mkdirSync(elsewhere)
  symlinkSync('../scripts/redress', join(elsewhere, 'near'))
  symlinkSync(join(elsewhere, 'near'), join(elsewhere, 'far'))
  expect(redress({ command: './far', cwd: elsewhere })).toEqual(said('first'))
  expect(redress({ command: 'redress', path: `${join(root, 'scripts')}${delimiter}` })).toEqual(
    said('first'),
  )
})

test('starts Node.js once when nothing has changed', () => {
  redress()
  const log = join(root, 'starts')
  write('bin/node', `#!/bin/sh\necho start >> '${log}'\nexec '${process.execPath}' "$@"\n`)
  chmodSync(join(root, 'bin', 'node'), 0o755)
  const starts = () => {
    rmSync(log, { force: true })
    expect(redress({ path: `${join(root, 'bin')}${delimiter}` })).toEqual(said('first'))
    return readFileSync(log, 'utf8').trim().split('\n').length
  }
  expect(starts()).toBe(1)
  say('first')
  expect([starts(), starts()]).toEqual([2, 1])
})

test('three commands at once build once and all succeed', async () => {
  const commands = [1, 2, 3].map(() =>
    spawn(join(root, 'scripts', 'redress'), {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  )
  const ends = commands.map((it) => new Promise((done) => it.once('exit', done)))
  expect(await Promise.all(ends)).toEqual([7, 7, 7])
  expect(existsSync(join(root, 'dist', '.preparing'))).toBe(false)
})

test('a source that is gone is gone from dist', () => {
  write('src/old.ts', 'export const old = 1\n')
  redress()
  expect(existsSync(join(root, 'dist', 'src', 'old.js'))).toBe(true)
  rmSync(join(root, 'src', 'old.ts'))
  expect(redress()).toEqual(said('first'))
  expect(existsSync(join(root, 'dist', 'src', 'old.js'))).toBe(false)
})

test('a build that is killed at any moment is made up for', async () => {
  for (const [index, afterMs] of [60, 150, 250, 400].entries()) {
    say(`try ${index}`)
    const command = spawn(join(root, 'scripts', 'redress'), { stdio: 'ignore', detached: true })
    await sleep(afterMs)
    if (command.exitCode === null) process.kill(-(command.pid ?? 0), 'SIGKILL')
    expect(redress()).toEqual(said(`try ${index}`))
  }
})

test('sources that do not compile are told on stderr, and the last build stays', () => {
  redress()
  write('src/word.ts', 'export const = 1\n')
  expect(redress()).toMatchObject({ status: 1, stdout: '' })
  expect(redress().stderr).toMatch(/src\/word\.ts.*\n.*redress: the build failed/s)
  say('first')
  expect(redress()).toEqual(said('first'))
})

test('Ctrl-C reaches the program once', async () => {
  redress()
  const command = spawn(join(root, 'scripts', 'redress'), ['wait'], { detached: true })
  let out = ''
  command.stdout.on('data', (bytes: Buffer) => {
    out += bytes.toString()
    // As a terminal does it: to every process of the group.
    if (out === 'waiting ') process.kill(-(command.pid ?? 0), 'SIGINT')
  })
  expect(await new Promise((done) => command.once('exit', done))).toBe(7)
  expect(out).toBe('waiting stopping ')
})
