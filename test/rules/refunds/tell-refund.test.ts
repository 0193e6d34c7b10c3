/** What a call-centre agent reads out about a refund, word for word. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applicationStates } from '../../../src/rules/refunds/application-state.js'
import { explainRefund } from '../../../src/rules/refunds/explain-refund.js'
import type { Review } from '../../../src/rules/refunds/review.js'
import { tellApplication, tellRefund } from '../../../src/rules/refunds/tell-refund.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { anyApplications, anyReviews, anyTermination } from './refund-arbitraries.js'
import { aTermination, NOW, OWED, TERMS } from './refund-builders.js'

describe('a refund is told', () => {
  it('with its amount, where it is owed', () => {
    expectTold(aTermination({ paidKrw: 1_253_500, subsidyClawbackKrw: 1_234_567 }), {
      en: [
        'Refund of the penalty: KRW 1,234,567 is owed.',
        'The penalty that was paid is refunded.',
      ],
      ko: ['위약금 환급 금액은 1,234,567원입니다.', '납부하신 위약금은 환급 대상입니다.'],
    })
  })

  it('with what would change it, where something would', () => {
    expectTold(aTermination({ paidKrw: 0 }), {
      en: [
        'Refund of the penalty: nothing is owed.',
        'The penalty has not been paid, so there is nothing to pay back yet.',
        'The penalty has to be paid first; what is paid can then be refunded.',
      ],
      ko: [
        '위약금 환급 대상이 아닙니다.',
        '위약금이 아직 납부되지 않아 환급할 금액이 없습니다.',
        '위약금을 먼저 납부하시면 납부하신 금액을 환급받으실 수 있습니다.',
      ],
    })
  })

  it('without false hopes, where one reason stands for good', () => {
    expectTold(aTermination({ network: 'mvno', paidKrw: 0 }), {
      en: [
        'Refund of the penalty: nothing is owed.',
        'The line belonged to a budget operator on the network, not to the carrier itself.',
        'The penalty has not been paid, so there is nothing to pay back yet.',
        'We are sorry: nothing can be done to change this.',
      ],
      ko: [
        '위약금 환급 대상이 아닙니다.',
        '알뜰폰 회선은 환급 대상이 아닙니다.',
        '위약금이 아직 납부되지 않아 환급할 금액이 없습니다.',
        '죄송합니다만, 이 결과를 변경할 수 있는 방법은 없습니다.',
      ],
    })
  })

  it('with what a person needs, where one has to decide', () => {
    const it = aTermination({
      terminatedAt: '2026-03-12T09:00:00+09:00',
      hardship: 'military',
      hardshipEndedOn: '2026-03-10',
    })
    expectTold(it, {
      en: [
        'Refund of the penalty: a person has to decide.',
        'The line was terminated late for a reason that a person has to look at.',
        'The line was terminated outside the waiver period.',
        'The customer has to hand in proof of the reason; a person then decides.',
      ],
      ko: [
        '위약금 환급 여부는 담당자의 심사가 필요합니다.',
        '부득이한 사유로 기간 이후에 해지하신 건으로, 담당자의 심사가 필요합니다.',
        '위약금 면제 기간에 해지된 회선이 아닙니다.',
        '사유를 증명하는 서류를 제출해 주시면 담당자가 심사합니다.',
      ],
    })
    const refused = [{ kind: 'hardship', outcome: 'denied' }] as const
    expectTold(
      it,
      {
        en: [
          'Refund of the penalty: nothing is owed.',
          'The line was terminated outside the waiver period.',
          'We are sorry: nothing can be done to change this.',
        ],
        ko: [
          '위약금 환급 대상이 아닙니다.',
          '위약금 면제 기간에 해지된 회선이 아닙니다.',
          '죄송합니다만, 이 결과를 변경할 수 있는 방법은 없습니다.',
        ],
      },
      refused,
    )
  })
})

describe('an application is told', () => {
  const told = (state: 'accepted' | 'held' | 'duplicate', payoutOn: string | null = null) =>
    (['en', 'ko'] as const).map((language) =>
      tellApplication({ applicationId: 'A', state, payoutOn }, language),
    )

  it('with its payout date', () => {
    expect(told('accepted', '2026-02-05')).toEqual([
      ['The application is accepted.', 'It is paid on 5 February 2026.'],
      ['신청이 접수되어 지급 예정입니다.', '지급일은 2026년 2월 5일입니다.'],
    ])
  })

  it('as unclaimed, where no payout date is left', () => {
    expect(told('accepted')[0]?.[1]).toMatch(/^No payout date is left/)
  })

  it('with what can be done, if anything', () => {
    expect(told('held')[0]).toEqual([
      'The holder of the account has not been confirmed.',
      'An account in the right name has to be given, or proof why it is in another.',
    ])
    expect(told('duplicate')[1]).toEqual(['같은 회선에 대해 먼저 접수된 신청이 적용됩니다.'])
  })
})

it('everything is told in whole sentences of its language, as many in both', () => {
  fc.assert(
    fc.property(
      anyTermination,
      anyReviews,
      anyApplications,
      (termination, reviews, applications) => {
        const explanation = explainRefund(TERMS, termination, reviews)
        const states = applicationStates(TERMS, OWED, applications, NOW)
        const inLanguage = (language: 'en' | 'ko') => [
          ...tellRefund(explanation, language),
          ...states.flatMap((state) => tellApplication(state, language)),
        ]
        const [english, korean] = [inLanguage('en'), inLanguage('ko')]
        expect(korean.length).toBe(english.length)
        expect(english.filter((text) => !/^[A-Z][^가-힣]*\.$/.test(text))).toEqual([])
        expect(korean.filter((text) => !text.endsWith('니다.'))).toEqual([])
      },
    ),
  )
})

function expectTold(
  termination: Termination,
  expected: Readonly<Record<'en' | 'ko', readonly string[]>>,
  reviews: readonly Review[] = [],
): void {
  const explanation = explainRefund(TERMS, termination, reviews)
  expect(tellRefund(explanation, 'en')).toEqual(expected.en)
  expect(tellRefund(explanation, 'ko')).toEqual(expected.ko)
}
