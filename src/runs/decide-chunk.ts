/**
 * Decides all cases of a chunk and hands its postings, in order of customer and line, to a sink.
 * Planning and running differ in the sink alone. Equal facts are decided once and counted; only a
 * customer with a later status, a later consent or earlier postings is looked at line by line.
 */
import type { EntrySet } from '../ledger/entry.js'
import type { CaseLine } from '../rules/case.js'
import type { CustomerDecision, Decision } from '../rules/decision.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES } from '../snapshot/pack.js'
import type { ChunkInput } from './chunk-input.js'
import type { DecisionMemo, KnownLine, Outcome, Repeat } from './decision-memo.js'
import { SpecialCustomers } from './history-case.js'
import type { HistoryCase } from './history-case.js'
import type { PostingSink } from './posting-writer.js'
import { countDecision, countEntries, emptyTallies } from './tally.js'
import type { Tallies } from './tally.js'

export class ChunkDecider {
  lines = 0
  customers = 0

  readonly #memo: DecisionMemo
  readonly #records: Buffer
  readonly #packCustomers: number
  /** By the pack's index of facts, as are the two after it. */
  readonly #known: readonly KnownLine[]
  readonly #outcomes: (Outcome | undefined)[]
  readonly #counts: Uint32Array
  readonly #carriedCounts = new Map<Outcome, number>()
  readonly #repeatCounts = new Map<Repeat, number>()
  readonly #customerCounts = new Map<Decision, number>()
  readonly #special: SpecialCustomers
  readonly #tallies: Tallies
  readonly #asksCustomers: boolean
  #at = 0

  constructor(memo: DecisionMemo, input: ChunkInput) {
    const { pack } = input
    const { due } = memo.rules
    this.#memo = memo
    this.#records = pack.records
    this.#packCustomers = pack.customers
    this.#known = pack.facts.map((facts) => memo.lineOf(facts))
    this.#outcomes = pack.facts.map(() => undefined)
    this.#counts = new Uint32Array(pack.facts.length)
    this.#special = new SpecialCustomers(input)
    this.#tallies = emptyTallies([...due.line, ...due.customer])
    this.#asksCustomers = memo.asksCustomers
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
      const kindAndLines = readUint32(records, at + 12)
      const count = kindAndLines & 0x7fff_ffff
      if (!this.#decideIfSpecial(at, count, kindAndLines, sink)) this.#decidePlain(at, count, kindAndLines, sink)
      this.#at = at + CUSTOMER_BYTES + count * LINE_BYTES
      this.customers += 1
      this.lines += count
    }
    return false
  }

  /** Sums up; call once, after the last step. */
  tallies(): Tallies {
    for (const [index, count] of this.#counts.entries()) {
      const outcome = this.#outcomes[index]
      if (outcome !== undefined) this.#addOutcome(outcome, count)
    }
    for (const [outcome, count] of this.#carriedCounts) this.#addOutcome(outcome, count)
    for (const [repeat, count] of this.#repeatCounts) this.#addRepeat(repeat, count)
    for (const [decision, count] of this.#customerCounts) countDecision(this.#tallies, decision, false, count)
    return this.#tallies
  }

  #addOutcome(outcome: Outcome, count: number): void {
    for (const decision of outcome.decisions) countDecision(this.#tallies, decision, false, count)
    if (outcome.set) countEntries(this.#tallies, outcome.set.entries, count)
  }

  #addRepeat({ decisions, unchanged, set }: Repeat, count: number): void {
    for (const it of decisions) countDecision(this.#tallies, it, unchanged.includes(it.benefit), count)
    if (set) countEntries(this.#tallies, set.entries, count)
  }

  #decidePlain(at: number, count: number, kindAndLines: number, sink: PostingSink): void {
    const records = this.#records
    let carrier = -1
    let carried: Decision | undefined
    if (this.#asksCustomers) {
      const answer = this.#askCustomer(at, count, kindAndLines)
      this.#customerCounts.set(answer.decision, (this.#customerCounts.get(answer.decision) ?? 0) + 1)
      carrier = answer.carrier
      carried = answer.decision
    }
    let lineAt = at + CUSTOMER_BYTES
    for (let line = 0; line < count; line += 1) {
      const facts = readUint32(records, lineAt + 8)
      let outcome: Outcome
      if (line === carrier) {
        outcome = this.#memo.carriedOutcomeOf(this.#known[facts]!, carried!)
        this.#carriedCounts.set(outcome, (this.#carriedCounts.get(outcome) ?? 0) + 1)
      } else {
        outcome = this.#outcomes[facts] ??= this.#memo.outcomeOf(this.#known[facts]!)
        this.#counts[facts]! += 1
      }
      if (outcome.set !== undefined) sink.post(records, at, lineAt, outcome.set, 1)
      lineAt += LINE_BYTES
    }
  }

  /** Of the answer, `carrier` is the line that carries a grant, or -1. */
  #askCustomer(at: number, count: number, kindAndLines: number): CustomerDecision {
    const records = this.#records
    const birthDay = readUint32(records, at + 8) | 0
    const corporate = kindAndLines >= CORPORATE_BIT
    if (count === 1) {
      const facts = readUint32(records, at + CUSTOMER_BYTES + 8)
      return this.#memo.answerOf(this.#known[facts]!, birthDay, corporate)
    }
    const lines: CaseLine[] = []
    for (let line = 0; line < count; line += 1) {
      lines.push(this.#known[readUint32(records, at + CUSTOMER_BYTES + line * LINE_BYTES + 8)]!.line)
    }
    return this.#memo.ask(birthDay, corporate, lines)
  }

  /** Whether the customer had a history and was decided; those that stand before it are too. */
  #decideIfSpecial(at: number, count: number, kindAndLines: number, sink: PostingSink): boolean {
    const records = this.#records
    const high = readUint32(records, at)
    const low = readUint32(records, at + 4)
    if (!this.#special.reached(high, low)) return false
    for (const history of this.#special.before(high, low)) this.#decideHistory(history, sink)
    if (!this.#special.isAt(high, low)) return false
    const lineAt = at + CUSTOMER_BYTES
    const posted = count === 1 ? this.#special.takeOnlyPosting(records, lineAt) : undefined
    if (posted === undefined) this.#decideHistory(this.#historyAt(at, count, kindAndLines), sink)
    else this.#decideRepeat(at, kindAndLines, posted, sink)
    return true
  }

  #decideRepeat(at: number, kindAndLines: number, posted: EntrySet, sink: PostingSink): void {
    const lineAt = at + CUSTOMER_BYTES
    const known = this.#known[readUint32(this.#records, lineAt + 8)]!
    const answer = this.#asksCustomers ? this.#askCustomer(at, 1, kindAndLines) : undefined
    const repeat = this.#memo.repeatOf(known, posted, answer)
    this.#repeatCounts.set(repeat, (this.#repeatCounts.get(repeat) ?? 0) + 1)
    if (repeat.set !== undefined) sink.post(this.#records, at, lineAt, repeat.set, 2)
  }

  #historyAt(at: number, count: number, kindAndLines: number): HistoryCase {
    const records = this.#records
    const history = this.#special.take()
    for (let line = 0; line < count; line += 1) {
      const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
      history.addLine(records.readBigInt64BE(lineAt), this.#known[readUint32(records, lineAt + 8)]!.line)
    }
    history.customer = this.#memo.customerOf(readUint32(records, at + 8) | 0, kindAndLines >= CORPORATE_BIT)
    return history
  }

  #decideHistory(history: HistoryCase, sink: PostingSink): void {
    const { rules, sets } = this.#memo
    const lineDecisions = history.lines.map((it) => rules.decideLine(it.line))
    const customerDecisions = this.#asksCustomers && history.customer !== undefined
      ? rules.decideCustomer(history.customer, history.lines.map((it) => it.line))
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
      sink.post(history.idBytes(lineId), 0, 8, sets.refFor(entries), postingNo)
    }
  }
}

function readUint32(bytes: Buffer, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
