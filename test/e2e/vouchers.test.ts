/** Choices and voucher codes as whole commands: JSON, exit codes, and no code said anywhere. */
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress } from '../support/cli.js'
import type { CliResult } from '../support/cli.js'
import { AS_OF, NINE_LINES, NOW, complaintOf, setting } from './setting.js'
import type { Setting } from './setting.js'

let here: Setting

beforeAll(async () => {
  here = await setting()
})

afterAll(async () => await here?.drop())

describe('choices import', () => {
  const HEADER = 'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at'
  const CHOICE = 'c-1,101,ott_pass,tving,app,2026-02-03T09:00:00+09:00,,'

  it('tells what became of the rows, and what a later file changes', async () => {
    const rows = [
      HEADER,
      CHOICE,
      CHOICE,
      'c-2,102,insurance,,web,2026-02-04T09:00:00+09:00,true,',
      'c-3,103,ott_pass,netflix,web,2026-02-04T09:00:00+09:00,,',
    ]
    const told = await here.ok('choices', 'import', here.file('choices.csv', rows))
    expect(told).toMatchObject({ read: 4, accepted: 2, quarantined: 1, duplicate: 1 })
    const later = [
      HEADER,
      `${CHOICE}2026-02-05T09:00:00+09:00`,
      CHOICE.replace('tving', 'disney_plus'),
    ]
    const path = here.file('later.csv', later)
    const changed = await here.ok('choices', 'import', path)
    expect(changed).toMatchObject({ read: 2, accepted: 1, quarantined: 1, duplicate: 0 })
    expect(await here.ok('quarantine', 'show', changed.import_id)).toMatchObject({
      reasons: [{ column: 'option', reason: 'ID_REUSED', count: 1 }],
    })
    expect(await here.ok('choices', 'import', path)).toMatchObject({ already: true, accepted: 1 })
  })

  it('is held over its budget and refused without its columns', async () => {
    const rows = Array.from({ length: 11 }, () => CHOICE.replace('app', 'web'))
    const held = await here.run('choices', 'import', here.file('held.csv', [HEADER, ...rows]))
    expect(held.exitCode).toBe(3)
    expect(held.json).toMatchObject({ state: 'held', read: 11, accepted: 0, quarantined: 11 })
    const refused = await here.run('choices', 'import', here.file('columns.csv', ['choice_id']))
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toContain(':1:line_id: missing column')
  })
})

describe('vouchers', () => {
  const CODES = Array.from({ length: 6 }, (_, it) => `SPOKEN-${it}`)
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const said: CliResult[] = []
  const say = async (...args: readonly string[]): Promise<CliResult> => {
    const result = await here.run('vouchers', ...args)
    said.push(result)
    return result
  }
  let publicKey: string
  let privateKey: string
  let sealed: string

  beforeAll(async () => {
    publicKey = here.file('public.pem', [keys.publicKey])
    privateKey = here.file('private.pem', [keys.privateKey])
    sealed = join(here.folder, 'codes.sealed')
    await here.ok('snapshot', 'import', here.file('lines.csv', NINE_LINES), '--as-of', AS_OF)
    await here.ok('run', '2026-03', '--yes')
  })

  it('import stores codes, and show tells how many are left', async () => {
    const rows = CODES.map((it, at) => `tving,${it},${at === 0 ? '2026-01-31' : '2026-12-31'}`)
    const path = here.file('codes.csv', [
      'option,code,expires_on',
      ...rows,
      rows[1]!,
      'tving,SPOKEN-1,2027-12-31',
      'tving,SPOKEN 7,2026-12-31',
    ])
    const told = await say('import', path)
    expect(told.exitCode).toBe(0)
    expect(told.json).toMatchObject({ read: 9, accepted: 6, quarantined: 2, duplicate: 1 })
    expect((await say('show')).json).toEqual({
      now: new Date(NOW).toISOString(),
      options: {
        tving: { imported: 6, issued: 0, expired: 1, left: 5 },
        disney_plus: { imported: 0, issued: 0, expired: 0, left: 0 },
      },
    })
    const text = await redress(['vouchers', 'show', '--now', NOW], here.environment)
    expect(text.stdout).toMatch(/^tving +6 +0 +1 +5$/m)
  })

  it('export seals what a run gave out, less what was taken back, and open opens it', async () => {
    await here.query(
      `insert into voucher_issue (code_id, line_id, run_id)
       select code_id, 101, 1 from voucher_code order by code_id limit 2`,
    )
    const told = await say('export', '--run', '1', '--to', publicKey, '--out', sealed)
    expect(told.exitCode).toBe(0)
    // No run here granted a pass: the line holds none.
    expect(told.json).toMatchObject({
      run_id: '1',
      issued: 2,
      exported: 0,
      reversed: 2,
      recipient: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
      out: sealed,
      bytes: statSync(sealed).size,
    })
    const plain = join(here.folder, 'codes-open.csv')
    // The sender has no database, and must need none.
    const environment = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }
    const args = ['vouchers', 'open', sealed, '--key', privateKey, '--out', plain, '--json']
    const opened = await redress(args, environment)
    expect(opened).toMatchObject({ exitCode: 0, stderr: '' })
    expect(opened.json).toEqual({ out: plain, bytes: statSync(plain).size })
    expect(readFileSync(plain, 'utf8')).toBe('line_id,option,code,expires_on,valid_from,valid_to\n')
  })

  it.each([
    ['a run that is none', { run: '4711' }, /^redress: run 4711: unknown/],
    ['a run by another name', { run: 'latest' }, /^redress: run latest: unknown/],
    ['no key file', { to: 'none.pem' }, /none\.pem: cannot be read; expected a public key/],
    ['a private key', { to: 'private.pem' }, /private\.pem: holds a private key/],
    ['something else for a key', { to: 'lines.csv' }, /lines\.csv: is no public key/],
  ])('export is refused for %s', async (_, flags, says) => {
    const out = join(here.folder, 'never.sealed')
    const { run, to } = { run: '1', to: 'public.pem', ...flags }
    const result = await say('export', '--run', run, '--to', join(here.folder, to), '--out', out)
    expect(result.exitCode).toBe(2)
    expect(complaintOf(result)).toMatch(says)
    expect([out, `${out}.partial`].filter((it) => existsSync(it))).toEqual([])
  })

  it.each([
    ['another key', 'codes.sealed', 'public.pem', /public\.pem: is no private key/],
    ['no sealed file', 'codes.csv', 'private.pem', /codes\.csv: is no sealed file/],
    ['no file', 'none.sealed', 'private.pem', /none\.sealed: cannot be read/],
  ])('open is refused for %s', async (_, file, key, says) => {
    const [from, by] = [join(here.folder, file), join(here.folder, key)]
    const out = join(here.folder, 'never.csv')
    const result = await say('open', from, '--key', by, '--out', out)
    expect(result.exitCode).toBe(2)
    expect(complaintOf(result)).toMatch(says)
    expect(existsSync(out)).toBe(false)
    const onto = await say('open', from, '--key', by, '--out', from)
    expect(onto.exitCode).toBe(2)
  })

  it('never say a code', () => {
    expect(said.length).toBeGreaterThan(10)
    for (const it of said) expect(it.stdout + it.stderr).not.toMatch(/SPOKEN/)
  })
})
