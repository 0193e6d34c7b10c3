/** A database with lines that are owed refunds and applied for them, and a bank that answers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { approveBatch } from '../../src/payouts/approve-batch.js'
import { exportBatch } from '../../src/payouts/export-batch.js'
import type { BatchExport, BatchExportTask } from '../../src/payouts/export-batch.js'
import { importStatus } from '../../src/payouts/import-status.js'
import type { StatusImport } from '../../src/payouts/import-status.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { prepareBatch } from '../../src/payouts/prepare-batch.js'
import type { PreparedBatch } from '../../src/payouts/prepare-batch.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { lastFourOf, sealRefundAccount } from '../../src/privacy/refund-account.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import type { RefundTerms } from '../../src/rules/refunds/refund-terms.js'
import { rehearse, testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

export const NOW = '2026-01-20T10:00:00.000Z'
export const PAYER = { name: '주식회사 케이티', account: '10000000000001', bankCode: '020' }

export function termsOf(programme: string, version: number): RefundTerms {
  const terms = findVersion(`${programme}@${version}`)?.refunds
  if (terms === undefined) throw new Error('a programme with refunds')
  return terms
}

export interface Claim {
  readonly line: number
  readonly krw?: number
  readonly decision?: 'refundable' | 'review' | 'refused'
  readonly state?: string
  readonly payoutOn?: string | null
  readonly check?: string
}

export interface ApplicationChange {
  readonly account?: string
  readonly check?: string
  readonly withdrawnAt?: string
}

export interface LineChange extends ApplicationChange {
  readonly line: number
}

export interface AnswerDraft {
  readonly id: string
  readonly status: string
  readonly reason?: string
  readonly krw?: number
}

export interface PayoutSetting {
  readonly database: TestDatabase
  readonly folder: string
  readonly cipher: Cipher
  /** Acts as the maker. */
  readonly pool: Pool
  poolOf(person: string): Pool
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Around a change no role may make, as of somebody with the disk in hand. */
  tamper(table: string, sql: string): Promise<void>
  /** Decides and states in one assessment. */
  assess(claims: readonly Claim[]): Promise<void>
  /** A version of the application of a line; another account makes it a correction. */
  apply(line: number, more?: ApplicationChange): Promise<void>
  /** The same of many lines. */
  applyAll(changes: readonly LineChange[]): Promise<void>
  prepare(date?: string, now?: string): Promise<PreparedBatch>
  approve(batchId: string, by?: string): Promise<void>
  exported(batchId: string, more?: Partial<BatchExportTask>): Promise<BatchExport>
  answered(
    answers: readonly AnswerDraft[],
    more?: { at?: string; messageId?: string; group?: string },
  ): Promise<StatusImport>
  balances(): Promise<Readonly<Record<string, number>>>
  close(): Promise<void>
}

export async function payoutSetting(): Promise<PayoutSetting> {
  const database = await testDatabase()
  await rehearse(database.url)
  const pools: Pool[] = []
  const poolOf = (actor: string): Pool => {
    const pool = openPool({ url: database.url, max: 4, name: 'payout tests', actor })
    pools.push(pool)
    return pool
  }
  const pool = poolOf('maker')
  const checkers = new Map<string, Pool>()
  const folder = mkdtempSync(join(tmpdir(), 'redress-payouts-'))
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const query: PayoutSetting['query'] = async (sql, values = []) =>
    (await pool.query<Record<string, unknown>>(sql, [...values])).rows
  let files = 0

  return {
    database,
    folder,
    cipher,
    pool,
    poolOf,
    query,
    apply: (line, more) => applyForAll(cipher, query, [{ line, ...more }]),
    applyAll: (changes) => applyForAll(cipher, query, changes),
    tamper: (table, sql) => tamperWith(query, table, sql),
    assess: (claims) => assessAll(query, claims),
    prepare: (date = '2026-01-22', now = NOW) => prepareBatch(pool, termsOf, date, now),
    approve: async (batchId, by = 'checker') => {
      const own = checkers.get(by) ?? poolOf(by)
      checkers.set(by, own)
      await approveBatch(own, termsOf, batchId, NOW)
    },
    exported: (batchId, more = {}) =>
      exportBatch({
        pool,
        cipher,
        batchId,
        format: PAIN_001,
        payer: PAYER,
        file: join(folder, `batch-${batchId}.xml`),
        transfersPerFile: undefined,
        at: NOW,
        ...more,
      }),
    answered: async (answers, more = {}) => {
      files += 1
      const file = join(folder, `answer-${files}.xml`)
      writeFileSync(file, reportOf(answers, { at: '2026-01-22T18:00:00+09:00', ...more }))
      return await importStatus({ pool, file, at: '2026-01-23T00:00:00.000Z' })
    },
    balances: async () => {
      const rows = await query('select account, balance_krw as krw from trial_balance')
      return Object.fromEntries(
        rows.map((it) => [String(it['account']), Number(it['krw'])]).filter(([, krw]) => krw !== 0),
      ) as Record<string, number>
    },
    close: async () => {
      await Promise.all(pools.map((it) => it.end()))
      await database.drop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function applyForAll(
  cipher: Cipher,
  query: PayoutSetting['query'],
  changes: readonly LineChange[],
): Promise<void> {
  const rows = changes.map((it) => {
    const place = { applicationId: `A${it.line}`, lineId: String(it.line), bankCode: '088' }
    const account = it.account ?? String(11_000_000_000 + it.line)
    const sealed = sealRefundAccount(cipher, place, { number: account, holder: '김하늘' })
    return {
      line: it.line,
      account: sealed.accountSealed.toString('hex'),
      last4: lastFourOf(account),
      account_digest: sealed.accountDigest.toString('hex'),
      holder: sealed.holderSealed.toString('hex'),
      holder_digest: sealed.holderDigest.toString('hex'),
      holder_check: it.check ?? 'match',
      withdrawn_at: it.withdrawnAt ?? null,
    }
  })
  await query(
    `insert into refund_application (application_id, line_id, channel, applied_at, bank_code,
       account_sealed, account_last4, account_digest, holder_sealed, holder_digest,
       holder_check, withdrawn_at, key_version, import_id)
     select 'A' || line, line, 'web', '2026-01-15T01:00:00Z', '088', decode(account, 'hex'), last4,
       decode(account_digest, 'hex'), decode(holder, 'hex'), decode(holder_digest, 'hex'),
       holder_check, withdrawn_at, 1, 1
     from jsonb_to_recordset($1) it (line bigint, account text, last4 text, account_digest text,
       holder text, holder_digest text, holder_check text, withdrawn_at timestamptz)`,
    [JSON.stringify(rows)],
  )
}

async function tamperWith(
  query: PayoutSetting['query'],
  table: string,
  sql: string,
): Promise<void> {
  await query(`alter table ${table} disable trigger user`)
  try {
    await query(sql)
  } finally {
    await query(`alter table ${table} enable trigger user`)
  }
}

async function assessAll(query: PayoutSetting['query'], claims: readonly Claim[]): Promise<void> {
  const [made] = await query(
    `insert into refund_assessment (programme, version, now_at, inputs, rules_version,
       made_by, made_at) values ('kt-2026', 1, $1, '{}', '1', '', $1)
     returning assessment_id as id`,
    [NOW],
  )
  const rows = claims.map((it) => {
    const { line, decision = 'refundable', state = 'accepted', payoutOn = '2026-01-22' } = it
    return {
      line,
      decision,
      krw: decision === 'refundable' ? (it.krw ?? 150_000) : 0,
      state,
      payout_on: state === 'accepted' ? payoutOn : null,
    }
  })
  const told = [made!['id'], JSON.stringify(rows)]
  await query(
    `insert into refund_decision (line_id, decision_no, decision, reason, amount_krw,
       assessment_id)
     select line, 1 + coalesce((select max(decision_no) from refund_decision
       where line_id = line), 0), decision, upper(decision), krw, $1
     from jsonb_to_recordset($2) it (line bigint, decision text, krw bigint)`,
    told,
  )
  await query(
    `insert into application_state (application_id, state_no, line_id, state, payout_on,
       assessment_id)
     select 'A' || line, 1 + coalesce((select max(state_no) from application_state
       where application_id = 'A' || line), 0), line, state, payout_on, $1
     from jsonb_to_recordset($2) it (line bigint, state text, payout_on date)`,
    told,
  )
  await query(
    `update refund_assessment set result = '{}', assessment_hash = sha256('')
     where assessment_id = $1`,
    [made!['id']],
  )
}

export function textOf(path: string): string {
  return readFileSync(path, 'utf8')
}

/** A pain.002.001.14 of single answers, or of a whole message. */
export function reportOf(
  answers: readonly AnswerDraft[],
  more: { at: string; messageId?: string; group?: string },
): string {
  const group = more.group === undefined ? '' : `<GrpSts>${more.group}</GrpSts>`
  const transactions = answers.map((it) => {
    const reason =
      it.reason === undefined ? '' : `<StsRsnInf><Rsn><Cd>${it.reason}</Cd></Rsn></StsRsnInf>`
    const amount =
      it.krw === undefined
        ? ''
        : `<OrgnlTxRef><Amt><InstdAmt Ccy="KRW">${it.krw}</InstdAmt></Amt></OrgnlTxRef>`
    return (
      `<TxInfAndSts><OrgnlEndToEndId>${it.id}</OrgnlEndToEndId><TxSts>${it.status}</TxSts>` +
      `${reason}${amount}</TxInfAndSts>`
    )
  })
  const message = more.messageId ?? 'kt-2026-B1'
  const payment =
    transactions.length === 0
      ? ''
      : `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${message}</OrgnlPmtInfId>` +
        `${transactions.join('')}</OrgnlPmtInfAndSts>`
  return (
    `<?xml version="1.0" encoding="UTF-8"?>` +
    `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.14"><CstmrPmtStsRpt>` +
    `<GrpHdr><MsgId>BANK</MsgId><CreDtTm>${more.at}</CreDtTm></GrpHdr>` +
    `<OrgnlGrpInfAndSts><OrgnlMsgId>${message}</OrgnlMsgId>` +
    `<OrgnlMsgNmId>pain.001.001.12</OrgnlMsgNmId>${group}</OrgnlGrpInfAndSts>` +
    `${payment}</CstmrPmtStsRpt></Document>`
  )
}
