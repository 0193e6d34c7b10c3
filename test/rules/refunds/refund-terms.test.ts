/** The terms of refunds: cited, in the order of the contract, and standing for these decisions. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { isRealDate } from '../../../src/rules/calendar.js'
import { findVersion } from '../../../src/rules/programmes/registry.js'
import { applicationStates } from '../../../src/rules/refunds/application-state.js'
import { checkersNeeded } from '../../../src/rules/refunds/checkers-needed.js'
import { decideRefund } from '../../../src/rules/refunds/refund-decision.js'
import {
  APPLICATION_STATES,
  REFUND_REASONS,
  type RefundText,
} from '../../../src/rules/refunds/refund-reasons.js'
import { refundRulesVersion } from '../../../src/rules/refunds/refund-terms.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { V1, V2 } from '../builders.js'
import { anApplication, aTermination, NOW, OWED, TERMS } from './refund-builders.js'

describe('the terms of kt-2026', () => {
  it('cite a source for every parameter', () => {
    const text = JSON.stringify(TERMS)
    const values = text.match(/"value":/g) ?? []
    const sources = text.match(/"source":"(?:facts §|contracts §|A\d|house policy")/g) ?? []
    expect(values.length).toBeGreaterThan(20)
    expect(sources.length).toBe(values.length)
  })

  it('are the same in both versions; skt-2025 has none', () => {
    expect(V2.refunds).toBe(V1.refunds)
    expect(findVersion('skt-2025')?.refunds).toBeUndefined()
  })

  it('look at the exclusions in the order of the contract', () => {
    expect(TERMS.exclusions.map(({ value }) => value).join(' ')).toBe(
      'MVNO IOT EX_OFFICIO NOT_IN_USE_AT_REFUND_BASE CONTRACT_EVENT_SINCE_BASE RESUBSCRIBED ' +
        'HARDSHIP_REVIEW OUTSIDE_WINDOW NO_PENALTY PENALTY_UNPAID ALREADY_WAIVED VICTIM_DISCOUNT',
    )
  })

  it('name exclusions once, and waive only those they name', () => {
    const names = TERMS.exclusions.map(({ value }) => value)
    expect(new Set(names).size).toBe(names.length)
    expect(TERMS.waivable.value.filter((it) => !names.includes(it))).toEqual([])
  })

  it('have real dates and instants', () => {
    const { baseDate, terminated, contractEvents, resubscribed, payout, applications } = TERMS
    const rows = payout.matrix.value
    const dates = [
      baseDate.value,
      ...[terminated.value, resubscribed.value].flatMap(({ from, to }) => [from, to]),
      contractEvents.value.from,
      payout.retries.value.until,
      ...rows.flatMap(({ terminatedBy, appliedBy, paysOn }) => [
        terminatedBy,
        appliedBy ?? paysOn,
        paysOn,
      ]),
    ]
    expect(dates.filter((date) => !isRealDate(date))).toEqual([])
    const { opensAt, closesAt } = applications
    expect(Date.parse(opensAt.value)).toBeLessThan(Date.parse(closesAt.value))
    expect(rows.at(-1)).toMatchObject({ terminatedBy: terminated.value.to, appliedBy: null })
  })
})

describe('approval of a batch', () => {
  it.each([
    [0, 1],
    [1, 1],
    [10_000_000_000, 1],
    [10_000_000_001, 2],
    [79_000_000_000, 2],
  ])('of KRW %i needs %i besides its maker', (totalKrw, expected) => {
    expect(checkersNeeded(TERMS, totalKrw)).toBe(expected)
  })

  it('goes by the highest tier that is reached, in whatever order they stand', () => {
    const tiers = [
      { aboveKrw: 100, checkers: 3 },
      { aboveKrw: 0, checkers: 1 },
      { aboveKrw: 10, checkers: 2 },
    ]
    const terms = { ...TERMS, approvalTiers: { value: tiers, source: 'test' } }
    expect([5, 10, 11, 100, 101].map((krw) => checkersNeeded(terms, krw))).toEqual([1, 1, 2, 2, 3])
  })
})

describe('reasons and states', () => {
  const texts: readonly (readonly [string, RefundText])[] = [
    ...Object.entries(REFUND_REASONS),
    ...Object.entries(APPLICATION_STATES),
  ]

  it.each(texts)('%s has an English and a Korean sentence, and so has its remedy', (code, text) => {
    expect(code).toMatch(/^([A-Z][A-Z_]+|[a-z_]+)$/)
    for (const { en, ko } of [text, ...(text.remedy === null ? [] : [text.remedy])]) {
      expect(en).toMatch(/^[A-Z][^가-힣]*\.$/)
      expect(ko).toMatch(/[가-힣].*니다\.$/)
    }
  })

  it('are remedied where somebody can still do something', () => {
    const remedied = texts.filter(([, { remedy }]) => remedy !== null).map(([code]) => code)
    expect(remedied).toEqual([
      'HARDSHIP_REVIEW',
      'PENALTY_UNPAID',
      'VICTIM_DISCOUNT',
      'early',
      'late',
      'unknown_line',
      'held',
    ])
  })
})

describe('the version of the refund rules', () => {
  // An assessment names it, and a replay relies on it: whoever changes a decision raises it.
  it('stands for exactly these decisions and states; raise it together with the digest', () => {
    expect([refundRulesVersion, digestOfAll()]).toEqual(['1', '20f9254279944296'])
  })
})

function digestOfAll(): string {
  const hash = createHash('sha256')
  for (const termination of everyTermination()) {
    for (const outcome of ['granted', 'denied'] as const) {
      const waiver = { kind: 'exclusion_waived', outcome, exclusion: null } as const
      const all = [[], [{ kind: 'hardship', outcome } as const], [waiver]]
      hash.update(JSON.stringify(all.map((it) => decideRefund(TERMS, termination, it))))
    }
  }
  for (const terminatedOn of ['2025-12-31', '2026-01-01', '2026-01-14']) {
    for (const appliedAt of INSTANTS) {
      for (const later of [null, ...INSTANTS]) {
        for (const holderCheck of ['match', 'mismatch'] as const) {
          const drafts = [
            {},
            { withdrawnAt: later },
            { holdLiftedAt: later },
            { correctedAt: later },
          ]
          const line = { ...OWED, terminatedOn, reviewGrantedAt: later }
          for (const draft of drafts) {
            const it = anApplication({ appliedAt, holderCheck, ...draft })
            hash.update(JSON.stringify(applicationStates(TERMS, line, [it], NOW)))
          }
        }
      }
    }
  }
  return hash.digest('hex').slice(0, 16)
}

const INSTANTS = [
  '2026-01-14T08:59:59+09:00',
  '2026-01-18T23:59:59+09:00',
  '2026-01-19T00:00:00+09:00',
  '2026-01-31T22:00:00+09:00',
  '2026-02-19T12:00:00+09:00',
  '2026-03-27T12:00:00+09:00',
]

/** Each fact at its edges with the others plain, and the amounts and days in all combinations. */
function everyTermination(): readonly Termination[] {
  const facts: readonly Partial<Termination>[] = [
    {},
    { network: 'mvno' },
    { lineKind: 'iot' },
    { lineKind: 'watch' },
    { customerKind: 'corporate' },
    { terminationKind: 'ex_officio' },
    { activatedOn: '2025-08-31' },
    { activatedOn: '2025-09-01' },
    { contractEvent: 'renewal', contractEventOn: '2025-08-31' },
    { contractEvent: 'device_change', contractEventOn: '2025-09-01' },
    { resubscribedOn: '2026-01-13' },
    { resubscribedOn: '2026-01-14' },
    { hardship: 'military', hardshipEndedOn: '2026-01-05' },
    { victimDiscountOn: '2025-09-10' },
  ]
  const days = ['2025-08-31', '2025-09-01', '2026-01-13', '2026-01-14', '2026-01-19', '2026-01-20']
  return facts.flatMap((fact) =>
    days.flatMap((day) =>
      [0, 40_000, 300_000].flatMap((paidKrw) =>
        [0, 40_000].map((alreadyWaivedKrw) => {
          const terminatedAt = `${day}T12:00:00+09:00`
          return aTermination({ ...fact, terminatedAt, paidKrw, alreadyWaivedKrw })
        }),
      ),
    ),
  )
}
