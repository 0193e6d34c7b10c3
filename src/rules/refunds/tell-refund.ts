/**
 * A refund and its applications as sentences that a call-centre agent can read out, in Korean or
 * English. Nothing is worked out here.
 */
import type { IsoDate } from '../case.js'
import type { Language } from '../tell-explanation.js'
import type { StatedApplication } from './application-state.js'
import type { RefundExplanation } from './explain-refund.js'
import type { RefundDecision } from './refund-decision.js'
import { APPLICATION_STATES, REFUND_REASONS, type RefundText } from './refund-reasons.js'

/** The first sentence says what is owed or not; the reasons and what can be done follow it. */
export function tellRefund(explanation: RefundExplanation, language: Language): readonly string[] {
  const reasons = explanation.allReasons.map((reason) => REFUND_REASONS[reason][language])
  return [VOICES[language].headline(explanation), ...reasons, ...remedies(explanation, language)]
}

/** The state, then when it is paid, or what can be done. */
export function tellApplication(
  { state, payoutOn }: StatedApplication,
  language: Language,
): readonly string[] {
  const text: RefundText = APPLICATION_STATES[state]
  const voice = VOICES[language]
  if (state !== 'accepted') {
    return text.remedy === null ? [text[language]] : [text[language], text.remedy[language]]
  }
  return [text[language], payoutOn === null ? voice.noDateLeft : voice.paidOn(voice.day(payoutOn))]
}

/** Where one reason stands for good, a remedy for another one would raise false hopes. */
function remedies({ remedies: all }: RefundExplanation, language: Language): readonly string[] {
  // Whoever is let through as a hardship is inside the window by that.
  const isReviewed = all.some(({ reason }) => reason === 'HARDSHIP_REVIEW')
  const open = all.filter(({ reason }) => !isReviewed || reason !== 'OUTSIDE_WINDOW')
  const sentences: string[] = []
  for (const { remedy } of open) {
    if (remedy === null) return [VOICES[language].nothingHelps]
    sentences.push(remedy[language])
  }
  return sentences
}

interface Voice {
  readonly headline: (refund: RefundDecision) => string
  readonly paidOn: (day: string) => string
  readonly noDateLeft: string
  readonly nothingHelps: string
  readonly day: (date: IsoDate) => string
}

const ENGLISH: Voice = {
  headline: ({ decision, amountKrw }) => {
    if (decision === 'refundable')
      return `Refund of the penalty: KRW ${grouped(amountKrw)} is owed.`
    return decision === 'review'
      ? 'Refund of the penalty: a person has to decide.'
      : 'Refund of the penalty: nothing is owed.'
  },
  paidOn: (day) => `It is paid on ${day}.`,
  noDateLeft: 'No payout date is left; the refund is kept as unclaimed and can still be paid.',
  nothingHelps: 'We are sorry: nothing can be done to change this.',
  day: (date) => `${numbered(date, 8)} ${MONTH_NAMES[numbered(date, 5) - 1]} ${date.slice(0, 4)}`,
}

const KOREAN: Voice = {
  headline: ({ decision, amountKrw }) => {
    if (decision === 'refundable') return `위약금 환급 금액은 ${grouped(amountKrw)}원입니다.`
    return decision === 'review'
      ? '위약금 환급 여부는 담당자의 심사가 필요합니다.'
      : '위약금 환급 대상이 아닙니다.'
  },
  paidOn: (day) => `지급일은 ${day}입니다.`,
  noDateLeft: '남은 지급일이 없어 미환급금으로 보관되며, 이후에도 지급받으실 수 있습니다.',
  nothingHelps: '죄송합니다만, 이 결과를 변경할 수 있는 방법은 없습니다.',
  day: (date) => `${date.slice(0, 4)}년 ${numbered(date, 5)}월 ${numbered(date, 8)}일`,
}

const VOICES: Readonly<Record<Language, Voice>> = { en: ENGLISH, ko: KOREAN }

/** 1234567 as 1,234,567. */
function grouped(amountKrw: number): string {
  return String(amountKrw).replace(/\B(?=(\d{3})+$)/g, ',')
}

function numbered(date: IsoDate, from: number): number {
  return Number(date.slice(from, from + 2))
}

const MONTH_NAMES: readonly string[] = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
