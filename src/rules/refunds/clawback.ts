/**
 * The penalty of a line that was not billed yet, as the carrier's formulae give it (facts §2.3). An
 * estimate only: what a refund goes by is the bill (A6). Amounts are whole won with VAT, and a
 * fraction is dropped once, at the end (A7).
 */
import { assert } from '../../assert.js'
import { addMonths, dayNumber } from '../calendar.js'
import type { IsoDate } from '../case.js'
import type { ClawbackTerms, ContractMonths, LinearForm, SteppedForm } from './refund-terms.js'

export type ClawbackKind = 'subsidy' | 'discount'
export type ClawbackForm = 'linear' | 'stepped'

/**
 * A contract of one year with a second one reserved is told as the year that runs: its own start,
 * its own 12 months, and what was received in it.
 */
export interface ClawbackContract {
  readonly months: ContractMonths
  readonly startedOn: IsoDate
  readonly terminatedOn: IsoDate
  /** Days on which the line was suspended do not count as used. */
  readonly suspendedDays: number
  /** Won, each 0 or more: the discounts by month from the first on; of a subsidy, the subsidy. */
  readonly receivedKrw: readonly number[]
}

/** What is clawed back, from 0 to all that was received. A subsidy has no stepped form. */
export function estimateClawback(
  terms: ClawbackTerms,
  kind: ClawbackKind,
  form: ClawbackForm,
  contract: ClawbackContract,
): number {
  const { months, startedOn, terminatedOn, suspendedDays, receivedKrw } = contract
  assert(kind === 'discount' || form === 'linear', 'a subsidy is clawed back by the day')
  const contractDays = daysBetween(startedOn, addMonths(startedOn, months))
  const usedDays = Math.max(0, daysBetween(startedOn, terminatedOn) - suspendedDays)
  if (form === 'stepped') {
    const stepped = formOf(terms.steppedDiscount.value, months)
    return usedDays >= contractDays ? 0 : steppedClawback(stepped, receivedKrw)
  }
  const { fullDays } = formOf(terms[kind].value, months)
  const allKrw = receivedKrw.reduce((sum, krw) => sum + krw, 0)
  return linearClawback({ receivedKrw: allKrw, contractDays, fullDays, usedDays })
}

export interface LinearClawback {
  readonly receivedKrw: number
  readonly contractDays: number
  readonly fullDays: number
  readonly usedDays: number
}

/** All up to `fullDays`, nothing from the end of the contract on, and in between by the day. */
export function linearClawback(of: LinearClawback): number {
  const { receivedKrw, contractDays, fullDays, usedDays } = of
  if (usedDays >= contractDays) return 0
  if (usedDays <= fullDays) return receivedKrw
  return wholeQuotient(receivedKrw * (contractDays - usedDays), contractDays - fullDays)
}

/**
 * Each month's discount by the percentage of its band; later bands give back what earlier ones
 * took. Months beyond the last band have none, and the sum is never below 0.
 */
export function steppedClawback(
  { bands }: SteppedForm,
  receivedByMonthKrw: readonly number[],
): number {
  const hundredths = receivedByMonthKrw.reduce((sum, krw, index) => {
    const band = bands.find(({ toMonth }) => index + 1 <= toMonth)
    return sum + krw * (band?.percent ?? 0)
  }, 0)
  return wholeQuotient(Math.max(0, hundredths), 100)
}

/** Whether a bill is so far from its estimate that somebody should look at it (A6). */
export function isFarFromBill(
  { tolerance }: ClawbackTerms,
  estimateKrw: number,
  billedKrw: number,
): boolean {
  const { percent, krw } = tolerance.value
  const apartKrw = Math.abs(estimateKrw - billedKrw)
  return apartKrw > krw || apartKrw * 100 > billedKrw * percent
}

/** From the first day to the corresponding one: a year is 365 days, or 366 with a leap day (A7). */
function daysBetween(from: IsoDate, to: IsoDate): number {
  return dayNumber(to) - dayNumber(from)
}

function formOf<Form extends LinearForm | SteppedForm>(
  forms: readonly Form[],
  months: ContractMonths,
): Form {
  const form = forms.find((it) => it.months === months)
  assert(form !== undefined, 'the programme has a form for every length of contract')
  return form
}

/** Without a fraction ever being held: both are whole and the product stays exact. */
function wholeQuotient(dividend: number, divisor: number): number {
  assert(Number.isSafeInteger(dividend), 'whole won small enough to be exact')
  return (dividend - (dividend % divisor)) / divisor
}
