/** A real database that lives a world's histories, and its ledger read back entry by entry. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { importChoicesFile, importVouchersFile } from '../../src/intake/import-staged-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { planPeriod } from '../../src/runs/plan-period.js'
import type { Plan, Run } from '../../src/runs/run.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { LedgerSetting } from '../support/builders.js'
import type { RowDraft } from '../support/builders.js'
import type { Entry } from './histories-model.js'
import { SNAPSHOTS } from './histories-script.js'
import type { RunStep } from './histories-script.js'
import type { Choice, World } from './histories-world.js'

export interface Told {
  readonly plan: Plan
  readonly run: Run
  /** As told by the model's `entryText`, sorted. */
  readonly entries: readonly string[]
}

/** Of an entry whose number or link is wrong: where, and what was expected. */
export type Fault = string

interface EntryRow {
  readonly benefit: Entry['benefit']
  readonly subject: string
  readonly type: Entry['type']
  readonly entry_no: number
  readonly reverses: number | null
  readonly quantity: string
  readonly unit: string
  readonly option: string | null
  readonly valid_from: string
  readonly valid_to: string
  readonly reason: string
  readonly line_id: string
}

export function entryText(entry: Omit<Entry, 'quantity'> & { quantity: number | string }): string {
  const { benefit, subject, type, quantity, unit, option, validFrom, validTo, reason } = entry
  const grant = `${quantity} ${unit} ${option ?? '-'} ${validFrom} ${validTo}`
  return `${benefit} ${subject} ${type} ${grant} ${reason} on ${entry.lineId}`
}

export class HistoriesLedger {
  readonly setting: LedgerSetting
  readonly #world: World
  readonly #folder = mkdtempSync(join(tmpdir(), 'redress-histories-'))
  readonly #cipher = new Cipher(Buffer.alloc(32, 7))
  readonly #snapshots: SealedSnapshot[] = []
  /** By period and subject: its entries so far, each number with what it says. */
  readonly #numbers = new Map<string, EntryRow[]>()
  #files = 0

  private constructor(setting: LedgerSetting, world: World) {
    this.setting = setting
    this.#world = world
  }

  static async open(world: World): Promise<HistoriesLedger> {
    return new HistoriesLedger(await LedgerSetting.open(), world)
  }

  async close(): Promise<void> {
    await this.setting.close()
    rmSync(this.#folder, { recursive: true })
  }

  /** All files of a moment. */
  async importMoment(moment: number): Promise<void> {
    const { snapshot, at } = this.#world.script[moment]!
    if (snapshot !== undefined) await this.#importSnapshot(snapshot)
    const isNow = (it: { readonly imported: number }): boolean => it.imported === moment
    const changes = this.#world.changes.filter(isNow)
    if (changes.length > 0)
      await this.setting.importStatuses(
        ...changes.map((it) => `${it.lineId},${it.status},${it.at}`),
      )
    const consents = this.#world.consents.filter(isNow)
    if (consents.length > 0)
      await this.setting.importConsents(...consents.map((it) => `${it.lineId},${it.on}`))
    await this.#importChoices(moment, at)
    await this.#importCodes(moment, at)
  }

  async run({ period, snapshot, now }: RunStep): Promise<Told> {
    const version = findVersion(`kt-2026@${SNAPSHOTS[snapshot]!.version}`)!
    const plan = await planPeriod(this.setting.pool, {
      version,
      period,
      snapshot: this.#snapshots[snapshot]!,
      now,
      lanes: 2,
    })
    const run = await this.setting.execute(plan)
    const rows = await this.#entriesOf(run.runId)
    const entries = rows.map(({ row, text }) => {
      this.#number(period, row)
      return text
    })
    return { plan, run, entries: entries.toSorted() }
  }

  /** Numbers that are not the next of their subject, reversals of what does not stand. */
  readonly faults: Fault[] = []

  #number(period: string, row: EntryRow): void {
    const key = `${period} ${row.subject}`
    const entries = this.#numbers.get(key) ?? []
    this.#numbers.set(key, entries)
    const where = `${key}: entry ${row.entry_no}`
    if (row.entry_no !== entries.length + 1) this.faults.push(`${where}, ${entries.length} before`)
    const standing = entries.filter(
      (it) =>
        it.benefit === row.benefit &&
        it.type === 'grant' &&
        !entries.some((other) => other.reverses === it.entry_no),
    )
    entries.push(row)
    if (row.type === 'grant') {
      if (standing.length > 0) this.faults.push(`${where} is a second grant of ${row.benefit}`)
      if (row.reverses !== null) this.faults.push(`${where} is a grant that reverses`)
    } else if (standing.length !== 1 || standing[0]!.entry_no !== row.reverses) {
      this.faults.push(`${where} reverses ${row.reverses}, which does not stand`)
    }
  }

  async #entriesOf(runId: string): Promise<readonly { row: EntryRow; text: string }[]> {
    const rows = await this.setting.query<EntryRow>(
      `select benefit,
         subject || ' ' || case subject when 'line' then line_id else customer_id end as subject,
         entry_type as type, entry_no, reverses_entry_no as reverses, quantity, unit, option,
         valid_from, valid_to, reason, line_id
       from ledger_entry where run_id = $1 order by entry_no`,
      [runId],
    )
    return rows.map((row) => {
      const { valid_from: validFrom, valid_to: validTo, line_id: lineId } = row
      return { row, text: entryText({ ...row, validFrom, validTo, lineId: Number(lineId) }) }
    })
  }

  async #importSnapshot(number: number): Promise<void> {
    const { lines, people } = this.#world.snapshots[number]!
    const rows = lines.map((line): RowDraft => {
      const person = people.get(line.customerId)!
      return {
        line_id: line.lineId,
        customer_id: line.customerId,
        customer_kind: person.kind,
        birth_date: person.birthDate ?? '',
        network: line.network,
        line_kind: line.lineKind,
        payment: line.payment,
        status: line.status,
        plan_restriction: line.restriction,
        guardian_consent_on: line.consentOn ?? '',
        roaming_promotion_ends_on: line.promotionEndsOn ?? '',
      }
    })
    this.#snapshots[number] = await this.setting.importLines(rows, SNAPSHOTS[number]!.asOf)
  }

  /** A withdrawal that is told later comes as the same row once more. */
  async #importChoices(moment: number, at: string): Promise<void> {
    const told = this.#world.choices
    const rows = told
      .filter((it) => it.imported === moment)
      .map((it) => choiceRow(it, it.withdrawalImported === moment))
    const again = told
      .filter((it) => it.imported < moment && it.withdrawalImported === moment)
      .map((it) => choiceRow(it, true))
    const all = [...rows, ...again]
    if (all.length === 0) return
    const header =
      'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at'
    const report = await importChoicesFile(this.#importOf(at, [header, ...all]))
    if (report.accepted !== all.length) throw new Error(`choices of moment ${moment} not accepted`)
  }

  async #importCodes(moment: number, at: string): Promise<void> {
    const rows = this.#world.codes.flatMap((batch, index) =>
      batch.imported === moment
        ? Array.from(
            { length: batch.codes },
            (_, code) => `${batch.option},B${index}-${code},${batch.expiresOn}`,
          )
        : [],
    )
    if (rows.length === 0) return
    await importVouchersFile(this.#importOf(at, ['option,code,expires_on', ...rows]))
  }

  #importOf(at: string, rows: readonly string[]): Parameters<typeof importChoicesFile>[0] {
    this.#files += 1
    const path = join(this.#folder, `${this.#files}.csv`)
    writeFileSync(path, [...rows, ''].join('\n'))
    const { pool } = this.setting
    return { pool, cipher: this.#cipher, path, now: () => at }
  }
}

function choiceRow(choice: Choice, withWithdrawal: boolean): string {
  const { choiceId, lineId, benefit, option, at, consent, withdrawnAt } = choice
  const withdrawn = withWithdrawal ? (withdrawnAt ?? '') : ''
  return [choiceId, lineId, benefit, option ?? '', 'web', at, consent ?? '', withdrawn].join()
}
