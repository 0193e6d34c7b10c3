/** Names, heads and words of files; migrations, the lock file and the README's dependencies. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { projectRoot } from '../../src/config/project-root.js'
import { codeIn, filesIn, sample } from './source-files.js'
import {
  badMigrations,
  badNames,
  dependencyTable,
  lockedAddresses,
  machinePaths,
  registryNames,
  unfinished,
  withoutHead,
} from './text-checks.js'

const code = codeIn('src', 'scripts', 'test')
const migrations = filesIn(['migrations'], /\.sql$/)
const ROOT_FILES = [
  'README.md',
  'package.json',
  'package-lock.json',
  '.npmrc',
  '.ci/run',
  'scripts/redress',
  'Dockerfile',
  'docker-compose.yml',
  'vitest.config.ts',
  '.oxlintrc.json',
]
// The checks themselves are full of what they look for.
const others = code.filter((it) => !it.path.startsWith('test/house/'))
const rest = [...migrations, ...filesIn([...ROOT_FILES, 'docs'], /./)]

function read(name: string): string {
  return readFileSync(join(projectRoot(), name), 'utf8')
}

describe('the tree', () => {
  test('names its files in kebab-case, by what they are for', () => {
    expect(badNames(code)).toEqual([])
  })

  test('says at the head of each file what it is for', () => {
    expect(withoutHead([...code, ...migrations])).toEqual([])
  })

  test('has nothing unfinished', () => {
    expect(unfinished([...others, ...rest])).toEqual([])
  })

  test('names no registry', () => {
    expect(registryNames([...others, ...rest])).toEqual([])
  })

  test('names no place on one machine', () => {
    // Their paths are those of an image that they describe themselves.
    const built = /^(Dockerfile|docker-compose\.yml)$/
    const elsewhere = rest.filter((it) => !built.test(it.path))
    expect(machinePaths([...others, ...elsewhere])).toEqual([])
  })

  test('numbers its migrations without a gap and goes forward only', () => {
    expect(migrations.length).toBeGreaterThan(0)
    // It moves what approvals are in those columns to a table of their own first.
    const moved = ['migrations/0004_approval_and_roles.sql drops what rows may be in']
    expect(badMigrations(migrations)).toEqual(moved)
  })

  test('locks no address of a package', () => {
    expect(lockedAddresses(read('package-lock.json'))).toEqual([])
  })

  test('lists in the README exactly the packages that it depends on', () => {
    const names = z.record(z.string(), z.string())
    const manifest = z.object({ dependencies: names, devDependencies: names })
    const { dependencies, devDependencies } = manifest.parse(JSON.parse(read('package.json')))
    const wanted = [...Object.keys(dependencies), ...Object.keys(devDependencies)]
    expect([...dependencyTable(read('README.md'))].toSorted()).toEqual(wanted.toSorted())
  })
})

describe('the checks of texts catch', () => {
  test.each(['src/a/applyChunk.ts', 'src/a/index.ts', 'src/utils/a.ts', 'src/a/helpers.ts'])(
    'the name %s',
    (path) => expect(badNames([sample(path, '')])).toHaveLength(1),
  )

  test('a file without a head', () => {
    expect(withoutHead([sample('a.ts', `import 'b'`)])).toHaveLength(1)
    expect(withoutHead([sample('a.ts', '/** A. */'), sample('b.mjs', '// B.')])).toEqual([])
  })

  test.each(['// TODO: later', 'throw new Error("not implemented")', 'const stub = 1'])(
    'the unfinished %s',
    (text) => expect(unfinished([sample('a.ts', `\n${text}`)])).toHaveLength(1),
  )

  test.each(['https://registry.example.org', 'x.npmjs.org'])('the registry %s', (text) => {
    expect(registryNames([sample('a.ts', text)])).toHaveLength(1)
  })

  test.each(['"/mnt/a"', '/home/kim/x', 'a = /tmp/file', '`/Users/kim`'])('the path %s', (text) => {
    expect(machinePaths([sample('a.ts', text)])).toHaveLength(1)
  })

  test('no path that only looks like one', () => {
    const text = `'../mnt/a' 'dist/tmp/a' https://example.org/data/a`
    expect(machinePaths([sample('a.ts', text)])).toEqual([])
  })

  test.each([
    ['a gap', '0002_a.sql', 'select 1;\n'],
    ['a name without a number', 'a.sql', 'select 1;\n'],
    ['capitals', '0001_a.sql', 'SELECT 1;\n'],
    ['a question', '0001_a.sql', 'create table if not exists a (b int);\n'],
    ['a way back', '0001_a.sql', 'drop table a;\n'],
    ['a missing end', '0001_a.sql', 'select 1'],
  ])('a migration with %s', (_, name, text) => {
    expect(badMigrations([sample(`migrations/${name}`, text)])).toHaveLength(1)
    expect(badMigrations([sample('migrations/0001_a.sql', '-- SELECT\nselect 1;\n')])).toEqual([])
  })

  test('an address in the lock file', () => {
    const resolved = 'https://example.org/a.tgz'
    const lock = JSON.stringify({ packages: { '': {}, 'node_modules/a': { resolved } } })
    expect(lockedAddresses(lock)).toEqual(['node_modules/a'])
  })

  test('the packages of the table, in its first column and up to the next heading', () => {
    const head = '## Dependencies\n\nWhy these: `x`.\n\n| package | for |\n|---|---|\n'
    const rows = '| `zod` | checks `y` |\n| `pg`, `@types/pg` | SQL |\n'
    const names = ['zod', 'pg', '@types/pg']
    expect(dependencyTable(`# A\n\n${head}${rows}\n## Next\n| \`no\` |\n`)).toEqual(names)
    expect(dependencyTable(`${head}${rows}`)).toEqual(names)
    expect(dependencyTable('# A')).toEqual([])
  })
})
