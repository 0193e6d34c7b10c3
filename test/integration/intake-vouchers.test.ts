/** Voucher codes into a real database: sealed, each once, and never told. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { errorCodeOf } from '../../src/db/database.js'
import { importVouchersFile } from '../../src/intake/import-staged-file.js'
import type { ImportReport } from '../../src/intake/import-file.js'
import { quarantineReport } from '../../src/intake/quarantine-store.js'
import { readVoucherStock } from '../../src/intake/vouchers-store.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { openVoucherCode } from '../../src/privacy/voucher-code.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

const text = (...rows: readonly string[]): string =>
  ['option,code,expires_on', ...rows, ''].join('\n')
const countsIn = (report: ImportReport): readonly number[] => [
  report.read,
  report.accepted,
  report.quarantined,
  report.duplicate,
]
const imported = async (...rows: readonly string[]): Promise<readonly number[]> =>
  countsIn(await importVouchersFile(setting.optionsFor(text(...rows))))

interface StoredCode {
  readonly option: string
  readonly digest: Buffer
  readonly sealed: Buffer
}
async function storedCodes(importId: string, cipher = setting.cipher): Promise<readonly string[]> {
  const rows = await setting.query(
    `select option, code_digest as digest, code_sealed as sealed from voucher_code
     where import_id = $1 order by code_id`,
    [importId],
  )
  return rows.map((it) => {
    const code = it as unknown as StoredCode
    return `${code.option} ${openVoucherCode(cipher, code.option, code)}`
  })
}

test('codes are stored sealed, in the order of the file, and open with the data key', async () => {
  const rows = [
    'tving,ORDER-2222,2026-12-31',
    'disney_plus,"OR""DER,1",2026-11-30',
    'tving,\\N,2026-12-31',
  ]
  const report = await importVouchersFile(setting.optionsFor(text(...rows)))
  expect(countsIn(report)).toEqual([3, 3, 0, 0])
  const codes = ['tving ORDER-2222', 'disney_plus OR"DER,1', 'tving \\N']
  expect(await storedCodes(report.importId)).toEqual(codes)
  const foreign = new Cipher(Buffer.alloc(32, 9))
  await expect(storedCodes(report.importId, foreign)).rejects.toThrow('REDRESS_DATA_KEY')
  const [plain] = await setting.query(
    `select bool_or(position('ORDER'::bytea in code_sealed || code_digest) > 0) as open
     from voucher_code`,
  )
  expect(plain).toEqual({ open: false })
})

test('a known code of the option is a duplicate, of the other option another code', async () => {
  expect(await imported('tving,KNOWN-1,2026-12-31', 'tving,KNOWN-1,2026-12-31')).toEqual([
    2, 1, 0, 1,
  ])
  expect(
    await imported(
      'tving,KNOWN-1,2026-12-31',
      'disney_plus,KNOWN-1,2026-12-31',
      'tving,known-1,2026-12-31',
    ),
  ).toEqual([3, 2, 0, 1])
})

test('a known code with another date is quarantined, in a file and in a later one', async () => {
  const first = setting.optionsFor(text('tving,MOVED-1,2026-12-31', 'tving,MOVED-1,2027-12-31'))
  const again = setting.optionsFor(text('tving,MOVED-1,2026-11-30', 'tving,MOVED-1,2026-12-31'))
  expect(countsIn(await importVouchersFile(first))).toEqual([2, 1, 1, 0])
  const report = await importVouchersFile(again)
  expect(countsIn(report)).toEqual([2, 0, 1, 1])
  expect(await quarantineReport(setting.pool, report.importId)).toMatchObject({
    rows: [
      {
        lineNo: 2,
        column: 'expires_on',
        reason: 'ID_REUSED',
        expected: 'the date that its code came with first',
      },
    ],
  })
  expect(countsIn(await importVouchersFile(again))).toEqual([2, 0, 1, 1])
})

test('what is said of bad rows does not quote them', async () => {
  const codes = ['SECRET 1111', 'SECRET-2222-é', `SECRET-3333-${'X'.repeat(64)}`]
  const rows = codes.map((it) => `tving,${it},2026-12-31`)
  const options = setting.optionsFor(text(...rows, 'SECRET-4444,tving,2026-12-31'))
  const report = await importVouchersFile(options)
  expect(countsIn(report)).toEqual([4, 0, 4, 0])
  const told = await quarantineReport(setting.pool, report.importId)
  expect(told.rows.map((it) => `${it.lineNo} ${it.column} ${it.reason}`)).toEqual([
    '2 code NOT_A_CODE',
    '3 code NOT_A_CODE',
    '4 code NOT_A_CODE',
    '5 option NOT_IN_LIST',
  ])
  expect(JSON.stringify([report, told])).not.toMatch(/SECRET|X{8}/)
})

test('with another data key than that of the stored codes an import is refused', async () => {
  expect(await imported('tving,KEYED-1,2026-12-31')).toEqual([1, 1, 0, 0])
  const foreign = { ...setting.optionsFor(text('tving,KEYED-2,2026-12-31')) }
  const refused = importVouchersFile({ ...foreign, cipher: new Cipher(Buffer.alloc(32, 9)) })
  await expect(refused).rejects.toMatchObject({ code: 'SETTING_INVALID', exitCode: 2 })
  expect(await setting.leftovers()).toEqual([])
  expect(countsIn(await importVouchersFile(foreign))).toEqual([1, 1, 0, 0])
})

test('over the budget nothing of the file is stored', async () => {
  const rows = Array.from({ length: 11 }, (_, it) => `tving,OVER-${it},2026-12-31`)
  const options = setting.optionsFor(
    text(...rows, ...rows.map((it) => it.replace('12-31', '11-30'))),
  )
  const before = await setting.query('select count(*) from voucher_code')
  await expect(importVouchersFile(options)).rejects.toMatchObject({ code: 'QUARANTINE_BUDGET' })
  expect(await setting.query('select count(*) from voucher_code')).toEqual(before)
  expect(await setting.leftovers()).toEqual([])
})

test('two imports at a time do not both store a code', async () => {
  const files = ['2026-12-31', '2026-11-30'].map((day) =>
    setting.optionsFor(text(`tving,AT-ONCE,${day}`)),
  )
  const reports = await Promise.all(files.map(importVouchersFile))
  expect(reports.reduce((sum, it) => sum + it.accepted, 0)).toBe(1)
  expect(reports.reduce((sum, it) => sum + it.quarantined, 0)).toBe(1)
})

const MANY = Array.from(
  { length: 40_000 },
  (_, it) => `tving,MANY-${it}-${'X'.repeat(40)},2026-12-31`,
)

test('an abort leaves nothing, and a repeat does it all', async () => {
  const options = setting.optionsFor(text(...MANY))
  const stop = new AbortController()
  const aborted = importVouchersFile({
    ...options,
    signal: stop.signal,
    onProgress: ({ rows }) => rows > 5_000 && stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' })
  expect(await setting.leftovers()).toEqual([])
  expect(await importVouchersFile(options)).toMatchObject({ accepted: 40_000, already: false })
})

const KILLED = `
  const { importVouchersFile } = await import(process.argv[1] + '/intake/import-staged-file.js')
  const { openPool } = await import(process.argv[1] + '/db/database.js')
  const { Cipher } = await import(process.argv[1] + '/privacy/cipher.js')
  await importVouchersFile({
    pool: openPool({ url: process.argv[2], max: 5, name: 'killed' }),
    cipher: new Cipher(Buffer.alloc(32, 7)),
    path: process.argv[3],
    importedBy: 'tester',
    now: () => '2026-02-01T00:00:00.000Z',
    onProgress: ({ rows }) => rows > 20_000 && process.kill(process.pid, 'SIGKILL'),
  })
`

test('a process that is killed while loading leaves what a repeat clears', async () => {
  const rows = MANY.map((it) => it.replace('MANY', 'KILLED'))
  const options = setting.optionsFor(text(...rows, 'disney_plus,KILLED,2026-12-31'))
  const dist = join(projectRoot(), 'dist', 'src')
  const killed = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', KILLED, '--', dist, setting.url, options.path],
    { encoding: 'utf8' },
  )
  expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' })
  expect(await setting.query(`select 1 from import where state = 'loading'`)).toHaveLength(1)
  await vi.waitFor(async () => {
    const alive = `select 1 from pg_stat_activity where application_name = 'killed'`
    expect(await setting.query(alive)).toEqual([])
  }, 10_000)
  expect(await importVouchersFile(options)).toMatchObject({ accepted: 40_001 })
  expect(await setting.leftovers()).toEqual([])
})

test('the stock tells what was imported, issued, has expired and is left', async () => {
  const other = await intakeSetting()
  try {
    const rows = ['2026-02-28', '2026-03-01', '2026-12-31', '2026-12-31'].map(
      (day, at) => `tving,STOCK-${at},${day}`,
    )
    await importVouchersFile(other.optionsFor(text(...rows, 'disney_plus,STOCK,2026-02-01')))
    await other.query(
      `insert into voucher_issue (code_id, line_id, run_id)
       select code_id, 101, 1 from voucher_code where expires_on in ('2026-02-01', '2026-03-01')`,
    )
    const stock = await readVoucherStock(other.pool, '2026-03-01T00:00:00+09:00')
    expect(stock).toEqual([
      { option: 'disney_plus', imported: 1, issued: 1, expired: 0, left: 0 },
      { option: 'tving', imported: 4, issued: 1, expired: 1, left: 2 },
    ])
    // A second earlier it is still February in Seoul, and the code can be given out.
    const before = await readVoucherStock(other.pool, '2026-02-28T23:59:59+09:00')
    expect(before[1]).toMatchObject({ expired: 0, left: 3 })
    const later = await readVoucherStock(other.pool, '2027-01-01T00:00:00+09:00')
    expect(later[1]).toMatchObject({ expired: 3, left: 0 })
  } finally {
    await other.close()
  }
})

test.each([
  'update voucher_code set expires_on = expires_on',
  'delete from voucher_code',
  'truncate voucher_code',
])('what is stored stays: %s is refused', async (statement) => {
  const refusal = await setting.query(statement).catch(errorCodeOf)
  expect(refusal).toBe('RD001')
})
