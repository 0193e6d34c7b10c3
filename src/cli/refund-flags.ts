/** Options and arguments that commands about refunds share, and how they are read. */
import type { Command } from 'commander'
import { RedressError } from '../errors.js'
import { isRealDate } from '../rules/calendar.js'
import type { Language } from '../rules/tell-explanation.js'

export interface RefundFlags {
  readonly programme: string
}

export interface LookFlags extends RefundFlags {
  readonly lang?: string
  readonly why: string
}

export function withProgramme(command: Command): Command {
  return command.option('--programme <name>', 'programme and version', 'kt-2026@1')
}

/** Of commands that show what is known of one person's line. */
export function withLook(command: Command): Command {
  return withProgramme(command)
    .option('--lang <language>', 'as sentences to read out: ko or en')
    .option('--why <text>', 'what it is asked for; kept in the access log', 'not stated')
}

/** @throws RedressError USAGE */
export function lineIdOf(text: string): string {
  return formed('line id', text, /^[1-9]\d{0,17}$/, '1 to 18 digits')
}

/** @throws RedressError USAGE */
export function languageOf(name: string | undefined): Language | undefined {
  if (name === undefined || name === 'ko' || name === 'en') return name
  throw new RedressError('USAGE', { problem: '--lang: unknown; expected ko or en' })
}

/** @throws RedressError USAGE */
export function purposeOf(text: string): string {
  const form = /^[^\p{Cc}]{1,500}$/u
  return formed('--why', text.trim(), form, '1 to 500 characters on one line')
}

/** Of a decision that a person takes. @throws RedressError USAGE */
export function reasonOf(text: string): string {
  const form = /^[^\p{Cc}]{1,500}$/u
  return formed('--reason', text.trim(), form, '1 to 500 characters on one line')
}

/** @throws RedressError USAGE */
export function dateOf(name: string, text: string): string {
  if (isRealDate(text)) return text
  throw new RedressError('USAGE', { problem: `${name}: no date; expected YYYY-MM-DD` })
}

/** Whole won. @throws RedressError USAGE */
export function wonOf(name: string, text: string): number {
  return Number(formed(name, text, /^(0|[1-9]\d{0,8})$/, 'whole won below 1,000,000,000'))
}

/** @throws RedressError USAGE */
export function formed(name: string, text: string, form: RegExp, expected: string): string {
  if (form.test(text)) return text
  throw new RedressError('USAGE', { problem: `${name}: unusable; expected ${expected}` })
}

/** @throws RedressError USAGE */
export function oneOf<Name extends string>(
  flag: string,
  text: string,
  names: readonly Name[],
): Name {
  const found = names.find((it) => it === text)
  if (found !== undefined) return found
  throw new RedressError('USAGE', {
    problem: `${flag}: unknown; expected one of ${names.join(', ')}`,
  })
}
