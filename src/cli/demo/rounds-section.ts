/** The reminder rounds on the demo's page; a text stands there as the template has it. */
import { formatCount, formatWon } from '../chart.js'
import { table } from '../text-table.js'
import type { DemoRound } from './refund-figures.js'

type Section = readonly [title: string, lines: readonly string[]]

export function roundsSection(rounds: readonly DemoRound[]): Section {
  const reasons = [...new Set(rounds.flatMap((it) => Object.keys(it.prepared.suppressed)))]
  const rows = rounds.map(({ round, prepared, counts, effect }) => [
    String(round),
    formatCount(prepared.audience),
    ...reasons.map((it) => formatCount(suppressedBy(prepared.suppressed, it))),
    formatCount(prepared.queued),
    formatCount(counts.messages),
    formatCount(counts.sent),
    formatCount(sum(Object.values(counts.suppressed_at_send))),
    formatCount(effect.applied_within_24h),
    formatCount(effect.applied_within_72h),
  ])
  const head = ['round', 'audience', ...reasons, 'queued', 'messages', 'sent', 'not any more']
  return [
    'Three rounds of reminders, over the spool',
    [
      table([...head, 'applied in 24 h', '72 h'], rows),
      'Audience to queued are lines; a person with several is sent one message. Who applied',
      'between preparing and sending was not sent to ("not any more").',
      ...rounds.map(rate),
      ...sample(rounds),
    ],
  ]
}

function rate(it: DemoRound): string {
  const held =
    it.heldForQuietHours === 0
      ? ''
      : `; stopped half-way, ${formatCount(it.heldForQuietHours)} were held from 21:00 to 08:00`
  return (
    `round ${it.round}: ${formatWon(it.preview.costKrw)} by its preview, ` +
    `${formatCount(it.measuredRate)} messages a second of at most ` +
    `${formatCount(it.configuredRate)}${held}`
  )
}

function sample([first]: readonly DemoRound[]): readonly string[] {
  if (first === undefined) return []
  const { kind, bytes, text } = first.preview.text
  return [`The text, ${kind} of ${bytes} bytes:`, ...text.split('\n').map((it) => `  ${it}`)]
}

/** The same as data, for `--json`. */
export function roundDocuments(rounds: readonly DemoRound[]): readonly object[] {
  return rounds.map(({ preview, prepared, counts, effect, ...it }) => ({
    round: it.round,
    cost_krw: preview.costKrw,
    audience: prepared.audience,
    suppressed: prepared.suppressed,
    queued: prepared.queued,
    messages: counts.messages,
    sent: counts.sent,
    suppressed_at_send: counts.suppressed_at_send,
    held_for_quiet_hours: it.heldForQuietHours,
    unknown: counts.unknown,
    dead: counts.dead,
    configured_messages_a_second: it.configuredRate,
    messages_a_second: Math.round(it.measuredRate * 10) / 10,
    effect,
  }))
}

function suppressedBy(suppressed: Readonly<Record<string, number>>, reason: string): number {
  return suppressed[reason] ?? 0
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, it) => total + it, 0)
}
