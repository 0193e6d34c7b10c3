/** What a plan asks of the imported rows and the ledger, taken from the plan and its programme. */
import type { IsoDate, Period } from '../rules/case.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { Plan } from './run.js'

/** First and last day, both inclusive. */
export interface DayRange {
  readonly from: IsoDate
  readonly to: IsoDate
}

export interface SettleQuery {
  readonly snapshotId: number
  readonly baseDate: IsoDate
  readonly period: Period
  readonly zone: string
  /** ISO 8601 instant: what was chosen from then on is left to a later plan. */
  readonly now: string
  /** Imports that are looked at. */
  readonly inputs: readonly string[]
  /** Finished runs whose entries count as posted. */
  readonly ledgerRuns: readonly string[]
  /** Undefined where the programme has no such benefit. */
  readonly passWindow: DayRange | undefined
  readonly applicationWindow: DayRange | undefined
  /** One customer with all its lines, instead of the whole snapshot. */
  readonly only?: { readonly customerId: string; readonly lineIds: readonly string[] } | undefined
}

export function settleQuery(
  version: ProgrammeVersion,
  plan: Pick<Plan, 'snapshotId' | 'period' | 'now' | 'inputs' | 'ledgerRuns'>,
): SettleQuery {
  return {
    snapshotId: plan.snapshotId,
    baseDate: version.baseDate,
    period: plan.period,
    zone: version.zone,
    now: plan.now,
    inputs: plan.inputs,
    ledgerRuns: plan.ledgerRuns,
    passWindow: version.benefits.ott_pass?.window.value,
    applicationWindow: version.benefits.insurance?.application.window.value,
  }
}
