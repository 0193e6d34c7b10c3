/** Slots that there are and are not, values, versions by day, and what must not be in a text. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  render,
  SLOT_FORMS,
  templateVersion,
  versionOn,
} from '../../../src/rules/notices/template.js'
import type { Slot, SlotValues } from '../../../src/rules/notices/template.js'
import { ADVERTISING_END, templateFaults } from '../../../src/rules/notices/template-faults.js'
import { aVersion, unseenText, VALUES } from './notice-builders.js'

const DRAFT = { version: 1, effectiveFrom: '2026-01-01', source: 'test', subject: null } as const
const INFORMATION = ['[{senderName}] 안내', '{deadline}까지 신청해 주세요.']
const ADVERTISEMENT = ['(광고)[{senderName}] 안내', '선택해 주세요.', ...ADVERTISING_END]

describe('a text with a slot that there is not', () => {
  it('does not compile, and is refused when running', () => {
    // @ts-expect-error An amount has no slot.
    expect(() => templateVersion({ ...DRAFT, lines: ['{amount}원 환급'] })).toThrow('slots')
    // @ts-expect-error A name has none.
    expect(() => templateVersion({ ...DRAFT, lines: ['안내', '{customerName}님'] })).toThrow(
      'slots',
    )
    // @ts-expect-error An account has none, and a good slot before it does not let it in.
    const account = () => templateVersion({ ...DRAFT, lines: ['{helpDesk} {accountNumber}'] })
    expect(account).toThrow('slots')
    // @ts-expect-error Nor in a subject.
    const subject = () => templateVersion({ ...DRAFT, subject: '{amount}', lines: ['안내'] })
    expect(subject).toThrow('slots')
  })

  it('cannot come in as text that is not known when compiling', () => {
    const known: string = '{amount}'
    // @ts-expect-error It may hold anything.
    expect(() => templateVersion({ ...DRAFT, lines: [known] })).toThrow('slots')
    // @ts-expect-error Nor as a list of such texts.
    expect(() => templateVersion({ ...DRAFT, lines: [known].slice() })).toThrow('slots')
  })

  it.each([
    'amount',
    'amountKrw',
    'name',
    'customerName',
    'accountNumber',
    'phoneNumber',
    'code',
    '',
    ' helpDesk',
    'toString',
    '__proto__',
    'constructor',
  ])('%j is refused wherever it stands', (slot) => {
    expect(() => unseenText([`안내 {${slot}}`])).toThrow('slots')
    expect(() => unseenText(['안내', `{helpDesk}{${slot}}`])).toThrow('slots')
    expect(() => unseenText(['안내'], `{${slot}}`)).toThrow('slots')
  })

  it.each(['{', '}', '{{helpDesk}}', '{helpDesk', 'helpDesk}', '{helpDesk}}'])(
    'or the brace in %j',
    (text) => expect(() => unseenText([text])).toThrow(/slots/),
  )
})

describe('a text with its slots filled', () => {
  it('holds every value where its slot was', () => {
    const version = templateVersion({
      ...DRAFT,
      subject: '[{senderName}] {programmeName}',
      lines: ['{serviceName}: {deadline}', '', '{shortLink} {helpDesk}', '{optOutNumber}'],
    })
    expect(render(version, VALUES)).toEqual({
      subject: '[가나통신] 고객 보답 프로그램',
      text: '티빙 또는 디즈니+: 1월 31일 22시\n\nexample.org/refund 1588-0000\n080-000-0000',
    })
  })

  it('needs a value for each slot it has, and for no other', () => {
    const { helpDesk, ...others } = VALUES
    expect(() => render(unseenText(['{helpDesk}']), others)).toThrow('the slot helpDesk')
    expect(render(unseenText(['{helpDesk}']), { helpDesk }).text).toBe(helpDesk)
  })

  it.each<[Slot, string]>([
    ['programmeName', '고객 보답 프로그램 110,000원'],
    ['senderName', '010-2345-6789'],
    ['senderName', ''],
    ['deadline', '110000원'],
    ['deadline', '곧'],
    ['helpDesk', '010-2345-6789'],
    ['helpDesk', '02-123-4567'],
    ['optOutNumber', '1588-0000'],
    ['serviceName', '110-234-567890'],
    ['shortLink', 'example.org/a7f3'],
    ['shortLink', 'example.org/?line=1'],
    ['shortLink', 'https://example.org'],
    ['helpDesk', '114\n(광고)'],
  ])('refuses for %s what is not of its form, and does not repeat it: %j', (slot, value) => {
    const version = unseenText([`{${slot}}`])
    const attempt = () => render(version, { ...VALUES, [slot]: value })
    expect(attempt).toThrow(`a value fit for the slot ${slot}`)
    if (value !== '') expect(attempt).not.toThrow(value)
  })

  it('leaves nothing in braces and takes no value for a slot', () => {
    const slots = Object.keys(SLOT_FORMS) as Slot[]
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...slots), { minLength: 1 }), (chosen) => {
        const text = chosen.map((slot) => `{${slot}}`).join('|')
        const expected = chosen.map((slot) => VALUES[slot]).join('|')
        expect(render(unseenText([text]), VALUES).text).toBe(expected)
      }),
    )
  })
})

describe('versions', () => {
  const template = {
    template: 'any',
    versions: [aVersion(1, '2026-01-10'), aVersion(2, '2026-01-20'), aVersion(3, '2026-01-20')],
  }

  it.each([
    ['2026-01-09', undefined],
    ['2026-01-10', 1],
    ['2026-01-19', 1],
    ['2026-01-20', 3],
    ['2026-12-31', 3],
  ])('on %s the newest is %s', (day, expected) => {
    expect(versionOn(template, day)?.version).toBe(expected)
  })
})

describe('information', () => {
  it('has no fault when it says who writes', () => {
    expect(templateFaults(unseenText(INFORMATION), 'informational', VALUES)).toEqual([])
  })

  it.each([
    ['안내', ['NO_SENDER']],
    ['(광고)[{senderName}] 안내', ['MARKED_AS_ADVERTISING']],
    ['', ['NO_TEXT', 'NO_SENDER']],
    ['[{senderName}] 환급액 110,000원', ['AMOUNT']],
    ['[{senderName}] 환급액 11000 원', ['AMOUNT']],
    ['[{senderName}] 환급액 110000원', ['AMOUNT', 'LONG_NUMBER']],
    ['[{senderName}] 11만 원', ['AMOUNT']],
    ['[{senderName}] 11만4천원', ['AMOUNT']],
    ['[{senderName}] 십만 원', ['AMOUNT']],
    ['[{senderName}] 10,000', ['AMOUNT']],
    ['[{senderName}] ￦9', ['AMOUNT']],
    ['[{senderName}] krw 9', ['AMOUNT']],
    ['[{senderName}] １１０００원', ['AMOUNT']],
    ['[{senderName}] 110-234-567890', ['LONG_NUMBER']],
    ['[{senderName}] 010 2345 6789', ['LONG_NUMBER']],
    ['[{senderName}] 1961.04.09', ['LONG_NUMBER']],
    ['[{senderName}] １１０２３４', ['LONG_NUMBER']],
    ['[{senderName}] 뷁', ['NO_SUCH_CHARACTER U+BDC1']],
    ['[{senderName}] 😀', ['NO_SUCH_CHARACTER U+1F600']],
    [`[{senderName}] ${'가'.repeat(45)}`, ['NO_SUBJECT']],
    [`[{senderName}] ${'가'.repeat(1_000)}`, ['TOO_LONG']],
    ['[{senderName}] 직원이 지원해 드립니다. 만원 전철', ['AMOUNT']],
    ['[{senderName}] 병원 회원 지원 60일, 2년, 6개월, 1월 31일 22시', []],
  ])('of %j: %j', (text, expected) => {
    expect(templateFaults(unseenText([text]), 'informational', VALUES)).toEqual(expected)
  })

  it('may not have its amount or its number in the subject either', () => {
    const faults = (subject: string) => {
      return templateFaults(unseenText(INFORMATION, subject), 'informational', VALUES)
    }
    expect(faults('환급액 5만원')).toEqual(['AMOUNT'])
    expect(faults('계좌 110234567890')).toEqual(['LONG_NUMBER'])
    expect(faults('가'.repeat(20))).toEqual([])
    expect(faults(`${'가'.repeat(20)}a`)).toEqual(['SUBJECT_TOO_LONG'])
    expect(faults('안내 •')).toEqual(['NO_SUCH_CHARACTER U+2022'])
  })
})

describe('advertising', () => {
  it('has no fault with its mark, its sender and a free opt-out', () => {
    expect(templateFaults(unseenText(ADVERTISEMENT), 'advertising', VALUES)).toEqual([])
  })

  const [first = '', middle = '', sender = '', optOut = ''] = ADVERTISEMENT
  it.each([
    [['[{senderName}] 안내', middle, sender, optOut], null, ['NO_ADVERTISING_MARK']],
    [['( 광고 )[{senderName}] 안내', middle, sender, optOut], null, ['NO_ADVERTISING_MARK']],
    [['안내 (광고)', middle, sender, optOut], null, ['NO_ADVERTISING_MARK']],
    [ADVERTISEMENT, '[{senderName}] 안내', ['NO_ADVERTISING_MARK']],
    [ADVERTISEMENT, '(광고) 안내', []],
    [[first, middle, optOut], null, ['NO_SENDER']],
    [[first, middle, sender], null, ['NO_SENDER', 'NO_FREE_OPT_OUT']],
    [[first, middle, sender, '무료수신거부'], null, ['NO_FREE_OPT_OUT']],
    [[first, middle, sender, '수신거부 {helpDesk}'], null, ['NO_FREE_OPT_OUT']],
    [[first, middle, sender, optOut, '끝'], null, ['NO_SENDER', 'NO_FREE_OPT_OUT']],
    [INFORMATION, null, ['NO_ADVERTISING_MARK', 'NO_SENDER', 'NO_FREE_OPT_OUT']],
  ])('of %j under %j: %j', (lines, subject, expected) => {
    expect(templateFaults(unseenText(lines, subject), 'advertising', VALUES)).toEqual(expected)
  })

  it('cannot do without a number for opting out', () => {
    const { optOutNumber: _, ...values } = VALUES
    const without: SlotValues = values
    const attempt = () => templateFaults(unseenText(ADVERTISEMENT), 'advertising', without)
    expect(attempt).toThrow('the slot optOutNumber')
  })
})

it('an amount of any size is found, however it is written', () => {
  const written = (krw: number) => [
    `${krw}원`,
    `${krw} 원`,
    `${krw.toLocaleString('en-US')}원`,
    `₩${krw}`,
    `KRW ${krw}`,
    `${krw}만원`,
  ]
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 900_000 }), fc.nat(5), (krw, form) => {
      const text = `[{senderName}] ${written(krw)[form]} 안내`
      expect(templateFaults(unseenText([text]), 'informational', VALUES)).toContain('AMOUNT')
    }),
  )
})
