/** The linter really reads types: what the house forbids is caught in a file that has it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'

const SAMPLE = `async function soon(): Promise<void> {
  await Promise.resolve()
}
export function handle(kind: 'a' | 'b', it: any, all: number[]): void {
  soon()
  all.forEach(async () => await soon())
  switch (kind) { case 'a': break }
  if (it == 1) console.log(it)
}
export default handle
`

let folder = ''
let output = ''

// A tree of its own, because exceptions go by the place of a file.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-lint-'))
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) {
    cpSync(join(projectRoot(), name), join(folder, name))
  }
  symlinkSync(join(projectRoot(), 'node_modules'), join(folder, 'node_modules'))
  mkdirSync(join(folder, 'src'))
  writeFileSync(join(folder, 'src', 'sample.ts'), SAMPLE)
  const oxlint = join(projectRoot(), 'node_modules', '.bin', 'oxlint')
  const options = ['--type-aware', '--format', 'unix', 'src']
  output = spawnSync(oxlint, options, { cwd: folder, encoding: 'utf8' }).stdout
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  'no-floating-promises',
  'no-misused-promises',
  'switch-exhaustiveness-check',
  'no-explicit-any',
  'eqeqeq',
  'no-console',
  'no-default-export',
])('%s', (rule) => expect(output).toContain(`(${rule})`))
