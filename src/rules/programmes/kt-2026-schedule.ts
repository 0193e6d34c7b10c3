/**
 * When KT's programme of 2026 does what by itself, in local civil time of Asia/Seoul. Days come
 * from the facts; times of day that nobody has published are assumed, and a change of one moves
 * what is to come without doubling what was done.
 */
import { assert } from '../../assert.js'
import type { Period } from '../case.js'
import type { Cited } from '../cited.js'
import type { Round } from '../notices/campaign.js'
import { campaignNamed } from '../notices/notice-terms.js'
import { payoutDates } from '../refunds/payout-date.js'
import type { CivilTime, Schedule, TimeOfDay } from '../schedule/schedule.js'
import { KT_2026_NOTICES } from './kt-2026-notices.js'
import { KT_2026_REFUNDS } from './kt-2026-refunds.js'

const PERIODS: readonly Period[] = [
  '2026-02',
  '2026-03',
  '2026-04',
  '2026-05',
  '2026-06',
  '2026-07',
]

interface ScheduledRound {
  readonly value: { readonly round: number; readonly at: CivilTime }
  readonly source: string
}

function roundsOf(campaign: string): readonly Round[] {
  return campaignNamed(KT_2026_NOTICES, campaign)?.rounds ?? []
}

/** Each round leaves when its campaign says (A38), and is prepared on its morning. */
function rounds(preparedAt?: TimeOfDay): readonly ScheduledRound[] {
  return roundsOf('refund_reminder').map(({ round, dueAt, source }) =>
    preparedAt === undefined
      ? { value: { round, at: dueAt }, source }
      : {
          value: { round, at: `${dueAt.slice(0, 10)}T${preparedAt}` },
          source: `${source}; time assumed`,
        },
  )
}

function onlyRound(campaign: string): Cited<CivilTime> {
  const [only] = roundsOf(campaign)
  assert(only !== undefined, 'a campaign with a round')
  return { value: only.dueAt, source: only.source }
}

export const KT_2026_SCHEDULE: Schedule = {
  programme: 'kt-2026',
  zone: 'Asia/Seoul',
  entries: [
    {
      task: 'forecast',
      periods: PERIODS,
      on: { value: { month: 'before', day: 25, time: '10:00' }, source: 'house policy' },
    },
    {
      task: 'run',
      periods: PERIODS,
      // The grant instant is 00:00 (A13); the status changes up to it come in the hours after it.
      on: { value: { month: 'period', day: 1, time: '06:00' }, source: 'A13, A19; time assumed' },
    },
    {
      task: 'daily_run',
      periods: PERIODS,
      // What is chosen on the last day of July is found on the first of August.
      window: { value: { from: '2026-02-02', to: '2026-08-01' }, source: 'A25, A31' },
      time: { value: '05:00', source: 'assumed' },
    },
    {
      task: 'verify',
      // From the day after the first run until roaming, the last benefit, has ended.
      window: { value: { from: '2026-02-02', to: '2026-08-31' }, source: 'facts §5' },
      time: { value: '03:00', source: 'assumed' },
    },
    {
      task: 'payout_prepare',
      dates: payoutDates(KT_2026_REFUNDS.payout),
      on: { value: { daysBefore: 1, time: '18:00' }, source: 'facts §1, A3; time assumed' },
    },
    {
      task: 'payout_export',
      dates: payoutDates(KT_2026_REFUNDS.payout),
      on: { value: { daysBefore: 0, time: '06:00' }, source: 'facts §1, A3; time assumed' },
    },
    { task: 'reminder_prepare', rounds: rounds('08:30') },
    { task: 'reminder_send', rounds: rounds() },
    {
      task: 'notice',
      campaign: 'refund_eligibility',
      at: onlyRound('refund_eligibility'),
    },
    {
      task: 'notice',
      campaign: 'ott_choice_open',
      at: onlyRound('ott_choice_open'),
    },
    {
      task: 'event_notices',
      // From the first payout until the last benefit has ended.
      window: { value: { from: '2026-01-22', to: '2026-08-31' }, source: 'facts §1, §5' },
      time: { value: '10:30', source: 'assumed' },
    },
  ],
  graceMinutes: { value: 120, source: 'house policy' },
  lookMinutes: { value: 5, source: 'house policy' },
  waitMinutes: { value: 10, source: 'house policy' },
  remindHours: { value: 4, source: 'house policy' },
  leaseMinutes: { value: 5, source: 'house policy' },
  retries: { value: { attempts: 5, firstPauseMinutes: 1 }, source: 'house policy' },
  dailyEntriesAlone: { value: 500_000, source: 'house policy' },
  estimates: {
    // A plan and its run, one after the other, of 500,000 lines on two cores.
    linesPerSecond: { value: 300_000, source: 'BENCHMARKS.md' },
    krwPerMessage: { value: 10, source: 'assumed' },
  },
}
