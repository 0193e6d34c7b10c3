/** When a refund is paid: the matrix of facts §1, and the dates after it (A3, A4). */
import { addDays, dayNumber, lastDayOfTerm } from '../calendar.js'
import type { IsoDate } from '../case.js'
import type { IsoWeekday, PayoutTerms, RefundTerms } from './refund-terms.js'

/**
 * By the matrix; null for a line that was terminated after its last row, which is an exception.
 * Both days are those of the programme's zone.
 */
export function payoutDate(
  { payout }: RefundTerms,
  terminatedOn: IsoDate,
  appliedOn: IsoDate,
): IsoDate | null {
  for (const { terminatedBy, appliedBy, paysOn } of payout.matrix.value) {
    if (terminatedOn > terminatedBy) continue
    if (appliedBy === null || appliedOn <= appliedBy) return paysOn
  }
  return null
}

/**
 * The first payout date after a day, for what could not go before (A3). Null when none is left:
 * the refund is unclaimed then.
 */
export function nextPayoutDate({ payout }: RefundTerms, after: IsoDate): IsoDate | null {
  return payoutDates(payout).find((date) => date > after) ?? null
}

/** Ascending: those of the matrix, then the retries. */
export function payoutDates(payout: PayoutTerms): readonly IsoDate[] {
  const known = datesOf.get(payout)
  if (known !== undefined) return known
  const dates = [...new Set(payout.matrix.value.map(({ paysOn }) => paysOn))].toSorted()
  const { everyDays, until } = payout.retries.value
  for (let last = dates.at(-1); last !== undefined;) {
    const next: IsoDate = addDays(last, everyDays)
    if (next > until) break
    dates.push(next)
    last = next
  }
  datesOf.set(payout, dates)
  return dates
}

const datesOf = new WeakMap<PayoutTerms, readonly IsoDate[]>()

/** Of a refund that a person let through and no matrix names, by the day of approval (A4). */
export function exceptionPayoutDate({ payout }: RefundTerms, approvedOn: IsoDate): IsoDate {
  const { weekday, nth } = payout.exceptions.value
  // 7 on the weekday itself: the first such day comes after the approval, not on it.
  const daysToFirst = ((weekday - weekdayOf(approvedOn) + 6) % 7) + 1
  return addDays(approvedOn, daysToFirst + (nth - 1) * 7)
}

/** The last day on which a refund that nobody claimed can still be paid (A49). */
export function payableUntil({ payout }: RefundTerms, payoutOn: IsoDate): IsoDate {
  return lastDayOfTerm(payoutOn, payout.payableMonths.value)
}

/** 1970-01-01, day 0, was a Thursday. */
function weekdayOf(date: IsoDate): IsoWeekday {
  return (((dayNumber(date) + 3) % 7) + 1) as IsoWeekday
}
