/** What keeps a text from being sent: marks of advertising, size, amounts and numbers in it. */
import type { MessageClass } from './audience.js'
import { messageSize } from './message-size.js'
import { render, type SlotValues, type TemplateVersion } from './template.js'

export type TemplateFault =
  | 'NO_TEXT'
  /** An amount of money (A39). */
  | 'AMOUNT'
  /** Digits that may be an account, a telephone number or a birth date; those come by slots. */
  | 'LONG_NUMBER'
  | 'NO_ADVERTISING_MARK'
  | 'NO_SENDER'
  | 'NO_FREE_OPT_OUT'
  /** Information that calls itself advertising. */
  | 'MARKED_AS_ADVERTISING'
  /** An LMS is shown with a subject. */
  | 'NO_SUBJECT'
  | 'SUBJECT_TOO_LONG'
  | 'TOO_LONG'
  /** Followed by its code point: EUC-KR lacks it. */
  | `NO_SUCH_CHARACTER U+${string}`

export const ADVERTISING_MARK = '(광고)'
/** How an advertisement ends: the sender's name and number, and how to opt out for nothing. */
export const ADVERTISING_END = ['{senderName} {helpDesk}', '무료수신거부 {optOutNumber}'] as const
/** House policy: longer ones are cut off on older handsets. */
export const SUBJECT_BYTES = 40

/**
 * All faults of a version with the values that it is sent with, none twice.
 * @throws AssertionFailure where a slot of the text has no fitting value.
 */
export function templateFaults(
  version: TemplateVersion,
  messageClass: MessageClass,
  values: SlotValues,
): readonly TemplateFault[] {
  const faults = [
    ...wordingFaults(version, values),
    ...(messageClass === 'advertising' ? advertisingFaults(version) : informationFaults(version)),
    ...sizeFaults(version, values),
  ]
  return [...new Set(faults)]
}

/** Amounts as numbers and in words: `110,000원`, `11만 원`, `₩110000`, `십만원`. */
const AMOUNT = /\d[\d,.]*\s*[십백천만억조]*\s*원|[십백천만억조]\s?원|[₩￦]|KRW|\d,\d{3}/i
/** Six digits and more, whatever separates them. */
const LONG_NUMBER = /\d(?:[ .-]?\d){5}/
const PLACES = /\{[^{}]*\}/g

function wordingFaults(version: TemplateVersion, values: SlotValues): TemplateFault[] {
  const { subject, text } = render(version, values)
  // Full-width figures are figures.
  const whole = `${subject ?? ''}\n${text}`.normalize('NFKC')
  // Of what the slots bring, telephone numbers are meant to be there.
  const wording = [version.subject ?? '', ...version.lines]
    .join('\n')
    .replaceAll(PLACES, '·')
    .normalize('NFKC')
  return [
    ...(text.trim() === '' ? (['NO_TEXT'] as const) : []),
    ...(AMOUNT.test(whole) ? (['AMOUNT'] as const) : []),
    ...(LONG_NUMBER.test(wording) ? (['LONG_NUMBER'] as const) : []),
  ]
}

/** Required by law of every advertisement, in its subject as in its text (facts §13.2). */
function advertisingFaults({ subject, lines }: TemplateVersion): TemplateFault[] {
  const beginnings = [lines[0] ?? '', ...(subject === null ? [] : [subject])]
  const isMarked = beginnings.every((it) => it.startsWith(ADVERTISING_MARK))
  const [sender, optOut] = lines.slice(-2)
  return [
    ...(isMarked ? [] : (['NO_ADVERTISING_MARK'] as const)),
    ...(sender === ADVERTISING_END[0] ? [] : (['NO_SENDER'] as const)),
    ...(optOut === ADVERTISING_END[1] ? [] : (['NO_FREE_OPT_OUT'] as const)),
  ]
}

/** Whoever gets it has to see who writes, though nothing needs a mark. */
function informationFaults({ subject, lines }: TemplateVersion): TemplateFault[] {
  const whole = [subject ?? '', ...lines].join('\n')
  return [
    ...(whole.includes(ADVERTISING_MARK) ? (['MARKED_AS_ADVERTISING'] as const) : []),
    ...(lines[0]?.includes('{senderName}') === true ? [] : (['NO_SENDER'] as const)),
  ]
}

function sizeFaults(version: TemplateVersion, values: SlotValues): TemplateFault[] {
  const { subject, text } = render(version, values)
  const size = messageSize(text)
  const faults = subject === null ? [] : subjectFaults(subject)
  if (size.outcome === 'no_such_character') return [lacking(size.codePoint), ...faults]
  if (size.outcome === 'too_long') return ['TOO_LONG', ...faults]
  return size.kind === 'LMS' && subject === null ? ['NO_SUBJECT'] : faults
}

function subjectFaults(subject: string): TemplateFault[] {
  const size = messageSize(subject)
  if (size.outcome === 'no_such_character') return [lacking(size.codePoint)]
  return size.bytes > SUBJECT_BYTES ? ['SUBJECT_TOO_LONG'] : []
}

function lacking(codePoint: string): TemplateFault {
  return `NO_SUCH_CHARACTER ${codePoint as `U+${string}`}`
}
