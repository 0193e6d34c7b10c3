/** Options and arguments that commands about notices share, and how they are read. */
import type { Command } from 'commander'
import { RedressError } from '../errors.js'
import { noticeScope, REMINDERS } from '../reminders/notice-round.js'
import type { NoticeScope } from '../reminders/notice-round.js'
import { versionOf } from './commands/plans.js'
import { withProgramme } from './refund-flags.js'

export interface CampaignFlags {
  readonly programme: string
  readonly campaign: string
}

export function withCampaign(command: Command): Command {
  return withProgramme(command).option('--campaign <name>', 'the campaign', REMINDERS)
}

/** @throws RedressError USAGE, PROGRAMME_UNKNOWN, NOTICE_ROUND_UNKNOWN */
export function scopeOf(round: string | undefined, flags: CampaignFlags): NoticeScope {
  return noticeScope(versionOf(flags.programme), flags.campaign, roundOf(round))
}

/** @throws RedressError USAGE */
export function roundOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new RedressError('USAGE', { problem: 'round: unusable; expected a number from 1' })
}

/** @throws RedressError USAGE */
export function messageIdOf(text: string): string {
  if (/^[1-9]\d{0,17}$/.test(text)) return text
  throw new RedressError('USAGE', {
    problem: 'message: unusable; expected an id from `redress reminders dead-letters`',
  })
}

/** @throws RedressError USAGE */
export function countOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new RedressError('USAGE', { problem: `${flag}: unusable; expected a number from 1` })
}

/** @throws RedressError USAGE */
export function reasonOf(text: string): string {
  const reason = text.trim()
  if (/^[^\p{Cc}]{1,500}$/u.test(reason)) return reason
  throw new RedressError('USAGE', {
    problem: '--reason: unusable; expected 1 to 500 characters on one line, nothing personal',
  })
}
