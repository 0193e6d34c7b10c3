/** What a call-centre agent reads out, word for word. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Case, Period } from '../../src/rules/case.js'
import { explainLine } from '../../src/rules/explain.js'
import { tellExplanation, type Language } from '../../src/rules/tell-explanation.js'
import { anyCase, anyPeriod, anyVersion } from './arbitraries.js'
import { aCase, anApplicant, aPass, aPerson, SENIOR, V1 } from './builders.js'

describe('a grant is told with its amount and days', () => {
  it('of data', () => {
    expectTold('data', '2026-02', aCase(SENIOR, {}), {
      en: [
        'Monthly data for February 2026: granted.',
        'The line meets all conditions.',
        'The grant is 100 GB of data, valid from 1 February 2026 to 28 February 2026.',
      ],
      ko: [
        '2026년 2월 데이터 혜택은 제공 대상입니다.',
        '모든 조건을 충족하여 제공됩니다.',
        '제공 내용은 데이터 100GB이며, 이용 기간은 2026년 2월 1일부터 2026년 2월 28일까지입니다.',
      ],
    })
  })

  it('of roaming', () => {
    const it = aCase(SENIOR, { roamingPromotionEndsOn: '2026-02-28' })
    expectTold('roaming_bonus', '2026-03', it, {
      en: [
        'Roaming bonus for March 2026: granted.',
        'The roaming promotion of the line is extended.',
        'The grant is 50% more roaming data, valid from 1 March 2026 to 31 August 2026.',
      ],
      ko: [
        '2026년 3월 로밍 데이터 추가 혜택은 제공 대상입니다.',
        '이용 중인 로밍 프로모션이 연장됩니다.',
        '제공 내용은 로밍 데이터 50% 추가이며, 이용 기간은 2026년 3월 1일부터 2026년 8월 31일까지입니다.',
      ],
    })
  })

  it('of a pass, with the name of the service', () => {
    const it = aCase(SENIOR, { pass: aPass({ choice: 'disney_plus', issuedOn: '2026-03-31' }) })
    expectTold('ott_pass', '2026-03', it, {
      en: [
        'OTT pass for March 2026: granted.',
        'The service was chosen for the line.',
        'The grant is 6 months of Disney+, valid from 31 March 2026 to 30 September 2026.',
      ],
      ko: [
        '2026년 3월 OTT 이용권 혜택은 제공 대상입니다.',
        '선택하신 서비스가 제공됩니다.',
        '제공 내용은 디즈니+ 6개월이며, 이용 기간은 2026년 3월 31일부터 2026년 9월 30일까지입니다.',
      ],
    })
  })

  it('of insurance', () => {
    expectTold('insurance', '2026-02', aCase(SENIOR, {}), {
      en: [
        'Safety insurance for February 2026: granted.',
        'The customer is old enough at the base date to be enrolled without applying.',
        'The grant is 24 months, valid from 1 March 2026 to 29 February 2028.',
      ],
      ko: [
        '2026년 2월 안전·안심 보험 혜택은 제공 대상입니다.',
        '기준일에 만 65세 이상으로 신청 없이 자동 제공됩니다.',
        '제공 내용은 24개월이며, 이용 기간은 2026년 3월 1일부터 2028년 2월 29일까지입니다.',
      ],
    })
  })
})

describe('a refusal is told with what would change it', () => {
  it('by a choice, and until when', () => {
    expectTold('ott_pass', '2026-02', aCase(SENIOR, {}), {
      en: [
        'OTT pass for February 2026: not granted.',
        'No service has been chosen for the line.',
        'A service has to be chosen for the line within the choice period.',
        'This is possible from 1 February 2026 to 31 July 2026.',
      ],
      ko: [
        '2026년 2월 OTT 이용권 혜택은 제공 대상이 아닙니다.',
        '선택한 서비스가 없습니다.',
        '선택 기간 안에 서비스를 선택하시면 제공받으실 수 있습니다.',
        '가능한 기간은 2026년 2월 1일부터 2026년 7월 31일까지입니다.',
      ],
    })
  })

  it('by an application', () => {
    expectTold('insurance', '2026-04', aCase(aPerson('1990-01-01'), {}), {
      en: [
        'Safety insurance for April 2026: not granted.',
        'The customer is not enrolled automatically and has not applied.',
        'The customer has to apply within the application period.',
        'This is possible from 1 February 2026 to 31 July 2026.',
      ],
      ko: [
        '2026년 4월 안전·안심 보험 혜택은 제공 대상이 아닙니다.',
        '자동 가입 대상이 아니며 신청 내역이 없습니다.',
        '신청 기간 안에 신청하시면 제공받으실 수 있습니다.',
        '가능한 기간은 2026년 2월 1일부터 2026년 7월 31일까지입니다.',
      ],
    })
  })

  it('by each of two things, where both stand in the way', () => {
    const it = aCase(SENIOR, { planRestriction: 'minor', statusAtStart: 'suspended' })
    expectTold('data', '2026-05', it, {
      en: [
        'Monthly data for May 2026: not granted.',
        'The consent of a guardian is missing or came too late.',
        'The line was suspended when the benefit fell due.',
        'A guardian has to consent; what falls due or is applied for after that can be granted.',
        'The suspension has to be lifted; months that begin after that can be granted.',
      ],
      ko: [
        '2026년 5월 데이터 혜택은 제공 대상이 아닙니다.',
        '법정대리인 동의가 없거나 반영 기한 이후에 접수되었습니다.',
        '지급 시점에 이용정지 상태인 회선입니다.',
        '법정대리인께서 동의해 주시면, 그 이후의 지급분이나 새로 하신 신청부터 반영됩니다.',
        '이용정지를 해제하시면, 그 이후에 시작되는 달부터 제공받으실 수 있습니다.',
      ],
    })
  })

  it('by nothing at all, whatever else could be done', () => {
    const it = aCase(anApplicant('1990-01-01', ''), { network: 'mvno' })
    expectTold('insurance', '2026-02', it, {
      en: [
        'Safety insurance for February 2026: not granted.',
        'The line belongs to a budget operator on the network, not to the carrier itself.',
        'The customer is not enrolled automatically and has not applied.',
        'We are sorry: nothing can be done to change this.',
      ],
      ko: [
        '2026년 2월 안전·안심 보험 혜택은 제공 대상이 아닙니다.',
        '알뜰폰 회선은 대상이 아닙니다.',
        '자동 가입 대상이 아니며 신청 내역이 없습니다.',
        '죄송합니다만, 이 결과를 변경할 수 있는 방법은 없습니다.',
      ],
    })
  })

  it('by nothing that is needed, where another month holds it', () => {
    const it = aCase(SENIOR, { pass: aPass({ choice: null, grantedIn: '2026-02' }) })
    expectTold('ott_pass', '2026-04', it, {
      en: [
        'OTT pass for April 2026: not granted.',
        'The benefit was granted in another month of the programme.',
        'It was granted for February 2026, so nothing more is needed.',
      ],
      ko: [
        '2026년 4월 OTT 이용권 혜택은 제공 대상이 아닙니다.',
        '프로그램의 다른 달에 이미 제공된 혜택입니다.',
        '2026년 2월에 제공되었으므로 추가로 하실 일은 없습니다.',
      ],
    })
  })
})

it('a benefit that is not due is told with its months', () => {
  expectTold('membership', '2026-04', aCase(SENIOR, {}), {
    en: [
      'Membership discounts for April 2026: nothing falls due. ' +
        'The months of this benefit: February 2026.',
    ],
    ko: ['2026년 4월은 멤버십 할인 혜택의 제공 월이 아닙니다. 제공 월은 2026년 2월입니다.'],
  })
})

it('every explanation is told in whole sentences of its language, none empty', () => {
  fc.assert(
    fc.property(anyVersion, anyPeriod, anyCase, (version, period, it) => {
      for (const explanation of explainLine(version, period, it, 0)) {
        const english = tellExplanation(period, explanation, 'en')
        const korean = tellExplanation(period, explanation, 'ko')
        expect(korean.length).toBe(english.length)
        expect(english.filter((text) => !/^[A-Z][^가-힣]*\.$/.test(text))).toEqual([])
        expect(korean.filter((text) => !/니다(\([가-힣]+\))?\.$/.test(text))).toEqual([])
      }
    }),
  )
})

function expectTold(
  benefit: string,
  period: Period,
  it: Case,
  expected: Readonly<Record<Language, readonly string[]>>,
): void {
  const explanation = explainLine(V1, period, it, 0).find((told) => told.benefit === benefit)
  if (explanation === undefined) throw new Error(`${benefit} is not explained`)
  expect(tellExplanation(period, explanation, 'en')).toEqual(expected.en)
  expect(tellExplanation(period, explanation, 'ko')).toEqual(expected.ko)
}
