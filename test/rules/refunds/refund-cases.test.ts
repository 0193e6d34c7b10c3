/** The cases of test/cases/refunds.csv, decided and explained, and that they cover the rules. */
import { describe, expect, it } from 'vitest'
import { isRealDate } from '../../../src/rules/calendar.js'
import { applicationStates, type RefundLine } from '../../../src/rules/refunds/application-state.js'
import { explainRefund } from '../../../src/rules/refunds/explain-refund.js'
import { decideRefund, refundRuleFor } from '../../../src/rules/refunds/refund-decision.js'
import { APPLICATION_STATES, REFUND_REASONS } from '../../../src/rules/refunds/refund-reasons.js'
import { TERMS } from './refund-builders.js'
import {
  applicationsOf,
  factsApart,
  partsOf,
  readRefundCases,
  reviewsOf,
  terminationOf,
  type RefundRow,
} from './refund-case-file.js'

const ROWS = readRefundCases()
const KNOWN = ROWS.filter((row) => row.terminated_at !== '')

describe('the written cases of refunds', () => {
  const titled = (rows: readonly RefundRow[]) =>
    rows.map((row) => [`${row.case}: ${row.note}`, row] as const)

  it.each(titled(KNOWN))('%s', (_, row) => {
    expect(lineOf(row)?.refund).toEqual(expectedOf(row))
  })

  it.each(titled(KNOWN))('%s: explained alike', (_, row) => {
    const termination = terminationOf(row)
    if (termination === null) throw new Error('a known line')
    const explanation = explainRefund(TERMS, termination, reviewsOf(row))
    expect(explanation).toMatchObject(expectedOf(row))
    expect(explanation.allReasons[0]).toBe(row.reason)
  })

  it.each(titled(ROWS.filter((row) => row.applications !== '')))(
    '%s: its applications',
    (_, row) => {
      const states = applicationStates(TERMS, lineOf(row), applicationsOf(row), row.now)
      const told = states.map((it) => [it.applicationId, it.state, it.payoutOn].filter(Boolean))
      expect(told.map((words) => words.join(' '))).toEqual(partsOf(row.states))
    },
  )

  it('are numbered from 1, and each has a note, real dates and an answer for each question', () => {
    expect(ROWS.map((row) => Number(row.case))).toEqual(ROWS.map((_, index) => index + 1))
    expect(ROWS.filter((row) => row.note === '')).toEqual([])
    const dates = ROWS.flatMap((row) => [
      row.activated_on,
      row.contract_event_on,
      row.resubscribed_on,
      row.hardship_ended_on,
      ...partsOf(row.states).map((text) => text.split(' ')[2] ?? ''),
    ])
    expect(dates.filter((date) => date !== '' && !isRealDate(date))).toEqual([])
    expect(ROWS.filter((row) => (row.applications === '') !== (row.states === ''))).toEqual([])
    expect(KNOWN.filter((row) => row.decision === '')).toEqual([])
  })

  it('are at least 100, those left out that repeat another', () => {
    const told = ROWS.map((row) => JSON.stringify({ ...row, case: '', note: '' }))
    expect(new Set(told).size).toBeGreaterThanOrEqual(100)
  })
})

describe('coverage by the written cases of refunds', () => {
  const reasons = refundRuleFor(TERMS).guards.map(({ reason }) => reason)
  const states = Object.keys(APPLICATION_STATES).filter((state) => state !== 'accepted')

  it('finds a case on either side of each guard that differs in one fact alone', () => {
    expect(reasons.length).toBe(12)
    expect(reasons.filter((reason) => !isGuardCovered(reason, ROWS))).toEqual([])
  })

  it('finds a case on either side of each state that differs in one fact alone', () => {
    expect(states.length).toBe(7)
    expect(states.filter((state) => !isStateCovered(state, ROWS))).toEqual([])
  })

  it('would miss the cases on one side, and those on the other', () => {
    for (const reason of reasons) {
      const inside = ROWS.filter((row) => row.reason === reason)
      const outside = ROWS.filter((row) => row.reason !== reason)
      expect([isGuardCovered(reason, inside), isGuardCovered(reason, outside)]).toEqual([
        false,
        false,
      ])
    }
    for (const state of states) {
      const inside = ROWS.filter((row) => hasState(row, state))
      const outside = ROWS.filter((row) => !hasState(row, state))
      expect([isStateCovered(state, inside), isStateCovered(state, outside)]).toEqual([
        false,
        false,
      ])
    }
  })

  it('has every reason that a programme names, and every kind of payout date', () => {
    const told = new Set(ROWS.map((row) => row.reason))
    const untold = Object.keys(REFUND_REASONS).filter((reason) => !told.has(reason))
    expect(untold).toEqual(['CORPORATE'])
    const paidOn = new Set(ROWS.flatMap((row) => row.states.match(/2026-\d\d-\d\d/g) ?? []))
    for (const date of ['2026-01-22', '2026-02-05', '2026-02-19', '2026-02-26', '2026-03-26']) {
      expect([...paidOn]).toContain(date)
    }
    expect(ROWS.some((row) => row.states === 'A accepted')).toBe(true)
  })

  it('stands on both sides of all that facts §16 names for refunds', () => {
    for (const number of [1, 2, 3, 4, 7, 8, 9, 10, 11, 14]) {
      const rows = ROWS.filter((row) => row.note.startsWith(`facts §16.${number} `))
      expect([number, rows.length > 0]).toEqual([number, true])
    }
  })
})

function lineOf(row: RefundRow): RefundLine | null {
  const termination = terminationOf(row)
  if (termination === null) return null
  const { terminatedOn } = termination
  const refund = decideRefund(TERMS, termination, reviewsOf(row))
  return { refund, terminatedOn, reviewGrantedAt: row.reviewed_at === '' ? null : row.reviewed_at }
}

function expectedOf(row: RefundRow): object {
  return { decision: row.decision, reason: row.reason, amountKrw: Number(row.amount_krw) }
}

/** Two cases one fact apart: one stopped by the guard, the other one owed its refund. */
function isGuardCovered(reason: string, rows: readonly RefundRow[]): boolean {
  const inside = rows.filter((row) => row.reason === reason)
  const outside = rows.filter((row) => row.decision === 'refundable')
  return inside.some((row) => outside.some((other) => factsApart(row, other) === 1))
}

function isStateCovered(state: string, rows: readonly RefundRow[]): boolean {
  const inside = rows.filter((row) => hasState(row, state))
  const outside = rows.filter((row) => hasState(row, 'accepted') && !hasState(row, state))
  return inside.some((row) => outside.some((other) => factsApart(row, other) === 1))
}

function hasState(row: RefundRow, state: string): boolean {
  return partsOf(row.states).some((text) => text.split(' ')[1] === state)
}
