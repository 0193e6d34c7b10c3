/** Random terminations, reviews and applications. Dates crowd around those on which rules turn. */
import fc from 'fast-check'
import { DateTime } from 'luxon'
import type { RefundApplication } from '../../../src/rules/refunds/application-state.js'
import type { Review } from '../../../src/rules/refunds/review.js'
import type { Termination } from '../../../src/rules/refunds/termination.js'
import { aTermination, TERMS } from './refund-builders.js'

const anyDay = fc.constantFrom(
  '2023-05-01',
  '2025-08-31',
  '2025-09-01',
  '2025-11-20',
  '2026-01-01',
  '2026-01-13',
  '2026-01-14',
  '2026-02-28',
)

/** Seconds from the first day of the window to some weeks after its end; in any offset. */
const anyTerminatedAt = fc
  .tuple(
    fc.oneof(
      fc.constantFrom('2025-08-31T23:59:59', '2025-09-01T00:00:00', '2025-12-31T23:59:59'),
      fc.constantFrom('2026-01-13T23:59:59', '2026-01-14T00:00:00', '2026-03-01T00:00:00'),
      fc
        .integer({ min: 0, max: 190 * 86_400 })
        .map((seconds) =>
          DateTime.fromISO('2025-08-25T00:00:00', { zone: 'utc' })
            .plus({ seconds })
            .toFormat("yyyy-MM-dd'T'HH:mm:ss"),
        ),
    ),
    fc.integer({ min: -12, max: 14 }),
  )
  .map(([local, offset]) => inOffset(`${local}+09:00`, offset))

export function inOffset(instant: string, offset: number): string {
  const { millis, rest } = split(instant)
  const local = DateTime.fromMillis(millis, { zone: 'utc' }).plus({ hours: offset })
  const sign = offset < 0 ? '-' : '+'
  const hours = String(Math.abs(offset)).padStart(2, '0')
  return `${local.toFormat("yyyy-MM-dd'T'HH:mm:ss")}${rest}${sign}${hours}:00`
}

/** Luxon keeps no microseconds, so the fraction is carried over as text. */
function split(instant: string): { millis: number; rest: string } {
  const [, before = '', rest = '', zone = ''] = /^(.{19})(\.\d+)?(.*)$/.exec(instant) ?? []
  return { millis: DateTime.fromISO(`${before}${zone}`).toMillis(), rest }
}

const anyAmount = fc.oneof(
  fc.constantFrom(0, 0, 1, 40_000, 150_000),
  fc.integer({ min: 0, max: 900_000 }),
)

export const anyTermination: fc.Arbitrary<Termination> = fc
  .record({
    network: fc.constantFrom('kt' as const, 'kt' as const, 'kt' as const, 'mvno' as const),
    lineKind: fc.constantFrom(
      'handset' as const,
      'handset' as const,
      'watch' as const,
      'iot' as const,
    ),
    customerKind: fc.constantFrom('individual' as const, 'corporate' as const),
    activatedOn: fc.oneof(fc.constant('2023-05-01'), anyDay),
    event: fc.option(fc.tuple(fc.constantFrom('new', 'device_change', 'renewal'), anyDay), {
      freq: 2,
    }),
    terminatedAt: anyTerminatedAt,
    terminationKind: fc.constantFrom('voluntary', 'port_out', 'port_out', 'ex_officio'),
    subsidyClawbackKrw: anyAmount,
    discountClawbackKrw: anyAmount,
    paidKrw: anyAmount,
    alreadyWaivedKrw: anyAmount,
    resubscribedOn: fc.option(anyDay, { freq: 2 }),
    hardship: fc.option(
      fc.tuple(
        fc.constantFrom('military', 'abroad', 'hospital', 'custody', 'remote_area'),
        fc.constantFrom('2026-01-01', '2026-01-13', '2026-01-14', '2026-02-15', '2026-02-20'),
      ),
    ),
    victimDiscountOn: fc.constantFrom(null, null, '2025-09-10'),
  })
  .map(({ event, hardship, ...rest }) =>
    aTermination({
      ...rest,
      contractEvent: event?.[0] ?? null,
      contractEventOn: event?.[1] ?? null,
      hardship: hardship?.[0] ?? null,
      hardshipEndedOn: hardship?.[1] ?? null,
    } as Partial<Termination>),
  )

const anyOutcome = fc.constantFrom('granted' as const, 'denied' as const)
const anyExclusion = fc.constantFrom(...TERMS.exclusions.map(({ value }) => value))

export const anyReviews: fc.Arbitrary<readonly Review[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('hardship' as const), outcome: anyOutcome }),
    fc.record({
      kind: fc.constant('exclusion_waived' as const),
      outcome: anyOutcome,
      exclusion: fc.option(anyExclusion),
    }),
  ),
  { maxLength: 3 },
)

const anyInstant = fc.oneof(
  fc.constantFrom('2026-01-14T08:59:59.999999', '2026-01-14T09:00:00', '2026-01-18T23:59:59'),
  fc.constantFrom('2026-01-19T00:00:00', '2026-01-31T22:00:00', '2026-01-31T22:00:00.000001'),
  fc
    .integer({ min: 12, max: 40 })
    .map((day) =>
      DateTime.fromISO('2026-01-01T10:00:00', { zone: 'utc' })
        .plus({ days: day })
        .toFormat("yyyy-MM-dd'T'HH:mm:ss"),
    ),
)
const anyMoment = anyInstant.map((local) => `${local}+09:00`)
const perhaps = fc.option(anyMoment, { freq: 2 })

export const anyApplications: fc.Arbitrary<readonly RefundApplication[]> = fc.uniqueArray(
  fc.record({
    applicationId: fc.integer({ min: 1, max: 999 }).map(String),
    appliedAt: anyMoment,
    holderCheck: fc.constantFrom('match', 'match', 'mismatch', 'unchecked'),
    withdrawnAt: perhaps,
    batchApprovedAt: perhaps,
    lateAcceptedAt: perhaps,
    holdLiftedAt: perhaps,
    correctedAt: perhaps,
  }),
  { selector: ({ applicationId }) => applicationId, maxLength: 6 },
)
