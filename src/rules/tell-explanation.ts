/**
 * An explanation as sentences that a call-centre agent can read out, in Korean or English. Nothing
 * is worked out here: outcome, reasons, dates and remedies are the explanation's own.
 */
import type { IsoDate, Period } from './case.js'
import type { Benefit, Grant } from './decision.js'
import type { Explanation } from './explain.js'
import { REASONS, type ReasonCode, type Sentence } from './reason-codes.js'

export type Language = keyof Sentence

/** The first sentence says what is granted or not; reasons, the grant and remedies follow it. */
export function tellExplanation(
  period: Period,
  explanation: Explanation,
  language: Language,
): readonly string[] {
  const voice = VOICES[language]
  const { benefit, outcome, duePeriods, grant } = explanation
  const name = BENEFIT_NAMES[benefit][language]
  const month = voice.month(period)
  const reasons = reasonsTold(explanation).map((reason) => REASONS[reason][language])
  switch (outcome) {
    case 'not_due':
      return [voice.notDue(name, month, duePeriods.map(voice.month))]
    case 'granted':
      return [voice.granted(name, month), ...reasons, ...(grant ? [tellGrant(grant, voice)] : [])]
    case 'refused':
      return [voice.refused(name, month), ...reasons, ...tellRemedies(explanation, language)]
  }
}

/** What is held already needs no choice and no application, so their want is not told after it. */
function reasonsTold({ allReasons }: Explanation): readonly ReasonCode[] {
  const held = allReasons.indexOf('ALREADY_GRANTED')
  return held < 0 ? allReasons : allReasons.slice(0, held + 1)
}

function tellGrant(grant: Grant, voice: Voice): string {
  return voice.grant(voice.amount(grant), voice.day(grant.validFrom), voice.day(grant.validTo))
}

/** Where one refusal stands for good, a remedy for another one would raise false hopes. */
function tellRemedies({ remedies, factsUsed }: Explanation, language: Language): readonly string[] {
  const voice = VOICES[language]
  const { granted_in: grantedIn, window_from: from, window_to: to } = factsUsed
  if (typeof grantedIn === 'string') return [voice.grantedIn(voice.month(grantedIn))]
  const sentences: string[] = []
  for (const { remedy } of remedies) {
    if (remedy === null) return [voice.nothingHelps]
    sentences.push(remedy[language])
  }
  const isTimed = remedies.some(({ reason }) => WITHIN_WINDOW.includes(reason))
  if (!isTimed || typeof from !== 'string' || typeof to !== 'string') return sentences
  return [...sentences, voice.window(voice.day(from), voice.day(to))]
}

/** Refusals that end with something done within the benefit's window. */
const WITHIN_WINDOW: readonly ReasonCode[] = ['NO_CHOICE', 'NO_APPLICATION']

const BENEFIT_NAMES: Readonly<Record<Benefit, Sentence>> = {
  data: { en: 'Monthly data', ko: '데이터' },
  roaming_bonus: { en: 'Roaming bonus', ko: '로밍 데이터 추가' },
  membership: { en: 'Membership discounts', ko: '멤버십 할인' },
  ott_pass: { en: 'OTT pass', ko: 'OTT 이용권' },
  insurance: { en: 'Safety insurance', ko: '안전·안심 보험' },
}

/** Services that have a name of their own; another one is told as the input files call it. */
const OPTION_NAMES: Readonly<Record<string, Sentence>> = {
  tving: { en: 'Tving', ko: '티빙' },
  disney_plus: { en: 'Disney+', ko: '디즈니+' },
}

interface Voice {
  readonly granted: (name: string, month: string) => string
  readonly refused: (name: string, month: string) => string
  readonly notDue: (name: string, month: string, dueMonths: readonly string[]) => string
  readonly grant: (amount: string, from: string, to: string) => string
  readonly grantedIn: (month: string) => string
  readonly window: (from: string, to: string) => string
  readonly nothingHelps: string
  readonly amount: (grant: Grant) => string
  readonly month: (period: Period) => string
  readonly day: (date: IsoDate) => string
}

const ENGLISH: Voice = {
  granted: (name, month) => `${name} for ${month}: granted.`,
  refused: (name, month) => `${name} for ${month}: not granted.`,
  notDue: (name, month, dueMonths) =>
    `${name} for ${month}: nothing falls due. The months of this benefit: ${dueMonths.join(', ')}.`,
  grant: (amount, from, to) => `The grant is ${amount}, valid from ${from} to ${to}.`,
  grantedIn: (month) => `It was granted for ${month}, so nothing more is needed.`,
  window: (from, to) => `This is possible from ${from} to ${to}.`,
  nothingHelps: 'We are sorry: nothing can be done to change this.',
  amount: ({ quantity, unit, option }) => {
    if (unit === 'MB') return `${gigabytes(quantity, ' ')} of data`
    if (unit === 'percent') return `${quantity}% more roaming data`
    return option === null ? `${quantity} months` : `${quantity} months of ${named(option).en}`
  },
  month: (period) => `${MONTH_NAMES[Number(period.slice(5, 7)) - 1]} ${period.slice(0, 4)}`,
  day: (date) => `${Number(date.slice(8))} ${ENGLISH.month(date)}`,
}

/** Each noun is followed by one that is always the same, so that particles fit any name. */
const KOREAN: Voice = {
  granted: (name, month) => `${month} ${name} 혜택은 제공 대상입니다.`,
  refused: (name, month) => `${month} ${name} 혜택은 제공 대상이 아닙니다.`,
  notDue: (name, month, dueMonths) =>
    `${month}은 ${name} 혜택의 제공 월이 아닙니다. 제공 월은 ${dueMonths.join(', ')}입니다.`,
  grant: (amount, from, to) =>
    `제공 내용은 ${amount}이며, 이용 기간은 ${from}부터 ${to}까지입니다.`,
  grantedIn: (month) => `${month}에 제공되었으므로 추가로 하실 일은 없습니다.`,
  window: (from, to) => `가능한 기간은 ${from}부터 ${to}까지입니다.`,
  nothingHelps: '죄송합니다만, 이 결과를 변경할 수 있는 방법은 없습니다.',
  amount: ({ quantity, unit, option }) => {
    if (unit === 'MB') return `데이터 ${gigabytes(quantity, '')}`
    if (unit === 'percent') return `로밍 데이터 ${quantity}% 추가`
    return option === null ? `${quantity}개월` : `${named(option).ko} ${quantity}개월`
  },
  month: (period) => `${period.slice(0, 4)}년 ${Number(period.slice(5, 7))}월`,
  day: (date) => `${KOREAN.month(date)} ${Number(date.slice(8))}일`,
}

const VOICES: Readonly<Record<Language, Voice>> = { en: ENGLISH, ko: KOREAN }

function named(option: string): Sentence {
  return OPTION_NAMES[option] ?? { en: option, ko: option }
}

/** 1 GB is 1,024 MB (contracts §1). */
function gigabytes(megabytes: number, gap: string): string {
  return megabytes % 1_024 === 0 ? `${megabytes / 1_024}${gap}GB` : `${megabytes}${gap}MB`
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
