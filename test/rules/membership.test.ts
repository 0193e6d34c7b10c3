/** The membership discounts at each of their boundaries (facts §7). */
import { describe, expect, it } from 'vitest'
import { benefitsDue } from '../../src/rules/decide.js'
import { lineDecision, V1, type LineDraft } from './builders.js'

const inFebruary = (draft: LineDraft = {}) => lineDecision('membership', '2026-02', draft)

describe('the membership discounts', () => {
  it('run for six months from February', () => {
    expect(inFebruary()).toEqual({
      outcome: 'granted',
      benefit: 'membership',
      reason: 'ELIGIBLE',
      grant: {
        quantity: 6,
        unit: 'months',
        option: null,
        validFrom: '2026-02-01',
        validTo: '2026-07-31',
      },
    })
  })

  it('fall due in February only', () => {
    const due = V1.periods.filter((it) => benefitsDue(V1, it).line.includes('membership'))
    expect(due).toEqual(['2026-02'])
  })

  it.each<[string, LineDraft, string]>([
    ['a budget operator', { network: 'mvno' }, 'MVNO'],
    ['an IoT line', { lineKind: 'iot' }, 'IOT'],
    ['a tablet', { lineKind: 'tablet' }, 'SECOND_DEVICE'],
    ['a watch', { lineKind: 'watch' }, 'SECOND_DEVICE'],
    ['a terminated line', { statusAtStart: 'terminated' }, 'TERMINATED'],
  ])('are refused to %s', (_, draft, reason) => {
    expect(inFebruary(draft)).toEqual({ outcome: 'refused', benefit: 'membership', reason })
  })

  it.each<[string, LineDraft]>([
    ['a prepaid line', { payment: 'prepaid' }],
    ['a line suspended at the base date', { statusAtBase: 'suspended' }],
    ['a suspended line', { statusAtStart: 'suspended' }],
    ['a plan for minors without consent', { planRestriction: 'minor' }],
  ])('are granted to %s', (_, draft) => {
    expect(inFebruary(draft).reason).toBe('ELIGIBLE')
  })
})
