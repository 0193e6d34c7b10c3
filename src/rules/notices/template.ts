/**
 * Texts with named slots. There is a slot for nothing that is a person's own: an amount, a name or
 * an account in a text does not compile, and is refused where it is read from elsewhere (A39).
 */
import { assert } from '../../assert.js'
import type { IsoDate } from '../case.js'

/** What may be put into a text, and the form it must have: room for no token and no amount. */
export const SLOT_FORMS = {
  programmeName: /^[가-힣A-Za-z ]{2,20}$/,
  senderName: /^[가-힣A-Za-z ]{1,10}$/,
  /** `1월 31일 22시`, or the day alone. */
  deadline: /^\d{1,2}월 \d{1,2}일( \d{1,2}시)?$/,
  /** A free number, a nationwide one or a short one; never a mobile one. */
  helpDesk: /^(080-\d{3,4}-\d{4}|1\d{3}-\d{4}|1\d{2})$/,
  /** Opting out has to be free (facts §13.2). */
  optOutNumber: /^080-\d{3,4}-\d{4}$/,
  serviceName: /^[가-힣A-Za-z+ ]{2,30}$/,
  /** An address for all: no digits and no query, as the token of one person would have. */
  shortLink: /^[a-z-]+(\.[a-z-]+)+(\/[a-z-]+)?$/,
} as const satisfies Readonly<Record<string, RegExp>>

export type Slot = keyof typeof SLOT_FORMS
export type SlotValues = Readonly<Partial<Record<Slot, string>>>

export interface Template {
  readonly template: string
  /** Ascending by their number and by the day from which they count. */
  readonly versions: readonly TemplateVersion[]
}

declare const written: unique symbol

/** Made by `templateVersion` alone. */
export type TemplateVersion = Draft & { readonly [written]: true }

interface Draft {
  readonly version: number
  /** The first day, in the programme's zone, on which rounds are prepared with it. */
  readonly effectiveFrom: IsoDate
  readonly source: string
  /** Shown above an LMS; null for a text that goes as SMS. */
  readonly subject: string | null
  /** Joined by line feeds. */
  readonly lines: readonly string[]
}

/** The names between braces. */
type SlotsIn<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}`
  ? Name | SlotsIn<Rest>
  : never

/** The text itself; text that is not known when compiling, or has another slot, is no text. */
type Written<Text> = Text extends string
  ? string extends Text
    ? { readonly writeItOut: true }
    : SlotsIn<Text> extends Slot
      ? Text
      : { readonly noSuchSlot: Exclude<SlotsIn<Text>, Slot> }
  : Text

/**
 * Texts are written out where they stand, so that their slots are known when compiling.
 * @throws AssertionFailure on a slot that there is not, or a brace on its own.
 */
export function templateVersion<
  const Subject extends string | null,
  const Lines extends readonly string[],
>(
  draft: Omit<Draft, 'subject' | 'lines'> & {
    readonly subject: Subject & Written<Subject>
    readonly lines: Lines & { readonly [At in keyof Lines]: Written<Lines[At]> }
  },
): TemplateVersion {
  for (const text of [draft.subject ?? '', ...draft.lines]) {
    assert(slotsOf(text).every(isSlot), 'none but the slots that a text may have')
    assert(!/[{}]/.test(text.replaceAll(PLACE, '')), 'braces around slots alone')
  }
  return draft as Draft as TemplateVersion
}

/** The newest that counts on a day; undefined before the first. */
export function versionOn({ versions }: Template, day: IsoDate): TemplateVersion | undefined {
  return versions.findLast(({ effectiveFrom }) => effectiveFrom <= day)
}

export interface RenderedTemplate {
  readonly subject: string | null
  readonly text: string
}

/**
 * @throws AssertionFailure where a slot of the text has no value, or one that is not of its form.
 * Neither is named in the failure, as what was put there by mistake may be personal.
 */
export function render(version: TemplateVersion, values: SlotValues): RenderedTemplate {
  const { subject, lines } = version
  return {
    subject: subject === null ? null : filled(subject, values),
    text: filled(lines.join('\n'), values),
  }
}

function filled(text: string, values: SlotValues): string {
  return text.replaceAll(PLACE, (_, name: string) => {
    assert(isSlot(name), 'a slot that a text may have')
    const value = values[name]
    assert(value !== undefined && SLOT_FORMS[name].test(value), `a value fit for the slot ${name}`)
    return value
  })
}

const PLACE = /\{([^{}]*)\}/g

function slotsOf(text: string): readonly string[] {
  return [...text.matchAll(PLACE)].map(([, name = '']) => name)
}

function isSlot(name: string): name is Slot {
  return Object.hasOwn(SLOT_FORMS, name)
}
