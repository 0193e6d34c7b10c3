/** The codes of a run on their way to the sender: sealed, complete, and none of a lost pass. */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importVouchersFile } from '../../src/intake/import-staged-file.js'
import { exportVouchers } from '../../src/ledger/export-vouchers.js'
import type { VoucherExport } from '../../src/ledger/export-vouchers.js'
import { unsealFile } from '../../src/privacy/sealed-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

const keys = generateKeyPairSync('x25519')
const CODES = 12_000

let setting: IntakeSetting
let folder: string
/** Line n was given code n, of the options in turn. */
let first: string
let correction: string

beforeAll(async () => {
  setting = await intakeSetting()
  folder = mkdtempSync(join(tmpdir(), 'redress-export-'))
  // These runs are made of rows: nothing planned or approved them.
  await setting.query('alter table run disable trigger approved')
  await setting.query('alter table entry_set disable trigger complete')
  const codes = Array.from({ length: CODES }, (_, it) => {
    const code = it === 0 ? '"CODE,""0"' : `CODE-${it}`
    return `${optionOf(it)},${code},2026-12-31`
  })
  const file = ['option,code,expires_on', ...codes, ''].join('\n')
  await importVouchersFile(setting.optionsFor(file))
  const all = `select it as line_id from generate_series(0, ${CODES - 1}) it`
  first = await postRun('2026-02', { entryType: 'grant', lines: all, state: 'closed' })
  await setting.query(
    `insert into voucher_issue (code_id, line_id, run_id)
     select code_id, row_number() over (order by code_id) - 1, $1 from voucher_code`,
    [first],
  )
  correction = await postRun('2026-02', {
    entryType: 'reversal',
    lines: 'select * from (values (3), (4), (11999)) it(line_id)',
    state: 'closed',
  })
})

afterAll(async () => {
  await setting.close()
  rmSync(folder, { recursive: true })
})

const optionOf = (line: number): string => (line % 2 === 0 ? 'tving' : 'disney_plus')

interface Posted {
  readonly entryType: 'grant' | 'reversal'
  /** A query of line_id; each is its customer's only line. */
  readonly lines: string
  readonly state: 'open' | 'closed'
}

/** A run that posted an entry for a pass to each of the lines. */
async function postRun(period: string, posted: Posted): Promise<string> {
  const plan = await setting.query(
    `with file as (
       insert into import (kind, as_of, file_name, imported_by, started_at)
       values ('snapshot', '2026-01-13', 'none', 'tester', '2026-02-01Z') returning import_id
     ), lines as (
       insert into snapshot (import_id, as_of) select import_id, '2026-01-13' from file
       returning snapshot_id
     )
     insert into plan (programme, version, period, snapshot_id, now_at, rules_version, inputs,
       ledger_runs, state, plan_hash, made_by, made_at)
     select 'kt-2026', 1, $1, snapshot_id, '2026-02-10Z', '1', '{}', '{}', 'planned', sha256('x'),
       'tester', '2026-02-10Z' from lines
     returning plan_id`,
    [period],
  )
  const planId = plan[0]?.['plan_id']
  const run = await setting.query(
    `insert into run (plan_id, programme, period, state, chunks, started_by, started_at, root_hash)
     values ($1, 'kt-2026', $2, $3, 0, 'tester', '2026-02-10Z',
       case when $3 = 'closed' then sha256('x') end)
     returning run_id`,
    [planId, period, posted.state],
  )
  const ledger = await setting.query(`select open_ledger('kt-2026', $1) as no`, [period])
  const postings = `ledger_posting_${String(ledger[0]?.['no'])}`
  await setting.query(`alter table ${postings} disable trigger run_is_open`)
  for (const [remainder, option] of ['tving', 'disney_plus'].entries()) {
    const entry = {
      benefit: 'ott_pass',
      entry_no: posted.entryType === 'grant' ? 1 : 2,
      entry_type: posted.entryType,
      subject: 'line',
      quantity: 6,
      unit: 'months',
      option,
      valid_from: '2026-02-10',
      valid_to: '2026-08-10',
      reason: 'CHOSEN',
    }
    await setting.query(
      `with said as (
         insert into entry_set (plan_id, digest, entries) values ($1, sha256($2), $3)
         returning entry_set_id
       )
       insert into ${postings}
         (customer_id, line_id, entry_set_id, posting_no)
       select line_id, line_id, entry_set_id, ${posted.entryType === 'grant' ? 1 : 2}
       from said, (${posted.lines}) line where line_id % 2 = ${remainder}`,
      [planId, option, JSON.stringify([entry])],
    )
  }
  return String(run[0]?.['run_id'])
}

async function exported(runId: string, cipher = setting.cipher): Promise<VoucherExport> {
  const out = join(folder, 'codes.sealed')
  return await exportVouchers({
    pool: setting.pool,
    cipher,
    runId,
    recipient: keys.publicKey,
    out,
  })
}

async function opened(): Promise<readonly string[]> {
  const out = join(folder, 'codes.csv')
  await unsealFile(join(folder, 'codes.sealed'), keys.privateKey, out)
  return readFileSync(out, 'utf8').trimEnd().split('\n')
}

test('every code arrives but those of passes that were reversed since', async () => {
  const done = await exported(first)
  const { bytes, ...counts } = done
  expect(counts).toEqual({ issued: CODES, exported: CODES - 3, reversed: 3 })
  const sealed = readFileSync(join(folder, 'codes.sealed'))
  expect(sealed.length).toBe(bytes)
  expect(sealed.includes('CODE-')).toBe(false)
  const [header, ...rows] = await opened()
  expect(header).toBe('line_id,option,code,expires_on,valid_from,valid_to')
  const lines = Array.from({ length: CODES }, (_, it) => it).filter(
    (it) => ![3, 4, CODES - 1].includes(it),
  )
  expect(rows).toEqual(
    lines.map((it) => {
      const code = it === 0 ? '"CODE,""0"' : `CODE-${it}`
      return `${it},${optionOf(it)},${code},2026-12-31,2026-02-10,2026-08-10`
    }),
  )
})

test('a pass that was granted again in the same option is held again', async () => {
  await postRun('2026-03', {
    entryType: 'grant',
    lines: 'select * from (values (3)) it(line_id)',
    state: 'closed',
  })
  expect(await exported(first)).toMatchObject({ exported: CODES - 2, reversed: 2 })
  expect((await opened()).some((it) => it.startsWith('3,disney_plus,CODE-3,'))).toBe(true)
})

test('a run that gave out nothing gives an export of no codes', async () => {
  const { issued, exported: rows } = await exported(correction)
  expect({ issued, rows }).toEqual({ issued: 0, rows: 0 })
  expect(await opened()).toEqual(['line_id,option,code,expires_on,valid_from,valid_to'])
})

test('a run that is unknown or under way is refused, and no file is left', async () => {
  rmSync(join(folder, 'codes.sealed'), { force: true })
  rmSync(join(folder, 'codes.csv'), { force: true })
  for (const runId of ['4711', 'latest', '0']) {
    await expect(exported(runId)).rejects.toMatchObject({ code: 'RUN_UNKNOWN', exitCode: 2 })
  }
  const open = await postRun('2026-04', {
    entryType: 'grant',
    lines: 'select 1 as line_id',
    state: 'open',
  })
  await expect(exported(open)).rejects.toMatchObject({ code: 'RUN_STATE', exitCode: 4 })
  const foreign = new Cipher(Buffer.alloc(32, 9))
  await expect(exported(first, foreign)).rejects.toMatchObject({ code: 'SETTING_INVALID' })
  expect(readdirSync(folder)).toEqual([])
})

test('an abort leaves no file', async () => {
  const stop = new AbortController()
  const aborted = exportVouchers({
    pool: setting.pool,
    cipher: setting.cipher,
    runId: first,
    recipient: keys.publicKey,
    out: join(folder, 'codes.sealed'),
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED', exitCode: 1 })
  expect(readdirSync(folder)).toEqual([])
})
