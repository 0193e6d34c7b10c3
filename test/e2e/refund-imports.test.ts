/**
 * Terminations and applications by whole commands, the data key exchanged on the way; and then
 * every text that anybody may read is searched for accounts, holders and telephone numbers.
 */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { homeAt, readPasswords, readState } from '../../src/db/embedded-home.js'
import { redress } from '../support/cli.js'
import type { CliEnvironment, CliResult } from '../support/cli.js'
import { scanForPersonalData } from '../support/personal-data.js'
import type { SearchedText } from '../support/personal-data.js'
import { endServer } from '../support/postgres-command.js'
import { NOW, query } from './setting.js'

const LINES = 400
const numberOf = (index: number): string => `0107${1_000_000 + index * 613}`
const accountOf = (index: number): string => `77${1_000_000_000 + index * 7_919}`
const holderOf = (index: number): string => `Hong Nr-${100_000 + index}`
const TERMINATION_HEADER =
  'line_id,customer_id,customer_kind,network,line_kind,activated_on,contract_event,' +
  'contract_event_on,terminated_at,termination_kind,subsidy_clawback_krw,discount_clawback_krw,' +
  'other_charges_krw,paid_krw,already_waived_krw,resubscribed_on,hardship,hardship_ended_on,' +
  'notice_number'
const APPLICATION_HEADER =
  'application_id,line_id,channel,applied_at,bank_code,account_number,account_holder,' +
  'holder_check,withdrawn_at'
const termination = (index: number, paid = '1000'): string =>
  `${70_000 + index},${50_000 + index},individual,kt,handset,2024-02-29,,,` +
  `2026-01-05T10:00:00+09:00,port_out,1000,0,0,${paid},0,,,,${numberOf(index)}`
const application = (index: number, account = accountOf(index), check = 'match'): string =>
  `rf-${index},${70_000 + index},web,2026-01-15T10:00:00+09:00,088,${account},` +
  `${holderOf(index)},${check},`
const all = Array.from({ length: LINES }, (_, it) => it)

const MISPLACED = ['9'.repeat(15), '12345678x', 'Hong Spaced\u0007Name', '0107-7777-8888']
const TERMINATIONS = [
  ...all.map((it) => termination(it)),
  termination(1, MISPLACED[0]),
  `${termination(2)},${MISPLACED[3]}`,
]
const APPLICATIONS = [
  ...all.map((it) => application(it)),
  application(900, MISPLACED[0]),
  application(901, MISPLACED[1]),
  application(902).replace(holderOf(902), MISPLACED[2]!),
  application(903).replace(',088,', `,${accountOf(904)},`),
  application(1).replace(',web,', ',store,'),
]
const VALUES = new Set([
  ...MISPLACED,
  ...[...all, 900, 901, 902, 903, 904].flatMap((it) => [numberOf(it), accountOf(it), holderOf(it)]),
])

let home: string
const texts: SearchedText[] = []
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'redress-refund-imports-'))
})
afterAll(async () => {
  await endServer(home)
  rmSync(home, { recursive: true, force: true })
})

/** Everything it says is searched at the end. */
async function say(command: string, more: CliEnvironment = {}): Promise<CliResult> {
  const environment = { REDRESS_HOME: home, REDRESS_LOG_LEVEL: 'trace', ...more }
  const said = [...command.split(' '), '--as', 'kim', '--now', NOW, '--verbose']
  const result = await redress(said, environment)
  texts.push({ name: `stdout of ${command}`, text: result.stdout })
  texts.push({ name: `stderr of ${command}`, text: result.stderr })
  return result
}

function place(name: string, header: string, rows: readonly string[]): string {
  writeFileSync(join(home, name), [header, ...rows, ''].join('\n'))
  return join(home, name)
}

const urlOf = (): string => {
  const where = homeAt(home)
  const password = readPasswords(where)?.application
  return `postgres://redress:${password}@127.0.0.1:${readState(where)?.port}/redress`
}

test('files of refunds are imported, told of, repeated and restated', async () => {
  const left = place('left.csv', TERMINATION_HEADER, TERMINATIONS)
  const imported = await say(`refunds import-terminations ${left} --json`)
  expect(imported).toMatchObject({ exitCode: 0 })
  expect(imported.json).toMatchObject({ read: 402, accepted: 400, quarantined: 2, duplicate: 0 })
  const again = await say(`refunds import-terminations ${left} --json`)
  expect(again.json).toMatchObject({ accepted: 400, already: true })
  const applied = place('applied.csv', APPLICATION_HEADER, APPLICATIONS)
  const told = await say(`refunds import-applications ${applied} --json`)
  expect(told.json).toMatchObject({ read: 405, accepted: 400, quarantined: 5, duplicate: 0 })
  expect((await say(`quarantine show ${told.json.import_id} --json`)).exitCode).toBe(0)
  expect((await say(`quarantine show ${told.json.import_id}`)).stdout).toContain('NOT_AN_ACCOUNT')
  const held = place('held.csv', APPLICATION_HEADER, [...APPLICATIONS, ''])
  const holding = `refunds import-applications ${held} --max-quarantine 2 --json`
  expect((await say(holding)).exitCode).toBe(3)
  const headless = place('headless.csv', application(7), APPLICATIONS)
  expect((await say(`refunds import-applications ${headless}`)).exitCode).toBe(2)
  const foreign = { REDRESS_DATA_KEY: Buffer.alloc(32, 3).toString('base64') }
  const one = place('one.csv', APPLICATION_HEADER, [application(905)])
  expect((await say(`refunds import-applications ${one}`, foreign)).exitCode).toBe(2)
}, 120_000)

test('the data key is exchanged, and accounts are still told from each other', async () => {
  const rotated = await say('keys rotate --json')
  expect(rotated.json).toMatchObject({ version: 2, versions: [1, 2], setting: null })
  const file = join(home, 'data-key')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const keys = readFileSync(file, 'utf8').match(/[A-Za-z0-9+/]{43}=/g) ?? []
  expect(keys).toHaveLength(3)
  const corrected = place('corrected.csv', APPLICATION_HEADER, [
    application(3, accountOf(904)),
    application(4),
  ])
  const mixed = await say(`refunds import-applications ${corrected} --json`)
  expect(mixed.json).toMatchObject({ accepted: 1, duplicate: 1 })
  const resealed = await say('keys reseal --json')
  // Two of the terminations' file, five of the applications', five of the held one.
  expect(resealed.json).toEqual({
    version: 2,
    refund_applications: 400,
    voucher_codes: 0,
    quarantined_rows: 12,
  })
  expect((await say('keys reseal')).stdout).toContain('sealed with version 2: 0 applications')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/^1:.*\n/, ''))
  const last = place('last.csv', APPLICATION_HEADER, [application(5), application(906)])
  const after = await say(`refunds import-applications ${last} --json`)
  expect(after.json).toMatchObject({ accepted: 1, duplicate: 1 })
  for (const { text } of texts) for (const key of keys) expect(text).not.toContain(key)
}, 120_000)

test('a failure of the database quotes nothing', async () => {
  await query(urlOf(), 'alter table refund_application rename to hidden_application')
  const more = place('more.csv', APPLICATION_HEADER, APPLICATIONS.slice(0, 20))
  const failed = await say(`refunds import-applications ${more}`)
  await query(urlOf(), 'alter table hidden_application rename to refund_application')
  expect(failed.exitCode).toBe(1)
}, 60_000)

test('nothing of accounts, holders and telephone numbers is said or lies open', async () => {
  const dumped = await query(urlOf(), 'select to_jsonb(it)::text as row from refund_application it')
  expect(dumped).toHaveLength(402)
  texts.push({ name: 'refund_application', text: dumped.map((it) => it['row']).join('\n') })
  const { folder } = homeAt(home)
  for (const name of readdirSync(folder).filter((it) => it.endsWith('.log'))) {
    texts.push({ name, text: readFileSync(join(folder, name), 'utf8') })
  }
  expect(texts.some((it) => it.name === 'postgres.log')).toBe(true)
  const files = [{ name: 'the files', text: [...TERMINATIONS, ...APPLICATIONS].join('\n') }]
  expect(scanForPersonalData({ values: VALUES, texts: files })).toHaveLength(
    TERMINATIONS.length + APPLICATIONS.length,
  )
  expect(scanForPersonalData({ values: VALUES, texts })).toEqual([])
})
