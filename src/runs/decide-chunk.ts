/**
 * Decides all cases of a chunk and hands its postings, in order of customer and line, to a sink.
 * Planning and running differ in the sink alone. Equal facts are decided once and counted; only a
 * customer with a later status, a later consent or earlier postings is looked at line by line.
 */
import { assert } from '../assert.js'
import { isoOfPostgresDay } from '../db/day.js'
import { entriesFor } from '../ledger/difference.js'
import type { CaseLine, Customer } from '../rules/case.js'
import type { PeriodRules } from '../rules/decide.js'
import type { CustomerDecision, Decision } from '../rules/decision.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES, NO_BIRTH_DAY } from '../snapshot/pack.js'
import type { ChunkInput } from './chunk-input.js'
import { HistoryCase, SpecialCustomers } from './history-case.js'
import type { EntrySetRef, EntrySets } from './entry-sets.js'
import type { PostingSink } from './posting-writer.js'
import { countDecision, countEntries, emptyTallies } from './tally.js'
import type { Tallies } from './tally.js'

/** What equal lines are told, and how many there were. */
interface Outcome {
  readonly decisions: readonly Decision[]
  readonly set: EntrySetRef | undefined
  count: number
}

export class ChunkDecider {
  lines = 0
  customers = 0

  readonly #rules: PeriodRules
  readonly #sets: EntrySets
  readonly #records: Buffer
  readonly #packCustomers: number
  readonly #caseLines: readonly CaseLine[]
  readonly #outcomes: (Outcome | undefined)[]
  readonly #carried: (Map<Decision, Outcome> | undefined)[]
  readonly #customerDecisions = new Map<Decision, number>()
  readonly #special: SpecialCustomers
  readonly #tallies: Tallies
  readonly #oneLine: CaseLine[] = []
  readonly #asksCustomers: boolean
  #at = 0

  constructor(rules: PeriodRules, sets: EntrySets, input: ChunkInput) {
    const { pack } = input
    this.#rules = rules
    this.#sets = sets
    this.#records = pack.records
    this.#packCustomers = pack.customers
    this.#caseLines = pack.facts.map((facts) => ({ facts, statusAtStart: facts.statusAtBase }))
    this.#outcomes = new Array<Outcome | undefined>(pack.facts.length)
    this.#carried = new Array<Map<Decision, Outcome> | undefined>(pack.facts.length)
    this.#special = new SpecialCustomers(input)
    this.#tallies = emptyTallies([...rules.due.line, ...rules.due.customer])
    this.#asksCustomers = rules.due.customer.length > 0
  }

  /** Decides about `lines` more lines; true when all are done. Between two steps the sink can be emptied. */
  step(lines: number, sink: PostingSink): boolean {
    const records = this.#records
    const until = this.lines + lines
    while (this.lines < until) {
      if (this.customers === this.#packCustomers) {
        for (const history of this.#special.rest()) this.#decideHistory(history, sink)
        return true
      }
      const at = this.#at
      const high = readUint32(records, at)
      const low = readUint32(records, at + 4)
      const kindAndLines = readUint32(records, at + 12)
      const count = kindAndLines & 0x7fff_ffff
      if (this.#special.reached(high, low)) {
        for (const history of this.#special.before(high, low)) this.#decideHistory(history, sink)
        const history = this.#special.at(high, low)
        if (history) this.#decideSpecial(history, at, count, sink)
        else this.#decidePlain(at, count, kindAndLines, sink)
      } else {
        this.#decidePlain(at, count, kindAndLines, sink)
      }
      this.#at = at + CUSTOMER_BYTES + count * LINE_BYTES
      this.customers += 1
      this.lines += count
    }
    return false
  }

  /** Sums up; call once, after the last step. */
  tallies(): Tallies {
    const all = [...this.#outcomes, ...this.#carried.flatMap((it) => (it ? [...it.values()] : []))]
    for (const outcome of all) {
      if (outcome === undefined || outcome.count === 0) continue
      for (const decision of outcome.decisions) countDecision(this.#tallies, decision, false, outcome.count)
      if (outcome.set) countEntries(this.#tallies, outcome.set.entries, outcome.count)
    }
    for (const [decision, count] of this.#customerDecisions) {
      countDecision(this.#tallies, decision, false, count)
    }
    return this.#tallies
  }

  #decidePlain(at: number, count: number, kindAndLines: number, sink: PostingSink): void {
    const records = this.#records
    let carrier = -1
    let carried: Decision | undefined
    if (this.#asksCustomers) {
      const asked = this.#askCustomer(at, count, kindAndLines)
      if (asked !== undefined) {
        carrier = asked.carrier
        carried = asked.decision
      }
    }
    let lineAt = at + CUSTOMER_BYTES
    for (let line = 0; line < count; line += 1) {
      const facts = readUint32(records, lineAt + 8)
      const outcome = line === carrier
        ? this.#carriedOutcome(facts, carried!)
        : (this.#outcomes[facts] ??= this.#outcomeOf(facts, undefined))
      outcome.count += 1
      if (outcome.set !== undefined) sink.post(records, at, lineAt, outcome.set, 1)
      lineAt += LINE_BYTES
    }
  }

  /** Counts the customer's decisions and returns the grant, if any, with the line that carries it. */
  #askCustomer(at: number, count: number, kindAndLines: number): CustomerDecision | undefined {
    const lines = this.#oneLine
    lines.length = count
    for (let line = 0; line < count; line += 1) {
      const factsAt = at + CUSTOMER_BYTES + line * LINE_BYTES + 8
      lines[line] = this.#caseLines[readUint32(this.#records, factsAt)]!
    }
    const decisions = this.#rules.decideCustomer(this.#customer(at, kindAndLines), lines)
    assert(decisions.length === 1, 'one benefit of customers a period')
    const asked = decisions[0]!
    const known = this.#customerDecisions.get(asked.decision) ?? 0
    this.#customerDecisions.set(asked.decision, known + 1)
    return asked.decision.outcome === 'granted' ? asked : undefined
  }

  #customer(at: number, kindAndLines: number): Customer {
    const birthDay = readUint32(this.#records, at + 8) | 0
    return customerOf(birthDay, kindAndLines >= CORPORATE_BIT)
  }

  #outcomeOf(facts: number, carried: Decision | undefined): Outcome {
    const decisions = this.#rules.decideLine(this.#caseLines[facts]!)
    const own = entriesFor('line', decisions, []).entries
    const entries = carried ? [...own, ...entriesFor('customer', [carried], []).entries] : own
    const set = entries.length > 0 ? this.#sets.refFor(entries) : undefined
    return { decisions, set, count: 0 }
  }

  #carriedOutcome(facts: number, carried: Decision): Outcome {
    const byDecision = (this.#carried[facts] ??= new Map<Decision, Outcome>())
    let outcome = byDecision.get(carried)
    if (outcome === undefined) {
      outcome = this.#outcomeOf(facts, carried)
      byDecision.set(carried, outcome)
    }
    return outcome
  }

  #decideSpecial(history: HistoryCase, at: number, count: number, sink: PostingSink): void {
    const records = this.#records
    for (let line = 0; line < count; line += 1) {
      const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
      const facts = this.#caseLines[readUint32(records, lineAt + 8)]!
      history.addLine(records.readBigInt64BE(lineAt), facts)
    }
    history.customer = this.#customer(at, readUint32(records, at + 12))
    this.#decideHistory(history, sink)
  }

  #decideHistory(history: HistoryCase, sink: PostingSink): void {
    const lineDecisions = history.lines.map((it) => this.#rules.decideLine(it.line))
    const customerDecisions = this.#asksCustomers && history.customer !== undefined
      ? this.#rules.decideCustomer(history.customer, history.lines.map((it) => it.line))
      : []
    const result = history.difference(lineDecisions, customerDecisions)
    for (const [index, decisions] of lineDecisions.entries()) {
      const unchanged = result.unchangedOfLine[index]!
      for (const it of decisions) countDecision(this.#tallies, it, unchanged.includes(it.benefit), 1)
    }
    for (const { decision } of customerDecisions) {
      countDecision(this.#tallies, decision, result.unchangedOfCustomer.includes(decision.benefit), 1)
    }
    for (const { lineId, entries, postingNo } of result.postings) {
      countEntries(this.#tallies, entries, 1)
      sink.post(history.idBytes(lineId), 0, 8, this.#sets.refFor(entries), postingNo)
    }
  }
}

// Birth dates repeat: some 40,000 customers stand for all.
const customersByBirthDay = new Map<number, Customer>()
const CORPORATE: Customer = { kind: 'corporate', birthDate: null }

function customerOf(birthDay: number, corporate: boolean): Customer {
  if (corporate) return CORPORATE
  let customer = customersByBirthDay.get(birthDay)
  if (customer === undefined) {
    assert(birthDay !== NO_BIRTH_DAY, 'a birth date of every individual')
    customer = { kind: 'individual', birthDate: isoOfPostgresDay(birthDay) }
    if (customersByBirthDay.size < 100_000) customersByBirthDay.set(birthDay, customer)
  }
  return customer
}

function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}

