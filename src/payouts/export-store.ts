/** SQL of exports: the transfers of a batch in their order, and the log of who had them written. */
import type { Client, Pool } from '../db/database.js'
import type { SealedRefundAccount } from '../privacy/refund-account.js'

/** How the first export of a batch was split: all later ones are, or parts would not be told. */
export async function splitOfBatch(client: Client, batchId: string): Promise<number | undefined> {
  const { rows } = await client.query<{ size: number }>(
    `select transfers_per_file as size from payout_export where batch_id = $1
     order by export_id limit 1`,
    [batchId],
  )
  return rows[0]?.size
}

/** In the order of the file, some thousand at a time. Inside a transaction. */
export async function* amountsOf(client: Client, batchId: string): AsyncGenerator<number> {
  await client.query(
    `declare payout_amount no scroll cursor for
     select amount_krw::bigint::text as krw from payout_transfer where batch_id = ${idOf(batchId)}
     order by seq`,
  )
  for (;;) {
    const { rows } = await client.query<{ krw: string }>('fetch forward 20000 from payout_amount')
    if (rows.length === 0) break
    for (const { krw } of rows) yield Number(krw)
  }
  await client.query('close payout_amount')
}

export interface SealedTransfer extends SealedRefundAccount {
  readonly lineId: string
  readonly applicationId: string
  readonly bankCode: string
  readonly endToEndId: string
  readonly amountKrw: string
}

// Binary, since sealed values come as bytes then and need no decoding; all else is text. More rows
// at once are no faster, and only fill memory.
const FETCH_SEALED = { text: 'fetch forward 1000 from payout_account', binary: true }

/** As `amountsOf`, with the sealed accounts. */
export async function* sealedTransfersOf(
  client: Client,
  batchId: string,
): AsyncGenerator<readonly SealedTransfer[]> {
  await client.query(
    `declare payout_account no scroll cursor for
     select t.line_id::text as "lineId", t.application_id as "applicationId",
       a.bank_code::text as "bankCode", t.end_to_end_id as "endToEndId",
       t.amount_krw::bigint::text as "amountKrw",
       a.account_sealed as "accountSealed", a.account_digest as "accountDigest",
       a.holder_sealed as "holderSealed", a.holder_digest as "holderDigest"
     from payout_transfer t
     join refund_application a on a.application_no = t.application_no
       and a.application_id = t.application_id and a.line_id = t.line_id
     where t.batch_id = ${idOf(batchId)}
     order by t.seq`,
  )
  for (;;) {
    const { rows } = await client.query<SealedTransfer>(FETCH_SEALED)
    if (rows.length === 0) break
    yield rows
  }
  await client.query('close payout_account')
}

export interface ExportedPart {
  readonly messageId: string
  readonly firstSeq: number
  readonly lastSeq: number
  readonly totalKrw: number
  readonly bytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

export interface ExportLog {
  readonly batchId: string
  readonly format: string
  readonly transfersPerFile: number
  /** An instant. */
  readonly at: string
  readonly parts: readonly ExportedPart[]
}

export async function logExport(client: Client, log: ExportLog): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into payout_export (batch_id, format, transfers_per_file, made_at, made_by)
     values ($1, $2, $3, $4, '') returning export_id as id`,
    [log.batchId, log.format, log.transfersPerFile, log.at],
  )
  const id = rows[0]?.id ?? ''
  await client.query(
    `insert into payout_export_part (export_id, message_id, first_seq, last_seq, total_krw, bytes,
       sha256)
     select $1, message_id, first_seq, last_seq, total_krw, bytes, decode(sha256, 'hex')
     from jsonb_to_recordset($2::jsonb) as part (message_id text, first_seq integer,
       last_seq integer, total_krw bigint, bytes bigint, sha256 text)`,
    [
      id,
      JSON.stringify(
        log.parts.map((it) => ({
          message_id: it.messageId,
          first_seq: it.firstSeq,
          last_seq: it.lastSeq,
          total_krw: it.totalKrw,
          bytes: it.bytes,
          sha256: it.sha256,
        })),
      ),
    ],
  )
  return id
}

export interface ExportRow {
  readonly exportId: string
  readonly format: string
  readonly madeBy: string
  readonly madeAt: string
  readonly files: number
  readonly totalKrw: number
  readonly sha256: readonly string[]
}

export async function readExports(pool: Pool, batchId: string): Promise<readonly ExportRow[]> {
  const { rows } = await pool.query<Omit<ExportRow, 'totalKrw'> & { totalKrw: string }>(
    `select e.export_id as "exportId", format, made_by as "madeBy", made_at as "madeAt",
       count(*)::integer as files, sum(total_krw) as "totalKrw",
       array_agg(encode(sha256, 'hex') order by first_seq) as sha256
     from payout_export e join payout_export_part using (export_id)
     where batch_id = $1 group by e.export_id order by e.export_id`,
    [batchId],
  )
  return rows.map((it) => ({ ...it, totalKrw: Number(it.totalKrw) }))
}

// A cursor takes no parameters where it is declared by text; the id is known to be digits.
function idOf(batchId: string): string {
  return BigInt(batchId).toString()
}
