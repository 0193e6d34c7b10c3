/** Counts whose answers differ between two plans, by benefit, old and new reason, and cause. */
import type { LineFacts } from '../rules/case.js'
import { BENEFITS } from '../rules/decision.js'
import type { Decision, Grant } from '../rules/decision.js'
import type { DecisionMemo, KnownLine } from './decision-memo.js'
import type { PlannedCustomer, PlannedLine } from './plan-customers.js'
import { ABSENT } from './reason-migration.js'
import type { Cause, ChangedSubject, PlanComparison, ReasonMigration } from './reason-migration.js'

/** A customer as one of the two plans saw it. */
export interface Seen {
  readonly customer: PlannedCustomer
  readonly memo: DecisionMemo
}

type Told = Omit<ReasonMigration, 'subjects'>

export class ChangeCounter {
  readonly #counts = new Map<string, { migration: Told; subjects: number }>()
  readonly #sample: ChangedSubject[] = []
  readonly #sampleSize: number
  readonly #samePeriod: boolean

  /** Dates of different periods are not comparable: each stands for its side of other bounds. */
  constructor(sampleSize: number, samePeriod: boolean) {
    this.#sampleSize = sampleSize
    this.#samePeriod = samePeriod
  }

  /** Undefined where the plan's snapshot does not hold the customer. */
  count(was: Seen | undefined, is: Seen | undefined): void {
    const customerId = String((was ?? is)?.customer.customerId)
    this.#countLines(customerId, was, is)
    this.#compare(
      { customerId, lineId: undefined },
      was && answersOf(was),
      is && answersOf(is),
      () => causeOfCustomer(was?.customer, is?.customer, this.#samePeriod),
    )
  }

  comparison(): PlanComparison {
    const migrations = [...this.#counts.values()].map(({ migration, subjects }) => ({
      ...migration,
      subjects,
    }))
    return {
      migrations: migrations.toSorted(
        (a, b) =>
          BENEFITS.indexOf(a.benefit) - BENEFITS.indexOf(b.benefit) || b.subjects - a.subjects,
      ),
      sample: this.#sample,
    }
  }

  #countLines(customerId: string, was: Seen | undefined, is: Seen | undefined): void {
    const before = was?.customer.lines ?? []
    const after = is?.customer.lines ?? []
    let [left, right] = [0, 0]
    while (left < before.length || right < after.length) {
      const old = before[left]
      const now = after[right]
      const takeOld = old !== undefined && (now === undefined || old.lineId <= now.lineId)
      const takeNow = now !== undefined && (old === undefined || now.lineId <= old.lineId)
      if (takeOld) left += 1
      if (takeNow) right += 1
      // The same object of the same memo was told the same.
      if (takeOld && takeNow && old.known === now.known) continue
      this.#compare(
        { customerId, lineId: String((takeOld ? old : now)!.lineId) },
        takeOld ? was!.memo.outcomeOf(old.known).decisions : undefined,
        takeNow ? is!.memo.outcomeOf(now.known).decisions : undefined,
        () =>
          takeOld && takeNow ? causeOfLine(old.known, now.known, this.#samePeriod) : 'snapshot',
      )
    }
  }

  #compare(
    subject: Pick<ChangedSubject, 'customerId' | 'lineId'>,
    was: readonly Decision[] | undefined,
    is: readonly Decision[] | undefined,
    causeOf: () => Cause,
  ): void {
    for (const benefit of BENEFITS) {
      const old = was?.find((it) => it.benefit === benefit)
      const now = is?.find((it) => it.benefit === benefit)
      if (old === now || (old && now && isSame(old, now))) continue
      this.#add(subject, { benefit, was: told(old), is: told(now), why: causeOf() })
    }
  }

  #add(subject: Pick<ChangedSubject, 'customerId' | 'lineId'>, migration: Told): void {
    const key = Object.values(migration).join('|')
    const known = this.#counts.get(key)
    if (known === undefined) this.#counts.set(key, { migration, subjects: 1 })
    else known.subjects += 1
    if (this.#sample.length < this.#sampleSize) this.#sample.push({ ...subject, ...migration })
  }
}

function answersOf({ customer, memo }: Seen): readonly Decision[] {
  if (!memo.asksCustomers) return []
  const lines = customer.lines.map((it: PlannedLine) => it.known)
  const { birthDay, corporate, insurance } = customer
  return [memo.answerOf(lines, birthDay, corporate, insurance).decision]
}

function told(decision: Decision | undefined): string {
  if (decision === undefined) return ABSENT
  if (decision.outcome === 'refused' || decision.grant.option === null) return decision.reason
  return `${decision.reason} ${decision.grant.option}`
}

function isSame(a: Decision, b: Decision): boolean {
  if (a.reason !== b.reason || a.outcome !== b.outcome) return false
  return a.outcome === 'refused' || b.outcome === 'refused' || isSameGrant(a.grant, b.grant)
}

function isSameGrant(a: Grant, b: Grant): boolean {
  return (
    a.quantity === b.quantity &&
    a.unit === b.unit &&
    a.option === b.option &&
    a.validFrom === b.validFrom &&
    a.validTo === b.validTo
  )
}

function baseOf(
  { roamingPromotionEndsOn, ...facts }: Omit<LineFacts, 'guardianConsentOn'>,
  samePeriod: boolean,
): string {
  return JSON.stringify([facts, samePeriod ? roamingPromotionEndsOn : null])
}

const NO_PASS = { grantedIn: null, choice: null, hasCode: false }

function causeOfLine(was: KnownLine, is: KnownLine, samePeriod: boolean): Cause {
  const [old, now] = [was.line, is.line]
  const { guardianConsentOn: oldConsent, ...oldFacts } = old.facts
  const { guardianConsentOn: newConsent, ...newFacts } = now.facts
  if (baseOf(oldFacts, samePeriod) !== baseOf(newFacts, samePeriod)) return 'snapshot'
  if (old.statusAtStart !== now.statusAtStart) return 'status'
  if (samePeriod && oldConsent !== newConsent) return 'consent'
  const [oldPass, newPass] = [old.pass ?? NO_PASS, now.pass ?? NO_PASS]
  if (oldPass.grantedIn !== newPass.grantedIn) return 'other_month'
  if (oldPass.choice !== newPass.choice) return 'choice'
  if (oldPass.hasCode !== newPass.hasCode) return 'code'
  return 'rules'
}

function causeOfCustomer(
  was: PlannedCustomer | undefined,
  is: PlannedCustomer | undefined,
  samePeriod: boolean,
): Cause {
  if (was === undefined || is === undefined) return 'snapshot'
  if (was.birthDay !== is.birthDay || was.corporate !== is.corporate) return 'snapshot'
  if (was.lines.length !== is.lines.length) return 'snapshot'
  for (const [index, { known, lineId }] of is.lines.entries()) {
    const old = was.lines[index]!
    if (old.lineId !== lineId) return 'snapshot'
    const cause = causeOfLine(old.known, known, samePeriod)
    if (cause === 'snapshot' || cause === 'status') return cause
  }
  const grantedIn = (it: PlannedCustomer): string | null => it.insurance?.grantedIn ?? null
  if (grantedIn(was) !== grantedIn(is)) return 'other_month'
  const applied = (it: PlannedCustomer): string => JSON.stringify(it.insurance?.applications ?? [])
  return applied(was) === applied(is) ? 'rules' : 'application'
}
