/** How a round of notices stands, as a document and for people. */
import type { RoundPreview } from '../reminders/prepare-round.js'
import { nameOfRound } from '../reminders/notice-round.js'
import type { StoredRound } from '../reminders/prepare-store.js'
import type { Effect, RoundCounts } from '../reminders/show-store.js'
import { formatCount, formatWon } from './chart.js'
import { table } from './text-table.js'

export interface RoundState {
  readonly stored: StoredRound
  readonly counts: RoundCounts
  readonly effect: Effect
  readonly stopped: boolean
}

/** `audience`, `suppressed` and `queued` are lines (contracts §4), what follows them messages. */
export function roundDocument({ stored, counts, effect, stopped }: RoundState): object {
  const { messages, sent, dead, waived, ...more } = counts
  return {
    programme: stored.programme,
    campaign: stored.campaign,
    round: stored.round === 0 ? null : stored.round,
    due_at: stored.dueAt,
    ...(stored.result ?? { audience: 0, suppressed: {}, queued: 0 }),
    prepared: stored.result !== null,
    messages,
    sent,
    failed: dead + waived,
    ...more,
    dead,
    waived,
    stopped,
    effect,
  }
}

export function describeRound({ stored, counts, effect, stopped }: RoundState): string {
  const { result } = stored
  const lines = result === null ? [] : linesOf(result)
  const { suppressed_at_send: late, ...by } = counts
  const messages = [
    ['waiting', by.waiting],
    ['of them held for quiet hours', by.held_for_quiet_hours],
    ['of them to be tried again', by.retrying],
    ['being handed over', by.handing_over],
    ['sent', by.sent],
    ['of them delivered', by.delivered],
    ['of them undelivered', by.undelivered],
    ['unknown whether taken', by.unknown],
    ['dead letters', by.dead],
    ['waived', by.waived],
    ...Object.entries(late).map(([reason, n]) => [`suppressed at sending: ${reason}`, n] as const),
  ] as const
  return [
    `${nameOfRound(stored.campaign, stored.round)}` +
      (stored.dueAt === null ? '' : `, due at ${stored.dueAt}`) +
      (result === null ? ': its preparing is not finished' : ''),
    ...(stopped ? ['notices are stopped; `redress reminders resume` lets them go on'] : []),
    '',
    table(['lines', ''], lines),
    '',
    table(
      [`${formatCount(counts.messages)} messages`, ''],
      messages.filter(([, n]) => n > 0).map(([name, n]) => [name, formatCount(n)]),
    ),
    '',
    `applied within 24 hours ${formatCount(effect.applied_within_24h)}, ` +
      `within 72 hours ${formatCount(effect.applied_within_72h)}`,
  ].join('\n')
}

function linesOf(result: NonNullable<StoredRound['result']>): string[][] {
  return [
    ['audience', formatCount(result.audience)],
    ...Object.entries(result.suppressed).map(([reason, n]) => [reason, formatCount(n)]),
    ['queued', formatCount(result.queued)],
  ]
}

export function previewDocument(preview: RoundPreview): object {
  const { template, version, kind, bytes, subject, text } = preview.text
  return {
    due_at: preview.dueAt,
    audience: preview.audience,
    suppressed: preview.suppressed,
    queued: preview.queued,
    new_messages: preview.newMessages,
    cost_krw: preview.costKrw,
    unassessed_imports: preview.unassessedImports,
    template,
    template_version: version,
    kind,
    bytes,
    samples: preview.sampleLineIds.map((lineId) => ({ line_id: lineId, subject, text })),
  }
}

export function describePreview(preview: RoundPreview): string {
  const { template, version, kind, bytes, subject, text } = preview.text
  return [
    table(['lines', ''], linesOf(preview)),
    '',
    `${formatCount(preview.newMessages)} messages (${kind}) for ${formatWon(preview.costKrw)}; ` +
      'nothing is written',
    `template ${template} version ${version}, ${formatCount(bytes)} bytes` +
      (subject === null ? '' : `, subject: ${subject}`),
    '',
    text,
  ].join('\n')
}
