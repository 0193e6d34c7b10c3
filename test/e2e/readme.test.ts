/**
 * The README's commands, run in order in a folder of their own, must print what the README says:
 * only hashes and instants may differ.
 */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'

interface Example {
  readonly command: string
  readonly printed: readonly string[]
}

const root = projectRoot()
const examples = examplesIn(readFileSync(join(root, 'README.md'), 'utf8'))
let folder: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-readme-'))
  // `npm run` looks for its package.json where it is called.
  for (const name of ['package.json', 'scripts', 'dist', 'node_modules']) {
    symlinkSync(join(root, name), join(folder, name))
  }
  // What the README has openssl make, which not every machine has.
  const { privateKey, publicKey } = generateKeyPairSync('x25519')
  const pem = { format: 'pem' } as const
  writeFileSync(join(folder, 'sender.key'), privateKey.export({ ...pem, type: 'pkcs8' }))
  writeFileSync(join(folder, 'sender.pub'), publicKey.export({ ...pem, type: 'spki' }))
})

afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

describe('the README', () => {
  it('shows a month of work', () => {
    expect(examples.length).toBeGreaterThan(45)
  })

  it.each(examples)('prints what it says: $command', { timeout: 60_000 }, async (example) => {
    const output = await run(example.command)
    expect(comparable(output)).toEqual(comparable(example.printed))
  })
})

/** Lines after `$ ` in console blocks; what follows them up to the next one is the output. */
function examplesIn(text: string): readonly Example[] {
  const blocks = [...text.matchAll(/^```console\n([\s\S]*?)^```$/gm)].map((it) => it[1] ?? '')
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((example) => {
        const [command = '', ...printed] = example.trimEnd().split('\n')
        return { command, printed }
      }),
  )
}

// Progress is left out by --quiet: on stderr, its rates differ each time. The README may filter
// what is told on stdout.
async function run(command: string): Promise<readonly string[]> {
  const quiet = command.replace(/^redress /, 'redress --quiet ')
  const { DATABASE_URL: _, REDIS_URL: __, ...environment } = process.env
  return await new Promise((resolve) => {
    execFile(
      'sh',
      ['-c', `{ ${quiet}\n} 2>&1`],
      {
        cwd: folder,
        env: {
          ...environment,
          PATH: `${join(root, 'scripts')}:${process.env['PATH'] ?? ''}`,
          REDRESS_HOME: join(folder, 'home'),
        },
      },
      (_error, stdout) => {
        resolve(command.startsWith('redress ') ? stdout.trimEnd().split('\n') : [])
      },
    )
  })
}

function comparable(lines: readonly string[]): readonly string[] {
  return lines.map((line) =>
    line
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, '<instant>')
      .replaceAll(/\b([0-9a-f]{64}|[0-9a-f]{16})\b/g, '<hash>'),
  )
}
