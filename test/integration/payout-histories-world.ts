/** A database with many lines, a bank that knows the truth, and what happens to them in turn. */
import { expect } from 'vitest'
import type { Pool } from '../../src/db/database.js'
import { RedressError } from '../../src/errors.js'
import { cancelBatch } from '../../src/payouts/approve-batch.js'
import { reconcile, tellProblem } from '../../src/payouts/reconcile.js'
import { approveResolution, proposeResolution } from '../../src/payouts/resolve-transfer.js'
import { HistoryBank } from './payout-histories-bank.js'
import type { Told } from './payout-histories-bank.js'
import type { LineStep, SharedStep, Slot } from './payout-histories-steps.js'
import { NOW, payoutSetting } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

export const OWED_KRW = 150_000

const MOST_CALLS = 8

/** How often what was reached. */
export interface Played {
  /** Second and later ones. */
  readonly attempts: number
  readonly contradictions: number
  readonly resolutions: number
  readonly returned: number
  readonly paid: number
}

export class HistoryWorld {
  readonly #it: PayoutSetting
  readonly #checker: Pool
  readonly #bank = new HistoryBank()
  readonly #applied = new Set<number>()
  #accounts = 22_000_000_000
  #contradictions = 0
  #slotNo = 0

  private constructor(it: PayoutSetting) {
    this.#it = it
    this.#checker = it.poolOf('checker')
  }

  /** Line n is the nth of `lines`. Throws where what has to hold does not. */
  static async play(
    slots: readonly Slot[],
    lines: readonly (readonly LineStep[])[],
  ): Promise<Played> {
    const it = await payoutSetting()
    try {
      const world = new HistoryWorld(it)
      let ownNo = 0
      for (const slot of slots) {
        world.#slotNo += 1
        if (slot === 'own') {
          const steps = lines.map((line): LineStep => line[ownNo] ?? { kind: 'nothing' })
          ownNo += 1
          await world.#goOwnWays(steps)
        } else {
          await tried(() => world.#share(slot))
        }
        await world.#hold(lines.length)
      }
      expect((await reconcile(it.pool, null)).problems.map(tellProblem)).toEqual([])
      return await world.#played(lines.length)
    } finally {
      await it.close()
    }
  }

  async #share(step: SharedStep): Promise<void> {
    if (step.kind === 'prepare') return void (await this.#it.prepare(step.date))
    const [newest] = await this.#it.query('select max(batch_id) as id from payout_batch')
    const batchId = String((newest!['id'] as string | null) ?? 1)
    if (step.kind === 'approve') return await this.#it.approve(batchId)
    if (step.kind === 'cancel') return void (await cancelBatch(this.#it.pool, batchId))
    await this.#it.exported(batchId)
    const sent = await this.#it.query(
      'select line_id, end_to_end_id as id from payout_transfer where batch_id = $1',
      [batchId],
    )
    for (const row of sent) this.#bank.receive(Number(row['line_id']), String(row['id']))
  }

  async #goOwnWays(steps: readonly LineStep[]): Promise<void> {
    const linesThat = (kind: LineStep['kind']): readonly number[] =>
      steps.flatMap((step, index) => (step.kind === kind ? [index + 1] : []))
    await this.#apply(linesThat('apply').filter((line) => !this.#applied.has(line)))
    await this.#restate(linesThat('withdraw'), linesThat('correct'))
    await this.#resolve(linesThat('resolve'))
    const at = `2026-01-22T10:${String(this.#slotNo).padStart(2, '0')}:00+09:00`
    const told = steps.flatMap((step, index) => this.#bank.act(index + 1, step, at))
    await this.#tell(told)
  }

  async #apply(lines: readonly number[]): Promise<void> {
    if (lines.length === 0) return
    await this.#it.applyAll(lines.map((line) => ({ line })))
    for (const line of lines) this.#applied.add(line)
    await this.#it.assess(lines.map((line) => ({ line, krw: OWED_KRW })))
  }

  /** As intake does: not what is on its way. */
  async #restate(withdrawn: readonly number[], corrected: readonly number[]): Promise<void> {
    const asked = [...withdrawn, ...corrected].filter((line) => this.#applied.has(line))
    const free = await this.#it.query(
      `select line from unnest($1::integer[]) line where not application_is_paid('A' || line)`,
      [asked],
    )
    const changes = free.map((row) => {
      const line = Number(row['line'])
      this.#accounts += 1
      const withdrawnAt = withdrawn.includes(line) ? '2026-01-19T00:00:00Z' : undefined
      return { line, account: String(this.#accounts), ...(withdrawnAt && { withdrawnAt }) }
    })
    await this.#it.applyAll(changes)
  }

  /** Somebody asks the bank by telephone, where it says the truth, so many times a day. */
  async #resolve(lines: readonly number[]): Promise<void> {
    if (lines.length === 0) return
    const found = await this.#it.query(
      `select end_to_end_id as id from transfer_state
       where state = 'contradicted' and line_id = any ($1) order by line_id, attempt_no
       limit $2`,
      [lines, MOST_CALLS],
    )
    for (const row of found) {
      const endToEndId = String(row['id'])
      const outcome = this.#bank.truth(endToEndId)
      const proposed = { endToEndId, outcome, reason: 'the bank was asked', at: NOW }
      await tried(async () => {
        const { resolution_id: id } = await proposeResolution(this.#it.pool, proposed)
        await approveResolution(this.#checker, id, NOW)
        this.#bank.noteResolved(endToEndId)
      })
    }
  }

  /** A file for each instant of the bank's clock, the youngest first in every other slot. */
  async #tell(told: readonly Told[]): Promise<void> {
    const instants = [...new Set(told.map(({ at }) => at))].toSorted()
    if (this.#slotNo % 2 === 0) instants.reverse()
    for (const at of instants) {
      const answers = told.filter((it) => it.at === at).map(({ answer }) => answer)
      const { contradicted } = await this.#it.answered(answers, { at })
      this.#contradictions = Math.max(this.#contradictions, contradicted.length)
    }
  }

  async #hold(lines: number): Promise<void> {
    const wrong = await this.#it.query(
      `select 'two open' as what, line_id from transfer_state
       where state in ('prepared', 'in_transit', 'settled') group by line_id having count(*) > 1
       union all
       select 'paid too much', line_id from journal
       group by line_id
       having sum(case when credit in ('in_transit', 'settled') then amount_krw else 0 end)
         - sum(case when debit in ('in_transit', 'settled') then amount_krw else 0 end)
         > ${OWED_KRW}
       union all
       select 'an account of it is overdrawn', line_id from (
         select line_id, credit as account, amount_krw::bigint as krw from journal
         union all select line_id, debit, -amount_krw from journal
       ) side where account <> 'refund_expense' group by line_id, account having sum(krw) < 0
       union all
       select 'out of balance', sum(balance_krw) from trial_balance having sum(balance_krw) <> 0`,
    )
    expect(wrong).toEqual([])
    for (let line = 1; line <= lines; line += 1) {
      expect(this.#bank.paidKrw(line, OWED_KRW), `line ${line}`).toBeLessThanOrEqual(OWED_KRW)
    }
  }

  async #played(lines: number): Promise<Played> {
    const [row] = await this.#it.query(
      `select (select count(*)::integer from payout_transfer where attempt_no > 1) as attempts,
         (select count(*)::integer from journal where event = 'resolved') as resolutions,
         (select count(*)::integer from journal where event = 'returned') as returned`,
    )
    let paid = 0
    for (let line = 1; line <= lines; line += 1) paid += this.#bank.paidKrw(line, 1)
    return {
      attempts: Number(row!['attempts']),
      contradictions: this.#contradictions,
      resolutions: Number(row!['resolutions']),
      returned: Number(row!['returned']),
      paid,
    }
  }
}

/** A refusal is an answer; anything else is a bug. */
async function tried(work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    if (!(error instanceof RedressError)) throw error
  })
}
