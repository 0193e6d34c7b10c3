/** The monthly data grant at each of its boundaries (facts §4). */
import { describe, expect, it } from 'vitest'
import { benefitsDue } from '../../src/rules/decide.js'
import { lineDecision, V1, type LineDraft } from './builders.js'

const minor = (guardianConsentOn: string | null): LineDraft => ({
  planRestriction: 'minor',
  guardianConsentOn,
})

describe('the data grant', () => {
  it.each([
    ['2026-02', '2026-02-01', '2026-02-28'],
    ['2026-03', '2026-03-01', '2026-03-31'],
    ['2026-04', '2026-04-01', '2026-04-30'],
    ['2026-05', '2026-05-01', '2026-05-31'],
    ['2026-06', '2026-06-01', '2026-06-30'],
    ['2026-07', '2026-07-01', '2026-07-31'],
  ])('is 100 GB for %s, valid from %s to %s', (period, validFrom, validTo) => {
    expect(lineDecision('data', period)).toEqual({
      outcome: 'granted',
      benefit: 'data',
      reason: 'ELIGIBLE',
      grant: { quantity: 102_400, unit: 'MB', option: null, validFrom, validTo },
    })
  })

  it('falls due in every month of the programme', () => {
    expect(V1.periods.filter((period) => benefitsDue(V1, period).line.includes('data'))).toEqual(
      V1.periods,
    )
  })

  it.each<[string, LineDraft, string]>([
    ['a budget operator', { network: 'mvno' }, 'MVNO'],
    ['an IoT line', { lineKind: 'iot' }, 'IOT'],
    ['a tablet', { lineKind: 'tablet' }, 'SECOND_DEVICE'],
    ['a watch', { lineKind: 'watch' }, 'SECOND_DEVICE'],
    ['a prepaid line', { payment: 'prepaid' }, 'PREPAID'],
    ['a line suspended at the base date', { statusAtBase: 'suspended' }, 'SUSPENDED_AT_BASE'],
    ['a plan for minors without consent', minor(null), 'GUARDIAN_CONSENT_MISSING'],
    ['a terminated line', { statusAtStart: 'terminated' }, 'TERMINATED'],
    ['a suspended line', { statusAtStart: 'suspended' }, 'SUSPENDED'],
  ])('is refused to %s', (_, draft, reason) => {
    const expected = { outcome: 'refused', benefit: 'data', reason }
    expect(lineDecision('data', '2026-02', draft)).toEqual(expected)
  })

  it('stays refused to a line that was suspended at the base date and resumed (A19)', () => {
    const draft: LineDraft = { statusAtBase: 'suspended', statusAtStart: 'active' }
    expect(lineDecision('data', '2026-07', draft).reason).toBe('SUSPENDED_AT_BASE')
  })

  it.each([
    ['2026-02', '2026-01-20', 'ELIGIBLE'],
    ['2026-02', '2026-01-21', 'GUARDIAN_CONSENT_MISSING'],
    ['2026-03', '2026-01-21', 'ELIGIBLE'],
    ['2026-03', '2026-02-20', 'ELIGIBLE'],
    ['2026-03', '2026-02-21', 'GUARDIAN_CONSENT_MISSING'],
    ['2026-04', '2026-02-21', 'ELIGIBLE'],
    ['2026-07', '2026-06-20', 'ELIGIBLE'],
    ['2026-07', '2026-06-21', 'GUARDIAN_CONSENT_MISSING'],
    ['2026-02', '2019-12-31', 'ELIGIBLE'],
  ])('for %s with a consent of %s gives %s (A17)', (period, consentOn, reason) => {
    expect(lineDecision('data', period, minor(consentOn)).reason).toBe(reason)
  })

  it('needs no consent where the plan is not restricted', () => {
    const draft: LineDraft = { planRestriction: 'none', guardianConsentOn: '2026-09-01' }
    expect(lineDecision('data', '2026-02', draft).reason).toBe('ELIGIBLE')
  })
})
