/**
 * A database that goes the way of a row for a test: lines imported, a period planned, approved,
 * posted and closed, without queue or command line; and hands to tamper with it afterwards.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openPool, withTransaction } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { generateSnapshot } from '../../src/generate/generate-snapshot.js'
import type { ImportOptions, ImportReport } from '../../src/intake/import-file.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import {
  importChoicesFile,
  importConsentsFile,
  importStatusFile,
  importVouchersFile,
} from '../../src/intake/import-staged-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { applyChunk } from '../../src/runs/apply-chunk.js'
import type { ChunkOutcome } from '../../src/runs/apply-chunk.js'
import { closeRun } from '../../src/runs/close-run.js'
import { planPeriod } from '../../src/runs/plan-period.js'
import { approvePlan } from '../../src/runs/approve-plan.js'
import { readPlan } from '../../src/runs/plan-store.js'
import type { Plan, Run } from '../../src/runs/run.js'
import { readRunContext, startRun } from '../../src/runs/start-run.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { rehearse, testDatabase } from './database.js'

export const NOW = '2026-02-01T00:00:00.000Z'

/** A row of a snapshot file; what is not said is an eligible handset of a person of 45. */
export interface RowDraft {
  readonly line_id: number | string
  readonly customer_id: number | string
  readonly [column: string]: number | string
}

const PLAIN = {
  customer_kind: 'individual',
  birth_date: '1980-05-05',
  network: 'kt',
  line_kind: 'handset',
  payment: 'postpaid',
  status: 'active',
  activated_on: '2020-01-01',
  contract_event: '',
  contract_event_on: '',
  plan_restriction: 'none',
  guardian_consent_on: '',
  roaming_promotion_ends_on: '',
  notice_number: '',
} as const
/** 65 or over at either base date: insurance without an application. */
export const OLD = { birth_date: '1950-01-01' } as const
export const COMPANY = { customer_kind: 'corporate', birth_date: '' } as const

export function snapshotCsv(drafts: readonly RowDraft[]): string {
  const columns = ['line_id', 'customer_id', ...Object.keys(PLAIN)]
  const rows = drafts.map((draft) => {
    const row: Readonly<Record<string, number | string>> = { ...PLAIN, ...draft }
    return columns.map((column) => row[column]).join(',')
  })
  return [columns.join(','), ...rows, ''].join('\n')
}

/** A choice of a pass; where no option is said, an application for insurance. */
export interface ChoiceDraft {
  readonly line: number | string
  readonly at: string
  readonly option?: 'tving' | 'disney_plus'
  /** As the file says it: `true`, `false` or nothing. */
  readonly consent?: boolean
  readonly withdrawnAt?: string
  /** When not said, made of the line, the benefit and the instant. */
  readonly id?: string
}

/** Codes that expire on the same day. */
export interface VoucherDraft {
  readonly option: 'tving' | 'disney_plus'
  readonly codes: number
  /** 2026-12-31 when not said. */
  readonly expiresOn?: string
}

/** Files of a generated population, in the order in which they are imported. */
export interface GeneratedFiles {
  readonly snapshot: string
  readonly statuses: string
  readonly consents: string
  readonly choices: string
}

export interface PlanOptions {
  readonly version?: 1 | 2
  readonly snapshot?: SealedSnapshot
  /** The first day of the period, 09:00 in Asia/Seoul, when not given. */
  readonly now?: string
}

function firstDayOf(period: string): string {
  return `${period}-01T00:00:00.000Z`
}

export const MAKER = 'maker'
export const APPROVER = 'approver'

export const V1_AS_OF = '2026-01-13'
export const V2_AS_OF = '2026-01-31'

export class LedgerSetting {
  readonly url: string
  readonly pool: Pool
  readonly #approvers: Pool
  /** Of the last `importGenerated`. */
  generated: GeneratedFiles | undefined
  readonly #drop: () => Promise<void>
  readonly #folder = mkdtempSync(join(tmpdir(), 'redress-ledger-'))
  readonly #cipher = new Cipher(Buffer.alloc(32, 7))
  #files = 0
  #codes = 0
  /** The newest imported, by as-of date. */
  readonly #snapshots = new Map<string, SealedSnapshot>()

  private constructor(url: string, drop: () => Promise<void>) {
    this.url = url
    this.#drop = drop
    this.pool = openPool({ url, max: 8, name: 'ledger tests', actor: MAKER })
    this.#approvers = openPool({ url, max: 1, name: 'ledger tests', actor: APPROVER })
  }

  static async open(): Promise<LedgerSetting> {
    const database = await testDatabase()
    await rehearse(database.url)
    return new LedgerSetting(database.url, () => database.drop())
  }

  async close(): Promise<void> {
    await Promise.all([this.pool.end(), this.#approvers.end()])
    await this.#drop()
    rmSync(this.#folder, { recursive: true })
  }

  async query<Row = Record<string, unknown>>(
    sql: string,
    values: readonly unknown[] = [],
  ): Promise<readonly Row[]> {
    return (await this.pool.query(sql, [...values])).rows as Row[]
  }

  /** Changes what must not change, as somebody with the right to switch triggers off would. */
  async tamper(table: string, sql: string, values: readonly unknown[] = []): Promise<number> {
    return await withTransaction(this.pool, async ({ client }) => {
      await client.query(`alter table ${table} disable trigger user`)
      const { rowCount } = await client.query(sql, [...values])
      await client.query(`alter table ${table} enable trigger user`)
      return rowCount ?? 0
    })
  }

  async importLines(drafts: readonly RowDraft[], asOf = V1_AS_OF): Promise<SealedSnapshot> {
    return await this.#importSnapshot(this.#fileOf(snapshotCsv(drafts)), asOf)
  }

  async importStatuses(...rows: readonly string[]): Promise<void> {
    const path = this.#fileOf(['line_id,status,effective_at', ...rows, ''].join('\n'))
    await importStatusFile(this.#importOf(path))
  }

  async importConsents(...rows: readonly string[]): Promise<void> {
    const path = this.#fileOf(['line_id,guardian_consent_on', ...rows, ''].join('\n'))
    await importConsentsFile(this.#importOf(path))
  }

  async importChoices(...drafts: readonly ChoiceDraft[]): Promise<void> {
    const header =
      'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at'
    const path = this.#fileOf([header, ...drafts.map(choiceRow), ''].join('\n'))
    allAccepted(await importChoicesFile(this.#importOf(path)))
  }

  /** Codes are numbered (`code_id`) in the order in which they are imported, from 1. */
  async importVouchers(...drafts: readonly VoucherDraft[]): Promise<void> {
    const rows = drafts.flatMap(({ option, codes, expiresOn = '2026-12-31' }) =>
      Array.from({ length: codes }, () => {
        this.#codes += 1
        return `${option},CODE-${String(this.#codes).padStart(8, '0')},${expiresOn}`
      }),
    )
    const path = this.#fileOf(['option,code,expires_on', ...rows, ''].join('\n'))
    allAccepted(await importVouchersFile(this.#importOf(path)))
  }

  /** A whole synthetic population with the changes that follow it, as far as asked for. */
  async importGenerated(options: {
    lines: number
    seed: number
    asOf?: string
    statuses?: boolean
    consents?: boolean
    choices?: boolean
  }): Promise<SealedSnapshot> {
    const { lines, seed, asOf = V1_AS_OF } = options
    const files: GeneratedFiles = {
      snapshot: this.#fileOf(''),
      statuses: this.#fileOf(''),
      consents: this.#fileOf(''),
      choices: this.#fileOf(''),
    }
    await generateSnapshot({
      size: { lines },
      seed,
      asOf,
      badRows: 0,
      order: 'shuffled',
      out: files.snapshot,
      statusOut: files.statuses,
      consentsOut: files.consents,
      choicesOut: files.choices,
    })
    const snapshot = await this.#importSnapshot(files.snapshot, asOf)
    if (options.statuses === true) await importStatusFile(this.#importOf(files.statuses))
    if (options.consents === true) await importConsentsFile(this.#importOf(files.consents))
    if (options.choices === true)
      allAccepted(await importChoicesFile(this.#importOf(files.choices)))
    this.generated = files
    return snapshot
  }

  async plan(period: string, options: PlanOptions = {}): Promise<Plan> {
    const version = findVersion(`kt-2026@${options.version ?? 1}`)
    const snapshot = options.snapshot ?? (version && this.#snapshots.get(version.baseDate))
    if (version === undefined || snapshot === undefined) throw new Error('nothing imported')
    return await planPeriod(this.pool, {
      version,
      period,
      snapshot,
      now: options.now ?? firstDayOf(period),
      lanes: 2,
    })
  }

  async start(plan: Plan): Promise<Run> {
    if ((await readPlan(this.pool, plan.planId)).approvedBy === null) await this.approve(plan)
    return await this.startApproved(plan)
  }

  /** As another person than the maker, with a reason, should figures be off. */
  async approve(plan: Plan, tolerance?: number): Promise<void> {
    const signature = { by: APPROVER, at: NOW, reason: 'tested', tolerance }
    await approvePlan(this.#approvers, plan.planId, signature)
  }

  async startApproved(plan: Plan): Promise<Run> {
    return await startRun(this.pool, plan.planId, NOW)
  }

  /** Applies chunks, two at a time: all of the run's, or those named. */
  async apply(run: Run, chunkNos?: readonly number[]): Promise<readonly ChunkOutcome[]> {
    const context = await readRunContext(this.pool, run.runId, 'worker', () => NOW)
    const waiting = [
      ...(chunkNos ?? Array.from({ length: run.chunks }, (_, chunkNo) => chunkNo)).entries(),
    ]
    const outcomes: ChunkOutcome[] = []
    const lane = async (): Promise<void> => {
      for (let it = waiting.shift(); it !== undefined; it = waiting.shift()) {
        outcomes[it[0]] = await applyChunk(this.pool, context, { runId: run.runId, chunkNo: it[1] })
      }
    }
    await Promise.all([lane(), lane()])
    return outcomes
  }

  /** Approves, starts, applies and closes. */
  async execute(plan: Plan): Promise<Run> {
    const run = await this.start(plan)
    await this.apply(run)
    return await closeRun(this.pool, run.runId, NOW)
  }

  async planAndExecute(period: string, options: PlanOptions = {}): Promise<Run> {
    return await this.execute(await this.plan(period, options))
  }

  async ledgerTable(period: string): Promise<string> {
    const [row] = await this.query<{ no: number }>(
      'select ledger_no as no from ledger where period = $1',
      [period],
    )
    if (row === undefined) throw new Error(`no ledger of ${period}`)
    return `ledger_posting_${row.no}`
  }

  /** Entries of a period as short texts, in the order in which they stand in the ledger. */
  async entries(period: string): Promise<readonly string[]> {
    const rows = await this.query<{ text: string }>(
      `select concat_ws(' ',
         customer_id || '/' || line_id, benefit, entry_no, entry_type, reason) as text
       from ledger_entry where period = $1
       order by run_id, customer_id, line_id, posting_no, subject desc, entry_no`,
      [period],
    )
    return rows.map((it) => it.text)
  }

  /**
   * What the subjects of a period hold: grants less reversals, as multisets, whatever the links and
   * numbers say. A line is told without its customer, a customer without the line that carries.
   */
  async netEntitlement(period: string): Promise<readonly string[]> {
    const rows = await this.query<{ held: string }>(
      `with entry as (
         select entry_type, concat_ws(' ',
           subject, case subject when 'line' then line_id else customer_id end, benefit, quantity,
           unit, option, valid_from, valid_to) as held
         from ledger_entry where period = $1
       ), net as (
         select held, sum(case entry_type when 'grant' then 1 else -1 end) as times
         from entry group by held
       )
       select held || case when times = 1 then '' else ' times ' || times end as held
       from net where times <> 0 order by held collate "C"`,
      [period],
    )
    return rows.map((it) => it.held)
  }

  async #importSnapshot(path: string, asOf: string): Promise<SealedSnapshot> {
    const { snapshot } = await importSnapshotFile({ ...this.#importOf(path), asOf })
    this.#snapshots.set(asOf, snapshot)
    return snapshot
  }

  #importOf(path: string): ImportOptions {
    return {
      pool: this.pool,
      cipher: this.#cipher,
      path,
      now: () => '2026-02-01T00:00:00.000Z',
    }
  }

  #fileOf(content: string): string {
    this.#files += 1
    const path = join(this.#folder, `${this.#files}.csv`)
    writeFileSync(path, content)
    return path
  }
}

function choiceRow(draft: ChoiceDraft): string {
  const { line, at, option, consent = '', withdrawnAt = '' } = draft
  const benefit = option === undefined ? 'insurance' : 'ott_pass'
  const id = draft.id ?? `${benefit}-${line}-${at.replace(/\D/g, '')}`
  return [id, line, benefit, option ?? '', 'app', at, consent, withdrawnAt].join()
}

function allAccepted({ quarantined }: ImportReport): void {
  if (quarantined > 0) throw new Error(`${quarantined} rows of a test were quarantined`)
}
