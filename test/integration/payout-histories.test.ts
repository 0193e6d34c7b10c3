/**
 * Any interleaving of what customers, finance and the bank do: a refund is never paid more than is
 * owed, the books balance after every step, and no refund is in two open batches.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cancelBatch } from '../../src/payouts/approve-batch.js'
import { RedressError } from '../../src/errors.js'
import { reconcile, tellProblem } from '../../src/payouts/reconcile.js'
import { payoutSetting } from './payout-setting.js'
import type { AnswerDraft, PayoutSetting } from './payout-setting.js'

const OWED = 150_000
const DATES = ['2026-01-22', '2026-02-05', '2026-02-19', '2026-02-26'] as const

const line = fc.integer({ min: 1, max: 2 })
const event = fc.oneof(
  fc.record({ kind: fc.constantFrom('apply', 'withdraw', 'correct'), line }),
  fc.record({ kind: fc.constant('prepare'), date: fc.constantFrom(...DATES) }),
  fc.record({ kind: fc.constantFrom('approve', 'export', 'cancel') }),
  fc.record({ kind: fc.constantFrom('settle', 'reject', 'return'), line, late: fc.boolean() }),
  fc.record({ kind: fc.constant('repeat'), which: fc.nat(5) }),
)
// Most interleavings die early without these: a batch on its way, and something happening to it.
const sentBatch = [
  { kind: 'apply', line: 1 },
  { kind: 'apply', line: 2 },
  { kind: 'prepare', date: DATES[0] },
  { kind: 'approve' },
  { kind: 'export' },
] as const
const corrected = [
  ...sentBatch,
  { kind: 'reject', line: 1, late: false },
  { kind: 'correct', line: 1 },
  { kind: 'prepare', date: DATES[1] },
] as const
const history = fc.oneof(
  fc.array(event, { maxLength: 12 }),
  fc.array(event, { maxLength: 7 }).map((rest) => [...sentBatch, ...rest]),
  fc.array(event, { maxLength: 4 }).map((rest) => [...corrected, ...rest]),
)

interface Event {
  readonly kind: string
  readonly line?: number
  readonly date?: string
  readonly late?: boolean
  readonly which?: number
}

/** What the bank did in truth, whatever it told when. */
class Bank {
  readonly #got = new Set<string>()
  readonly #done = new Map<string, 'settled' | 'rejected' | 'returned'>()
  #minutes = 0
  readonly told: { answer: AnswerDraft; at: string }[] = []
  readonly waiting: { answer: AnswerDraft; at: string }[] = []

  receive(ids: readonly string[]): void {
    for (const id of ids) this.#got.add(id)
  }

  act(kind: string, ofLine: number, late: boolean): void {
    const ids = [...this.#got].filter((id) => id.startsWith(`kt-2026-${ofLine}-`))
    const id = ids.findLast((it) => {
      const done = this.#done.get(it)
      return kind === 'return' ? done === 'settled' : done === undefined
    })
    if (id === undefined) return
    const outcome = { settle: 'settled', reject: 'rejected', return: 'returned' } as const
    this.#done.set(id, outcome[kind as keyof typeof outcome])
    this.#minutes += 1
    const at = `2026-01-22T10:${String(this.#minutes).padStart(2, '0')}:00+09:00`
    const answer =
      kind === 'settle' ? { id, status: 'ACSC' } : { id, status: 'RJCT', reason: 'AC01' }
    ;(late ? this.waiting : this.told).push({ answer, at })
  }

  paidKrw(ofLine: number): number {
    const paid = [...this.#done].filter(([id, done]) => {
      return id.startsWith(`kt-2026-${ofLine}-`) && done === 'settled'
    })
    return paid.length * OWED
  }
}

async function happen(it: PayoutSetting, bank: Bank, step: Event): Promise<void> {
  const { kind } = step
  const of = step.line ?? 1
  if (kind === 'apply' || kind === 'withdraw' || kind === 'correct') {
    await customer(it, kind, of)
  } else if (kind === 'prepare') {
    await it.prepare(step.date)
  } else if (kind === 'repeat') {
    const tellable = [...bank.waiting.splice(0), ...bank.told]
    const one = tellable[(step.which ?? 0) % Math.max(1, tellable.length)]
    for (const { answer, at } of one === undefined ? [] : [one, ...tellable]) {
      await it.answered([answer], { at })
    }
  } else if (kind === 'settle' || kind === 'reject' || kind === 'return') {
    const before = bank.told.length
    bank.act(kind, of, step.late === true)
    for (const { answer, at } of bank.told.slice(before)) await it.answered([answer], { at })
  } else {
    const [newest] = await it.query('select max(batch_id) as id from payout_batch')
    const id = String((newest!['id'] as string | null) ?? 1)
    if (kind === 'approve') await it.approve(id)
    if (kind === 'cancel') await cancelBatch(it.pool, id)
    if (kind === 'export') {
      await it.exported(id)
      const rows = await it.query(
        'select end_to_end_id as id from payout_transfer where batch_id = $1',
        [id],
      )
      bank.receive(rows.map((row) => String(row['id'])))
    }
  }
}

let accounts = 22_000_000_000
async function customer(it: PayoutSetting, kind: string, of: number): Promise<void> {
  const [known] = await it.query(
    `select application_is_paid($1) as paid, exists (select from refund_application
       where application_id = $1) as applied`,
    [`A${of}`],
  )
  if (kind === 'apply') {
    if (known!['applied'] === true) return
    await it.apply(of)
    await it.assess([{ line: of, krw: OWED }])
  } else if (known!['applied'] === true && known!['paid'] === false) {
    accounts += 1
    const withdrawnAt = kind === 'withdraw' ? '2026-01-19T00:00:00Z' : undefined
    await it.apply(of, { account: String(accounts), ...(withdrawnAt && { withdrawnAt }) })
  }
}

async function holds(it: PayoutSetting, bank: Bank): Promise<void> {
  const wrong = await it.query(
    `select 'two open' as what, line_id from transfer_state
     where state in ('prepared', 'in_transit', 'settled') group by line_id having count(*) > 1
     union all
     select 'paid too much', line_id from journal
     group by line_id
     having sum(case when credit in ('in_transit', 'settled') then amount_krw else 0 end)
       - sum(case when debit in ('in_transit', 'settled') then amount_krw else 0 end) > ${OWED}
     union all
     select 'out of balance', sum(balance_krw) from trial_balance having sum(balance_krw) <> 0`,
  )
  expect(wrong).toEqual([])
  for (const of of [1, 2]) expect(bank.paidKrw(of)).toBeLessThanOrEqual(OWED)
}

test('no history pays too much, and all books balance', { timeout: 300_000 }, async () => {
  let sentTwice = 0
  await fc.assert(
    fc.asyncProperty(history, async (steps) => {
      const it = await payoutSetting()
      try {
        const bank = new Bank()
        for (const step of steps) {
          // A refusal is an answer; anything else is a bug.
          await happen(it, bank, step).catch((error: unknown) => {
            if (!(error instanceof RedressError)) throw error
          })
          await holds(it, bank)
        }
        expect((await reconcile(it.pool, null)).problems.map(tellProblem)).toEqual([])
        const again = await it.query('select from payout_transfer where attempt_no > 1')
        sentTwice += again.length
      } finally {
        await it.close()
      }
    }),
    { numRuns: 30, seed: 4 },
  )
  // The histories do reach corrections.
  expect(sentTwice).toBeGreaterThan(0)
})
