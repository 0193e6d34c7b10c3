/** Counts what was written, so that an import or a plan can be compared with what went in. */
import { NO_DAY } from './civil-day.js'
import type { DrawnLine, LineKind } from './drawn-line.js'

export interface SnapshotCounts {
  readonly lines: number
  readonly customers: number
  readonly line_kinds: Readonly<Record<LineKind, number>>
  readonly corporate_lines: number
  readonly mvno_lines: number
  readonly prepaid_lines: number
  readonly suspended_lines: number
  readonly minor_plans: number
  readonly minor_plans_with_consent: number
  readonly roaming_promotions: number
  readonly corporate_customers: number
  /** Born at least 65 years before the snapshot's day. */
  readonly customers_aged_65: number
  readonly largest_customer_lines: number
}

export class SnapshotTally {
  readonly #lastBirthDayOf65: number
  readonly #lineKinds: Record<LineKind, number> = { handset: 0, tablet: 0, watch: 0, iot: 0 }
  #corporateLines = 0
  #mvno = 0
  #prepaid = 0
  #suspended = 0
  #minorPlans = 0
  #consents = 0
  #promotions = 0
  #customers = 0
  #corporateCustomers = 0
  #aged65 = 0
  #linesOfCustomer = 0
  #largest = 0
  lines = 0

  constructor(lastBirthDayOf65: number) {
    this.#lastBirthDayOf65 = lastBirthDayOf65
  }

  beginCustomer(): void {
    this.#linesOfCustomer = 0
  }

  add(line: DrawnLine): void {
    this.lines += 1
    this.#linesOfCustomer += 1
    this.#largest = Math.max(this.#largest, this.#linesOfCustomer)
    if (this.#linesOfCustomer === 1) this.#addCustomer(line)
    this.#lineKinds[line.lineKind] += 1
    if (line.corporate) this.#corporateLines += 1
    if (line.mvno) this.#mvno += 1
    if (line.prepaid) this.#prepaid += 1
    if (line.status === 'suspended') this.#suspended += 1
    if (line.minorPlan) this.#minorPlans += 1
    if (line.minorPlan && line.guardianConsentDay !== NO_DAY) this.#consents += 1
    if (line.roamingPromotionEndDay !== NO_DAY) this.#promotions += 1
  }

  counts(): SnapshotCounts {
    return {
      lines: this.lines,
      customers: this.#customers,
      line_kinds: this.#lineKinds,
      corporate_lines: this.#corporateLines,
      mvno_lines: this.#mvno,
      prepaid_lines: this.#prepaid,
      suspended_lines: this.#suspended,
      minor_plans: this.#minorPlans,
      minor_plans_with_consent: this.#consents,
      roaming_promotions: this.#promotions,
      corporate_customers: this.#corporateCustomers,
      customers_aged_65: this.#aged65,
      largest_customer_lines: this.#largest,
    }
  }

  #addCustomer(line: DrawnLine): void {
    this.#customers += 1
    if (line.corporate) this.#corporateCustomers += 1
    else if (line.birthDay <= this.#lastBirthDayOf65) this.#aged65 += 1
  }
}
