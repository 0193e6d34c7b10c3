/** What it would cost to do what was missed: an estimate that says what it is made of. */
import { unreachable } from '../../assert.js'
import type { Schedule, Task } from './schedule.js'

/** What is known; null where nothing is, or who asks may not see it. */
export interface EstimateFacts {
  /** Lines of the newest snapshot. */
  readonly lines: number | null
  /** As the last runs had it, lines over the time from their first to their last chunk. */
  readonly linesPerSecond: number | null
  /** Refundable lines without an accepted application: who would be reminded. */
  readonly unapplied: number | null
}

export interface Estimate {
  readonly seconds: number | null
  readonly messages: number | null
  readonly krw: number | null
  /** In words, for people. */
  readonly how: string
}

/** Of a task that is due once. */
export function estimateOf(schedule: Schedule, task: Task, facts: EstimateFacts): Estimate {
  switch (task) {
    case 'forecast':
    case 'run':
    case 'daily_run':
    case 'verify':
      return ofLines(schedule, facts)
    case 'payout_prepare':
    case 'payout_export':
      return { ...NOTHING, how: 'seconds; the money is owed in any case' }
    case 'reminder_prepare':
      return { ...NOTHING, how: 'seconds; nothing is sent' }
    case 'reminder_send':
      return ofMessages(schedule, facts)
    case 'notice':
    case 'event_notices':
      return { ...NOTHING, how: 'a message for each person not told; a preview counts them' }
    default:
      return unreachable(task)
  }
}

const NOTHING = { seconds: null, messages: null, krw: null } as const

function ofLines({ estimates }: Schedule, facts: EstimateFacts): Estimate {
  const assumed = estimates.linesPerSecond.value
  const rate = facts.linesPerSecond ?? assumed
  if (facts.lines === null) return { ...NOTHING, how: 'no snapshot to count the lines of' }
  const whence = facts.linesPerSecond === null ? 'assumed' : 'as the last runs had it'
  return {
    ...NOTHING,
    seconds: Math.ceil(facts.lines / rate),
    how: `${facts.lines} lines at ${Math.round(rate)} lines/s, ${whence}`,
  }
}

function ofMessages({ estimates }: Schedule, { unapplied }: EstimateFacts): Estimate {
  if (unapplied === null) return { ...NOTHING, how: 'no assessment to count the audience of' }
  const price = estimates.krwPerMessage.value
  return {
    ...NOTHING,
    messages: unapplied,
    krw: unapplied * price,
    how: `${unapplied} refundable lines that have not applied at ${price} KRW a message`,
  }
}
