/**
 * A spread of the hostile files through the whole command: the exit code of the process, its one
 * line on stderr, and nothing of the file's personal values in either stream.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AS_OF, SECRETS } from './hostile-file.js'
import type { HostileFile } from './hostile-file.js'
import { HOSTILE_CHANGES } from './hostile-changes.js'
import { HOSTILE_FILES } from './hostile-files.js'
import { HOSTILE_REFUNDS } from './hostile-refunds.js'
import { setting } from './setting.js'
import type { Setting } from './setting.js'

// Every twelfth, and of those that take a way of their own to be made, one.
const SPREAD = [...HOSTILE_FILES, ...HOSTILE_CHANGES, ...HOSTILE_REFUNDS].filter(
  (it, index) => it.content !== 'unreadable' && (index % 12 === 0 || it.content === 'directory'),
)

let at: Setting

beforeAll(async () => {
  at = await setting()
}, 60_000)

afterAll(async () => {
  await at.drop()
})

test('the spread holds every exit code that a file can lead to', () => {
  expect(new Set(SPREAD.map((it) => it.exit))).toEqual(new Set([0, 2, 3]))
})

test.each(SPREAD.map((it, index) => ({ ...it, index })))('$name', async (file) => {
  const path = place(file, join(at.folder, `hostile-${file.index}.csv`))
  const encoding = file.encoding === undefined ? [] : ['--encoding', file.encoding]
  const budget = file.budget === undefined ? [] : ['--max-quarantine', file.budget]
  const asOf = file.kind === undefined ? ['--as-of', AS_OF] : []
  const options = [...asOf, '--quiet', ...encoding, ...budget]
  const args = [...commandOf(file.kind), path, ...options]
  const { exitCode, stdout, stderr } = await at.run(...args)
  expect(exitCode).toBe(file.exit)
  const complaint = stderr.trimEnd().replaceAll(path, 'FILE')
  expect(complaint).toBe(file.error === undefined ? '' : `redress: ${file.error}`)
  for (const secret of SECRETS) expect(stdout + stderr).not.toContain(secret)
})

function commandOf(kind: HostileFile['kind']): readonly string[] {
  const isRefund = kind === 'terminations' || kind === 'applications'
  return isRefund ? ['refunds', `import-${kind}`] : [kind ?? 'snapshot', 'import']
}

function place(file: HostileFile, path: string): string {
  if (file.content === 'missing') return path
  if (file.content === 'directory') mkdirSync(path)
  else writeFileSync(path, file.content)
  return path
}
