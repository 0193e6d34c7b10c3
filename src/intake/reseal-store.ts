/**
 * SQL of sealed values that an older key sealed: read a page at a time and written again. The
 * tables take no other change than one of the key.
 */
import type { Client } from '../db/database.js'
import type { SealedRefundAccount } from '../privacy/refund-account.js'

// A page is a transaction: what was resealed stays so, whatever stops the command.
const PAGE = 2_000

export interface StaleAccount extends SealedRefundAccount {
  readonly applicationNo: string
  readonly applicationId: string
  readonly lineId: string
  readonly bankCode: string
}

export async function readStaleAccounts(
  client: Client,
  version: number,
  after: string,
): Promise<readonly StaleAccount[]> {
  const { rows } = await client.query<StaleAccount>(
    `select application_no as "applicationNo", application_id as "applicationId",
       line_id as "lineId", bank_code as "bankCode",
       account_sealed as "accountSealed", account_digest as "accountDigest",
       holder_sealed as "holderSealed", holder_digest as "holderDigest"
     from refund_application
     where application_no > $1 and key_version < $2
     order by application_no limit ${PAGE}`,
    [after, version],
  )
  return rows
}

export async function writeAccounts(
  client: Client,
  version: number,
  rows: readonly Pick<StaleAccount, 'applicationNo' | 'accountSealed' | 'holderSealed'>[],
): Promise<number> {
  const { rowCount } = await client.query(
    `update refund_application it
     set account_sealed = anew.account, holder_sealed = anew.holder, key_version = $4
     from unnest($1::bigint[], $2::bytea[], $3::bytea[]) anew (application_no, account, holder)
     where it.application_no = anew.application_no and it.key_version < $4`,
    [
      rows.map((it) => it.applicationNo),
      rows.map((it) => it.accountSealed),
      rows.map((it) => it.holderSealed),
      version,
    ],
  )
  return rowCount ?? 0
}

export interface StaleCode {
  readonly codeId: string
  readonly option: string
  readonly digest: Buffer
  readonly sealed: Buffer
}

export async function readStaleCodes(
  client: Client,
  version: number,
  after: string,
): Promise<readonly StaleCode[]> {
  const { rows } = await client.query<StaleCode>(
    `select code_id as "codeId", option, code_digest as digest, code_sealed as sealed
     from voucher_code
     where code_id > $1 and get_byte(code_sealed, 0) < $2
     order by code_id limit ${PAGE}`,
    [after, version],
  )
  return rows
}

export async function writeCodes(
  client: Client,
  version: number,
  rows: readonly Pick<StaleCode, 'codeId' | 'sealed'>[],
): Promise<number> {
  const { rowCount } = await client.query(
    `update voucher_code it set code_sealed = anew.sealed
     from unnest($1::bigint[], $2::bytea[]) anew (code_id, sealed)
     where it.code_id = anew.code_id and get_byte(it.code_sealed, 0) < $3`,
    [rows.map((it) => it.codeId), rows.map((it) => it.sealed), version],
  )
  return rowCount ?? 0
}

export interface StaleQuarantinedRow {
  readonly importId: string
  readonly lineNo: string
  readonly sealed: Buffer
}

export async function readStaleQuarantinedRows(
  client: Client,
  version: number,
  after: Pick<StaleQuarantinedRow, 'importId' | 'lineNo'>,
): Promise<readonly StaleQuarantinedRow[]> {
  const { rows } = await client.query<StaleQuarantinedRow>(
    `select import_id as "importId", line_no as "lineNo", raw_sealed as sealed
     from quarantined_row
     where (import_id, line_no) > ($1, $2) and get_byte(raw_sealed, 0) < $3
     order by import_id, line_no limit ${PAGE}`,
    [after.importId, after.lineNo, version],
  )
  return rows
}

export async function writeQuarantinedRows(
  client: Client,
  version: number,
  rows: readonly StaleQuarantinedRow[],
): Promise<number> {
  const { rowCount } = await client.query(
    `update quarantined_row it set raw_sealed = anew.sealed
     from unnest($1::bigint[], $2::bigint[], $3::bytea[]) anew (import_id, line_no, sealed)
     where it.import_id = anew.import_id and it.line_no = anew.line_no
       and get_byte(it.raw_sealed, 0) < $4`,
    [
      rows.map((it) => it.importId),
      rows.map((it) => it.lineNo),
      rows.map((it) => it.sealed),
      version,
    ],
  )
  return rowCount ?? 0
}
