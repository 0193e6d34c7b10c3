/** `redress reminders dead-letters`, `drain` and `waive`: what nobody tries any more. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { nameOfRound } from '../../reminders/notice-round.js'
import {
  countDeadLetters,
  decide,
  listDeadLetters,
  stateOf,
} from '../../reminders/dead-letter-store.js'
import type { Verdict } from '../../reminders/dead-letter-store.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { countOf, messageIdOf, reasonOf } from '../notice-flags.js'
import { table } from '../text-table.js'

export function addDeadLetters(reminders: Command, act: Act): void {
  reminders
    .command('dead-letters')
    .description('messages that were refused for good, or of which nobody knows')
    .option('--limit <messages>', 'how many are listed; 100 when not given')
    .action(act(list))
  reminders
    .command('drain [message]')
    .description('try one once more; one that the gateway cannot tell of may then come twice')
    .option('--all', 'all that were refused, but none of which the gateway cannot tell')
    .action(act(drain))
  reminders
    .command('waive <message>')
    .description('give one up for good')
    .requiredOption('--reason <text>', 'why; no personal data')
    .action(act(waive))
}

const LISTED = 100

async function list(context: Context, flags: { limit?: string }): Promise<void> {
  const limit = countOf('--limit', flags.limit) ?? LISTED
  const [counts, letters] = [
    await countDeadLetters(context.pool),
    await listDeadLetters(context.pool, limit),
  ]
  const documents = letters.map((it) => ({
    message_id: it.messageId,
    campaign: it.campaign,
    round: it.round === 0 ? null : it.round,
    state: it.state,
    reason: it.reason,
    attempts: it.attempts,
    gateway: it.gateway,
    lines: it.lines,
    tried_at: it.triedAt,
  }))
  context.out.result({ ...counts, messages: documents }, () =>
    [
      `${formatCount(counts.dead)} dead, ${formatCount(counts.unknown)} unknown`,
      '',
      table(
        ['message', 'round', 'state', 'reason', 'tries', 'gateway', 'tried at'],
        letters.map((it) => [
          it.messageId,
          nameOfRound(it.campaign, it.round),
          it.state,
          it.reason ?? '',
          String(it.attempts),
          it.gateway ?? '',
          it.triedAt ?? '',
        ]),
      ),
    ].join('\n'),
  )
}

async function drain(
  context: Context,
  text: string | undefined,
  flags: { all?: boolean },
): Promise<void> {
  if ((text === undefined) !== (flags.all === true)) {
    throw new RedressError('USAGE', { problem: 'drain: expected a message or --all' })
  }
  const verdict = { verdict: 'drained', reason: null, at: context.clock.now() } as const
  const drained = await decided(context, text, verdict)
  context.out.result(
    { drained },
    () =>
      `${formatCount(drained)} messages are queued again; \`redress reminders send\` tries them`,
  )
}

async function waive(context: Context, text: string, flags: { reason: string }): Promise<void> {
  const reason = reasonOf(flags.reason)
  const verdict = { verdict: 'waived', reason, at: context.clock.now() } as const
  const waived = await decided(context, text, verdict)
  context.out.result({ waived }, () => `message ${text} is given up`)
}

/** @throws RedressError MESSAGE_STATE */
async function decided(
  context: Context,
  text: string | undefined,
  verdict: Verdict,
): Promise<number> {
  if (text === undefined) return (await decide(context.pool, 'all', verdict)).length
  const messageId = messageIdOf(text)
  const ids = await decide(context.pool, { messageId }, verdict)
  if (ids.length > 0) return ids.length
  const state = await stateOf(context.pool, messageId)
  throw new RedressError('MESSAGE_STATE', {
    message: messageId,
    problem: state === undefined ? 'unknown' : `is ${state}`,
    expected: 'one from `redress reminders dead-letters`',
  })
}
