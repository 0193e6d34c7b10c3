/** The roaming bonus at each of its boundaries (facts §5). */
import { describe, expect, it } from 'vitest'
import { benefitsDue } from '../../src/rules/decide.js'
import { lineDecision, V1, type LineDraft } from './builders.js'

const inMarch = (draft: LineDraft = {}) => lineDecision('roaming_bonus', '2026-03', draft)

describe('the roaming bonus', () => {
  it('is half as much again from March to August', () => {
    expect(inMarch()).toEqual({
      outcome: 'granted',
      benefit: 'roaming_bonus',
      reason: 'ELIGIBLE',
      grant: {
        quantity: 50,
        unit: 'percent',
        option: null,
        validFrom: '2026-03-01',
        validTo: '2026-08-31',
      },
    })
  })

  it('falls due in March only', () => {
    const due = V1.periods.filter((it) => benefitsDue(V1, it).line.includes('roaming_bonus'))
    expect(due).toEqual(['2026-03'])
  })

  it.each([
    [null, 'ELIGIBLE'],
    ['2025-06-30', 'ELIGIBLE'],
    ['2026-01-31', 'ELIGIBLE'],
    ['2026-02-01', 'PROMOTION_EXTENDED'],
    ['2026-08-31', 'PROMOTION_EXTENDED'],
  ])('of a line whose promotion ends on %s is %s', (roamingPromotionEndsOn, reason) => {
    const decision = inMarch({ roamingPromotionEndsOn })
    expect(decision.reason).toBe(reason)
    expect(decision).toHaveProperty('grant', expect.objectContaining({ quantity: 50 }))
  })

  it.each<[string, LineDraft, string]>([
    ['a budget operator', { network: 'mvno' }, 'MVNO'],
    ['an IoT line', { lineKind: 'iot' }, 'IOT'],
    ['a terminated line', { statusAtStart: 'terminated' }, 'TERMINATED'],
    [
      'a terminated line with a promotion',
      { statusAtStart: 'terminated', roamingPromotionEndsOn: '2026-03-31' },
      'TERMINATED',
    ],
  ])('is refused to %s', (_, draft, reason) => {
    expect(inMarch(draft)).toEqual({ outcome: 'refused', benefit: 'roaming_bonus', reason })
  })

  it.each<[string, LineDraft]>([
    ['a tablet', { lineKind: 'tablet' }],
    ['a watch', { lineKind: 'watch' }],
    ['a prepaid line', { payment: 'prepaid' }],
    ['a suspended line', { statusAtBase: 'suspended', statusAtStart: 'suspended' }],
    ['a plan for minors', { planRestriction: 'minor' }],
  ])('is granted to %s', (_, draft) => {
    expect(inMarch(draft).reason).toBe('ELIGIBLE')
  })
})
