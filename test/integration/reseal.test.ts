/**
 * Exchanging the data key: everything sealed is sealed anew and says the same; and the tables take
 * no other change, from nobody.
 */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { errorCodeOf, withTransaction } from '../../src/db/database.js'
import { importApplicationsFile } from '../../src/intake/import-refund-files.js'
import { importVouchersFile } from '../../src/intake/import-staged-file.js'
import { quarantinePlace } from '../../src/intake/quarantine.js'
import { resealAll } from '../../src/intake/reseal.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { onlyKey } from '../../src/privacy/data-keys.js'
import { openRefundAccount } from '../../src/privacy/refund-account.js'
import type { SealedRefundAccount } from '../../src/privacy/refund-account.js'
import { openVoucherCode } from '../../src/privacy/voucher-code.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

const APPLICATIONS = 4_500
const HEADER =
  'application_id,line_id,channel,applied_at,bank_code,account_number,account_holder,' +
  'holder_check,withdrawn_at'
const row = (index: number, holder = '김하늘'): string =>
  `r-${index},${100 + index},web,2026-01-15T10:00:00+09:00,088,${1_100_000_000 + index},` +
  `${holder},match,`
const FILE = [HEADER, ...Array.from({ length: APPLICATIONS }, (_, it) => row(it)), 'bad', ''].join(
  '\n',
)

/** The keys up to a version; version 1 is the one of the setting, and gives the digests. */
const keysUpTo = (version: number, first = 1): Cipher => {
  const keys = new Map<number, Buffer>()
  for (let it = first; it <= version; it += 1) keys.set(it, Buffer.alloc(32, it === 1 ? 7 : it))
  return new Cipher({ ...onlyKey(Buffer.alloc(32, 7)), keys, version })
}

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

let imports = 0
beforeEach(async () => {
  if (imports > 0) return
  imports += 1
  await importApplicationsFile(setting.optionsFor(FILE))
  const codes = 'option,code,expires_on\ntving,CODE-1,2026-12-31\ndisney_plus,CODE-2,2026-12-31\n'
  await importVouchersFile(setting.optionsFor(codes))
})

/** Everything that is sealed, opened, and everything beside it. */
async function contentWith(cipher: Cipher): Promise<unknown> {
  const applications = await setting.query(
    `select to_jsonb(it) - array['account_sealed', 'holder_sealed', 'key_version'] as rest,
       application_id as "applicationId", line_id as "lineId", bank_code as "bankCode",
       account_sealed as "accountSealed", account_digest as "accountDigest",
       holder_sealed as "holderSealed", holder_digest as "holderDigest"
     from refund_application it order by application_no`,
  )
  const codes = await setting.query(
    `select to_jsonb(it) - 'code_sealed' as rest, option, code_digest as digest,
       code_sealed as sealed
     from voucher_code it order by code_id`,
  )
  const rows = await setting.query(
    `select to_jsonb(it) - 'raw_sealed' as rest, import_id, line_no, raw_sealed as sealed
     from quarantined_row it order by import_id, line_no`,
  )
  type Application = SealedRefundAccount & { applicationId: string; lineId: string } & {
    bankCode: string
  }
  return {
    applications: (applications as unknown as Application[]).map((it) => ({
      ...(it as unknown as { rest: object }).rest,
      ...openRefundAccount(cipher, it, it),
    })),
    codes: (codes as { rest: object; option: string; digest: Buffer; sealed: Buffer }[]).map(
      (it) => ({ ...it.rest, code: openVoucherCode(cipher, it.option, it) }),
    ),
    rows: (rows as { rest: object; import_id: string; line_no: string; sealed: Buffer }[]).map(
      (it) => ({
        ...it.rest,
        raw: cipher.open(it.sealed, quarantinePlace(it.import_id, it.line_no)).toString(),
      }),
    ),
  }
}

async function versions(): Promise<unknown> {
  return await setting.query(
    `select distinct get_byte(sealed, 0) as version from (
       select account_sealed as sealed from refund_application
       union all select holder_sealed from refund_application
       union all select code_sealed from voucher_code
       union all select raw_sealed from quarantined_row) it
     union select distinct key_version from refund_application order by version`,
  )
}

/** The error's SQLSTATE, or undefined when the statement was let through; what it did is undone. */
async function refusalOf(sql: string): Promise<string | undefined> {
  const undo = new Error('undo')
  try {
    await withTransaction(setting.pool, async ({ client }) => {
      await client.query(sql)
      throw undo
    })
  } catch (error) {
    return error === undo ? undefined : errorCodeOf(error)
  }
  return undefined
}

test('all that is sealed is sealed with the newest key, and says what it said', async () => {
  const before = await contentWith(setting.cipher)
  const told = await resealAll({ pool: setting.pool, cipher: keysUpTo(2) })
  expect(told).toEqual({
    version: 2,
    refundApplications: APPLICATIONS,
    voucherCodes: 2,
    quarantinedRows: 1,
  })
  expect(await versions()).toEqual([{ version: 2 }])
  expect(await contentWith(keysUpTo(2, 2))).toEqual(before)
  const again = await resealAll({ pool: setting.pool, cipher: keysUpTo(2) })
  expect(again).toMatchObject({ refundApplications: 0, voucherCodes: 0, quarantinedRows: 0 })
}, 60_000)

test('equal accounts are told by their digests across versions', async () => {
  const cipher = keysUpTo(3)
  const files = [FILE, [HEADER, row(0, '이바다'), row(1), ''].join('\n')]
  const reports = []
  for (const file of files) {
    const options = setting.optionsFor(`${file}\n`)
    reports.push(await importApplicationsFile({ ...options, cipher }))
  }
  expect(reports[0]).toMatchObject({ accepted: 0, duplicate: APPLICATIONS })
  expect(reports[1]).toMatchObject({ accepted: 1, duplicate: 1 })
}, 60_000)

test('a reseal that is stopped is finished by the next one', async () => {
  const stop = new AbortController()
  const cipher = keysUpTo(4)
  let seals = 0
  const seal = cipher.seal.bind(cipher)
  cipher.seal = (plain, place) => {
    seals += 1
    if (seals === 3_000) stop.abort()
    return seal(plain, place)
  }
  const stopped = resealAll({ pool: setting.pool, cipher, signal: stop.signal })
  await expect(stopped).rejects.toThrow()
  const before = await contentWith(cipher)
  const told = await resealAll({ pool: setting.pool, cipher })
  expect(told.refundApplications).toBeGreaterThan(0)
  expect(told.refundApplications).toBeLessThan(APPLICATIONS + 1)
  expect(await versions()).toEqual([{ version: 4 }])
  expect(await contentWith(keysUpTo(4, 4))).toEqual(before)
}, 60_000)

test('a value that no key opens stops it by a clear refusal', async () => {
  const keys = new Map([[5, Buffer.alloc(32, 5)]])
  const lost = new Cipher({ ...onlyKey(Buffer.alloc(32, 7)), keys, version: 5 })
  const refused = resealAll({ pool: setting.pool, cipher: lost })
  await expect(refused).rejects.toMatchObject({ code: 'SETTING_INVALID' })
  expect(await versions()).toEqual([{ version: 4 }])
}, 60_000)

const newer = (column: string): string => `set_byte(${column}, 0, 9)`
test.each([
  `update refund_application set bank_code = '004'`,
  `update refund_application set holder_check = 'match'`,
  `update refund_application set account_sealed = ${newer('account_sealed')},
     holder_sealed = ${newer('holder_sealed')}, key_version = 9, bank_code = '004'`,
  `update refund_application set account_sealed = ${newer('account_sealed')}, key_version = 9`,
  `update refund_application set account_sealed = set_byte(account_sealed, 0, 1),
     holder_sealed = set_byte(holder_sealed, 0, 1), key_version = 1`,
  `update refund_application set account_sealed = ${newer('account_sealed')} || '\\x00',
     holder_sealed = ${newer('holder_sealed')}, key_version = 9`,
  `update refund_application set account_sealed = '', holder_sealed = ''`,
  `update refund_application set key_version = 9`,
  'delete from refund_application',
  'truncate refund_application',
  `update voucher_code set expires_on = '2027-01-01', code_sealed = ${newer('code_sealed')}`,
  `update voucher_code set code_sealed = code_sealed`,
  `update voucher_code set code_sealed = set_byte(code_sealed, 0, 1)`,
  `update quarantined_row set reason = 'X'`,
  `update quarantined_row set raw_sealed = set_byte(raw_sealed, 20, 0)`,
])('it is refused: %s', async (sql) => {
  expect(await refusalOf(sql)).toBe('RD001')
})

test('a newer key alone is let through', async () => {
  expect(
    await refusalOf(
      `update refund_application set account_sealed = ${newer('account_sealed')},
         holder_sealed = ${newer('holder_sealed')}, key_version = 9`,
    ),
  ).toBeUndefined()
  expect(
    await refusalOf(`update refund_application set key_version = 9,
    account_sealed = ${newer('account_sealed')},
    holder_sealed = set_byte(holder_sealed, 0, 8)`),
  ).toBe('23514')
})
