/** Sizes, SQL and clocks in their place, and the forms that are left out on purpose. */
import { describe, expect, test } from 'vitest'
import {
  barrels,
  clocksOutOfPlace,
  longFiles,
  longFunctions,
  sqlOutOfPlace,
  switchedOffTests,
  unusedForms,
  wideLines,
} from './code-checks.js'
import { codeIn, filesIn, sample } from './source-files.js'

const src = codeIn('src')
const scripts = codeIn('scripts')
const tests = codeIn('test')
const all = [...src, ...scripts, ...tests]

// Wiring asks for the name that tells one installation's queue from another's.
const LOOK_UPS = [
  'src/cli/context.ts: select installation_id from installation',
]

describe('the tree', () => {
  test('has no file of more than 400 lines', () => expect(longFiles(all)).toEqual([]))

  test('has no function of more than 70 lines', () => expect(longFunctions(all)).toEqual([]))

  test('has no line wider than 100', () => {
    expect(wideLines([...all, ...filesIn(['migrations'], /\.sql$/)])).toEqual([])
  })

  test('has its SQL in stores, in db and in migrations', () => {
    expect(sqlOutOfPlace(src, LOOK_UPS)).toEqual([])
  })

  test('needs each look-up that may stand elsewhere', () => {
    const found = sqlOutOfPlace(src, LOOK_UPS).length
    for (const it of LOOK_UPS) {
      const others = LOOK_UPS.filter((other) => other !== it)
      expect(sqlOutOfPlace(src, others).length, it).toBe(found + 1)
    }
  })

  test('reads the clock in config/clock.ts alone', () => {
    const code = [...src, ...scripts.filter((it) => it.path.endsWith('.ts'))]
    expect(clocksOutOfPlace(code)).toEqual([])
  })

  test('has no enum, any, default export, namespace or decorator', () => {
    expect(unusedForms(all)).toEqual([])
  })

  test('has no file that only passes on what others say', () => {
    expect(barrels(all)).toEqual([])
  })

  test('has no test that is switched off', () => {
    expect(switchedOffTests(tests)).toEqual([])
  })
})

describe('the checks of sizes catch', () => {
  const body = 'a()\n'.repeat(70)

  test('a file of 401 lines', () => {
    expect(longFiles([sample('a.ts', 'a()\n'.repeat(401))])).toEqual(['a.ts has 401 lines'])
    expect(longFiles([sample('a.ts', 'a()\n'.repeat(400))])).toEqual([])
  })

  test('a line of 101 characters, not bytes', () => {
    expect(wideLines([sample('a.ts', `\n// ${'x'.repeat(98)}`)])).toEqual(['a.ts:2 is 101 wide'])
    expect(wideLines([sample('a.ts', `// ${'가'.repeat(97)}`)])).toEqual([])
  })

  test.each([
    ['a function', `function a() {\n${body}}`],
    ['an arrow function', `const a = async () => {\n${body}}`],
    ['a method', `class A {\n  #b(): void {\n${body}  }\n}`],
    ['a method of an object', `const a = { b() {\n${body}} }`],
    ['a long test', `test('a', () => {\n${body}})`],
    ['a function in a group of tests', `describe('a', () => {\nfunction b() {\n${body}}\n})`],
  ])('%s of 72 lines', (_, text) => {
    expect(longFunctions([sample('a.ts', text)])).toHaveLength(1)
  })

  test('nothing in a group of tests or a function of 70 lines', () => {
    const group = `describe.each([1])('a', () => {\n${body}})`
    const short = `function a() {\n${'a()\n'.repeat(68)}}`
    expect(longFunctions([sample('a.ts', group), sample('b.ts', short)])).toEqual([])
  })
})

describe('the check of SQL catches', () => {
  test.each([
    ['a query', '`\n  select a\n    from ${table}`'],
    ['a function of the server', `'select pg_notify($1)'`],
    ['an insertion', `'insert into a values (1)'`],
    ['a change', '`update a set b = 1`'],
    ['a common table', '`with due as (select 1) select 2`'],
    ['a COPY', '`copy (select 1) to stdout`'],
    ['a definition', `'create unlogged table a (b int)'`],
    ['a tagged piece', 'sql`b > ${1}`'],
    ['a built query', `db.selectFrom('a')`],
  ])('%s', (_, text) => {
    expect(sqlOutOfPlace([sample('src/runs/a.ts', text)], [])).toHaveLength(1)
    const inPlace = ['src/runs/a-store.ts', 'src/db/a.ts'].map((path) => sample(path, text))
    expect(sqlOutOfPlace(inPlace, [])).toEqual([])
  })

  test('no sentence that begins like it', () => {
    const text = `['select a file', 'update the plan', 'with care', 'copy of the file', 'drop it']`
    expect(sqlOutOfPlace([sample('src/runs/a.ts', text)], [])).toEqual([])
  })
})

describe('the check of clocks catches', () => {
  test.each([
    'new Date()',
    'new Date',
    'Date()',
    'Date.now()',
    'const { a = Date.now } = b',
    'performance.timeOrigin + performance.now()',
    'DateTime.now()',
  ])('%s', (text) => {
    expect(clocksOutOfPlace([sample('src/runs/a.ts', text)])).toHaveLength(1)
    expect(clocksOutOfPlace([sample('src/config/clock.ts', text)])).toEqual([])
  })

  test('no duration and no instant that is given', () => {
    const text = `new Date(instant); Date.parse(instant); performance.now(); // new Date()`
    expect(clocksOutOfPlace([sample('src/runs/a.ts', text)])).toEqual([])
  })
})

describe('the check of forms catches', () => {
  test.each([
    'enum A { b }',
    'const enum A { b }',
    'let a: any',
    'const a = b as readonly any[]',
    'export default 1',
    'export default function a() {}',
    'namespace A {}',
    '@a class B {}',
  ])('%s', (text) => {
    expect(unusedForms([sample('a.ts', text)])).toHaveLength(1)
  })

  test('a barrel and a test that is switched off', () => {
    const barrel = `export * from './b.js'\nexport { c } from './c.js'`
    expect(barrels([sample('a.ts', barrel)])).toHaveLength(1)
    expect(barrels([sample('a.ts', `export * from './b.js'\nexport const d = 1`)])).toEqual([])
    const off = `test.skip('a', b)\ndescribe.only('a', b)\ntest('a', b)`
    expect(switchedOffTests([sample('a.ts', off)])).toHaveLength(2)
  })
})
