/**
 * What policy says of a plan: how many people it takes, which figures hold it, and whether it lies
 * within the tolerance of a forecast. Pure: the figures and the policy come in as data.
 */
import type { Period } from '../rules/case.js'
import { BENEFITS } from '../rules/decision.js'
import type { Benefit } from '../rules/decision.js'
import { periodStart } from '../rules/programme.js'
import type { ApprovalPolicy, GuardRail } from '../rules/programme.js'
import type { BenefitTally, Tallies } from './tally.js'

/** A figure that is off; `share` is by how much of what it was, negative when it fell. */
export interface Hold {
  readonly benefit: Benefit
  readonly figure: GuardRail['figure']
  readonly was: number
  readonly is: number
  /** 1 where there was nothing before. */
  readonly share: number
  readonly against: 'previous period' | 'forecast'
}

/** A number that a forecast did not foresee; `share` as in a hold. */
export interface Breach {
  readonly benefit: Benefit
  readonly figure: 'granted' | 'refused' | 'quantity' | 'reversals'
  readonly was: number
  readonly is: number
  readonly share: number
}

/**
 * Whether the instant lies before the period has begun: 00:00 of its 1st in Asia/Seoul, which has
 * no daylight saving time.
 */
export function isForecast(period: Period, now: string): boolean {
  return Date.parse(now) < Date.parse(`${periodStart(period)}T00:00:00+09:00`)
}

/** Undefined where its maker alone may approve a plan; else why it takes two people. */
export function whyTwoPeople(
  policy: ApprovalPolicy,
  plan: { readonly period: Period; readonly entries: number },
): string | undefined {
  const { twoPeopleAboveEntries: limit, twoPeoplePeriods: periods } = policy
  if (periods.value.includes(plan.period)) return `${plan.period} takes two people`
  if (plan.entries <= limit.value) return undefined
  return `${plan.entries} entries take two people, up to ${limit.value} take one`
}

/** Figures that a guard rail stops, in the order of the rails. */
export function holdsOf(
  rails: readonly GuardRail[],
  is: Tallies,
  was: Tallies,
  against: Hold['against'],
): readonly Hold[] {
  return rails.flatMap(({ benefit, figure, share, atLeast }) => {
    const [now, then] = [is[benefit], was[benefit]]
    if (now === undefined || then === undefined) return []
    const numbers = figureOf(figure, now, then)
    if (numbers === undefined || !isOff(numbers, share, atLeast)) return []
    return [{ benefit, figure, ...numbers, share: shareOf(numbers), against }]
  })
}

/** Numbers of a plan that lie outside the tolerance (0.02 for 2 %) of a forecast. */
export function breachesOf(is: Tallies, forecast: Tallies, tolerance: number): readonly Breach[] {
  return BENEFITS.flatMap((benefit) => {
    const [now, then] = [is[benefit] ?? NOTHING, forecast[benefit] ?? NOTHING]
    const figures: readonly (readonly [Breach['figure'], Numbers | undefined])[] = [
      ['granted', { was: standing(then), is: standing(now) }],
      ['refused', { was: then.refused, is: now.refused }],
      ['quantity', figureOf('quantity', now, then)],
      ['reversals', { was: then.reversals, is: now.reversals }],
    ]
    return figures.flatMap(([figure, numbers]) =>
      numbers !== undefined && isOff(numbers, tolerance, 0)
        ? [{ benefit, figure, ...numbers, share: shareOf(numbers) }]
        : [],
    )
  })
}

/** `data grants 800 instead of 1,000 (-20 %)`, for people. */
export function tellOff(it: Hold | Breach): string {
  const [was, is] = [it.was, it.is].map((number) => number.toLocaleString('en-US'))
  const sign = it.share > 0 ? '+' : ''
  return `${it.benefit} ${it.figure} ${is} instead of ${was} (${sign}${percentOf(it.share)})`
}

/** A share of 0.02 is `2 %`. */
export function percentOf(share: number): string {
  return `${Math.round(share * 1e6) / 1e4} %`
}

interface Numbers {
  readonly was: number
  readonly is: number
}

const NOTHING: BenefitTally = {
  grants: 0,
  reversals: 0,
  unchanged: 0,
  refused: 0,
  quantity: 0,
  reasons: {},
}

function figureOf(
  figure: GuardRail['figure'],
  now: BenefitTally,
  then: BenefitTally,
): Numbers | undefined {
  if (figure === 'refused') return { was: then.refused, is: now.refused }
  if (figure === 'grants') return { was: standing(then), is: standing(now) }
  const each = quantityOfGrant(then) ?? quantityOfGrant(now)
  const was = standingQuantity(then, each)
  const is = standingQuantity(now, each)
  return was === undefined || is === undefined ? undefined : { was, is }
}

/** All that the subjects hold once the plan is posted, whichever run granted it. */
function standing(tally: BenefitTally): number {
  return tally.grants + tally.unchanged
}

function isCorrection(tally: BenefitTally): boolean {
  return tally.unchanged > 0 || tally.reversals > 0
}

/** A correction's own quantity is just the difference; a first plan's is all there is. */
function standingQuantity(tally: BenefitTally, each: number | undefined): number | undefined {
  if (!isCorrection(tally)) return tally.quantity
  return each === undefined ? undefined : standing(tally) * each
}

function quantityOfGrant(tally: BenefitTally): number | undefined {
  return isCorrection(tally) || tally.grants === 0 ? undefined : tally.quantity / tally.grants
}

function isOff({ was, is }: Numbers, share: number, atLeast: number): boolean {
  const by = Math.abs(is - was)
  return by > share * Math.abs(was) && by > atLeast
}

function shareOf({ was, is }: Numbers): number {
  return was === 0 ? 1 : Math.round(((is - was) / was) * 10_000) / 10_000
}
