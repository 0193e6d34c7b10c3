/**
 * Decides all cases of a chunk and hands its postings, in order of customer and line, to a sink.
 * Planning and running differ in the sink alone. Equal facts are decided once and counted; only a
 * customer with settled facts or earlier postings is looked at line by line.
 */
import { assert } from '../assert.js'
import type { EntrySet } from '../ledger/entry.js'
import type { InsuranceFacts } from '../rules/case.js'
import type { CustomerDecision, Decision } from '../rules/decision.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES } from '../snapshot/pack.js'
import type { ChunkInput } from './chunk-input.js'
import { customerOf } from './decision-memo.js'
import type { DecisionMemo, KnownLine, Outcome, Repeat } from './decision-memo.js'
import type { HistoryCase } from './history-case.js'
import type { PostingSink } from './posting-writer.js'
import { SpecialCustomers } from './special-customers.js'
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
  readonly #outcomeCounts = new Map<Outcome, number>()
  readonly #lines: KnownLine[] = []
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
    this.#special = new SpecialCustomers(input, memo)
    this.#tallies = emptyTallies([...due.line, ...due.customer])
    this.#asksCustomers = memo.asksCustomers
  }

  /**
   * Decides about `lines` more lines; true when all are done. Between two steps the sink can be
   * emptied.
   */
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
      if (!this.#decideIfSpecial(at, count, kindAndLines, sink))
        this.#decidePlain(at, count, kindAndLines, sink)
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
    for (const [outcome, count] of this.#outcomeCounts) this.#addOutcome(outcome, count)
    for (const [repeat, count] of this.#repeatCounts) this.#addRepeat(repeat, count)
    for (const [decision, count] of this.#customerCounts)
      countDecision(this.#tallies, decision, false, count)
    return this.#tallies
  }

  #addOutcome(outcome: Outcome, count: number): void {
    for (const decision of outcome.decisions) countDecision(this.#tallies, decision, false, count)
    if (outcome.set) countEntries(this.#tallies, outcome.set.entries, count)
  }

  #addRepeat({ decisions, unchanged, set }: Repeat, count: number): void {
    for (const it of decisions)
      countDecision(this.#tallies, it, unchanged.includes(it.benefit), count)
    if (set) countEntries(this.#tallies, set.entries, count)
  }

  #decidePlain(at: number, count: number, kindAndLines: number, sink: PostingSink): void {
    const records = this.#records
    let carrier = -1
    let carried: Decision | undefined
    if (this.#asksCustomers) {
      const answer = this.#askCustomer(at, kindAndLines, this.#linesAt(at, count), null)
      carrier = answer.carrier
      carried = answer.decision
    }
    let lineAt = at + CUSTOMER_BYTES
    for (let line = 0; line < count; line += 1) {
      const facts = readUint32(records, lineAt + 8)
      let outcome: Outcome
      if (line === carrier) {
        outcome = this.#memo.carriedOutcomeOf(this.#known[facts]!, carried!)
        this.#countOutcome(outcome)
      } else {
        outcome = this.#outcomes[facts] ??= this.#memo.outcomeOf(this.#known[facts]!)
        this.#counts[facts]! += 1
      }
      if (outcome.set !== undefined) sink.post(records, at, lineAt, outcome.set, 1)
      lineAt += LINE_BYTES
    }
  }

  /** As plain, but something was settled about the customer or some of its lines. */
  #decideSettled(at: number, count: number, kindAndLines: number, sink: PostingSink): void {
    const { insurance } = this.#special
    const lines = this.#settledLinesAt(at, count)
    this.#special.pass()
    const answer = this.#asksCustomers
      ? this.#askCustomer(at, kindAndLines, lines, insurance)
      : undefined
    for (let line = 0; line < count; line += 1) {
      const known = lines[line]!
      const outcome =
        answer?.carrier === line
          ? this.#memo.carriedOutcomeOf(known, answer.decision)
          : this.#memo.outcomeOf(known)
      this.#countOutcome(outcome)
      const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
      if (outcome.set !== undefined) sink.post(this.#records, at, lineAt, outcome.set, 1)
    }
  }

  /** The lines of the next special customer, with what was settled about them. */
  #settledLinesAt(at: number, count: number): KnownLine[] {
    const lines = this.#linesAt(at, count)
    const special = this.#special
    let line = 0
    while (special.takeLineFact()) {
      const { lineRecords, lineIdAt } = special
      while (line < count && !this.#isLineAt(at, line, lineRecords, lineIdAt)) line += 1
      assert(line < count, 'every fact to be of a line of the pack')
      lines[line] = this.#memo.variantOf(lines[line]!, special.lineFact!)
    }
    return lines
  }

  #isLineAt(at: number, line: number, ids: Buffer, idAt: number): boolean {
    const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
    const records = this.#records
    return (
      readUint32(records, lineAt + 4) === readUint32(ids, idAt + 4) &&
      readUint32(records, lineAt) === readUint32(ids, idAt)
    )
  }

  #countOutcome(outcome: Outcome): void {
    this.#outcomeCounts.set(outcome, (this.#outcomeCounts.get(outcome) ?? 0) + 1)
  }

  /** The customer's lines; one list serves all customers, each until the next. */
  #linesAt(at: number, count: number): KnownLine[] {
    const lines = this.#lines
    if (lines.length !== count) lines.length = count
    for (let line = 0; line < count; line += 1) {
      const factsAt = at + CUSTOMER_BYTES + line * LINE_BYTES + 8
      lines[line] = this.#known[readUint32(this.#records, factsAt)]!
    }
    return lines
  }

  /** Counts the answer; its `carrier` is the line that carries a grant, or -1. */
  #askCustomer(
    at: number,
    kindAndLines: number,
    lines: readonly KnownLine[],
    insurance: InsuranceFacts | null,
  ): CustomerDecision {
    const birthDay = readUint32(this.#records, at + 8) | 0
    const answer = this.#memo.answerOf(lines, birthDay, kindAndLines >= CORPORATE_BIT, insurance)
    this.#customerCounts.set(answer.decision, (this.#customerCounts.get(answer.decision) ?? 0) + 1)
    return answer
  }

  /** Whether the customer had a history and was decided; those that stand before it are too. */
  #decideIfSpecial(at: number, count: number, kindAndLines: number, sink: PostingSink): boolean {
    const records = this.#records
    const high = readUint32(records, at)
    const low = readUint32(records, at + 4)
    if (!this.#special.reached(high, low)) return false
    for (const history of this.#special.before(high, low)) this.#decideHistory(history, sink)
    if (!this.#special.isAt(high, low)) return false
    if (!this.#special.hasPosted) {
      this.#decideSettled(at, count, kindAndLines, sink)
      return true
    }
    const lineAt = at + CUSTOMER_BYTES
    const posted = count === 1 ? this.#special.takeOnlyPosting(records, lineAt) : undefined
    if (posted === undefined) this.#decideHistory(this.#historyAt(at, count, kindAndLines), sink)
    else this.#decideRepeat(at, kindAndLines, posted, sink)
    return true
  }

  #decideRepeat(at: number, kindAndLines: number, posted: EntrySet, sink: PostingSink): void {
    const lineAt = at + CUSTOMER_BYTES
    const { insurance } = this.#special
    const lines = this.#settledLinesAt(at, 1)
    this.#special.pass()
    // The answer is among the repeat's decisions: it must not be counted twice.
    const birthDay = readUint32(this.#records, at + 8) | 0
    const answer = this.#asksCustomers
      ? this.#memo.answerOf(lines, birthDay, kindAndLines >= CORPORATE_BIT, insurance)
      : undefined
    const repeat = this.#memo.repeatOf(lines[0]!, posted, answer)
    this.#repeatCounts.set(repeat, (this.#repeatCounts.get(repeat) ?? 0) + 1)
    if (repeat.set !== undefined) sink.post(this.#records, at, lineAt, repeat.set, 2)
  }

  #historyAt(at: number, count: number, kindAndLines: number): HistoryCase {
    const records = this.#records
    const history = this.#special.take()
    for (let line = 0; line < count; line += 1) {
      const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
      history.addLine(
        records.readBigInt64BE(lineAt),
        this.#known[readUint32(records, lineAt + 8)]!.line,
      )
    }
    history.customer = customerOf(
      readUint32(records, at + 8) | 0,
      kindAndLines >= CORPORATE_BIT,
      history.insurance,
    )
    return history
  }

  #decideHistory(history: HistoryCase, sink: PostingSink): void {
    const { rules, sets } = this.#memo
    const lineDecisions = history.lines.map((it) => rules.decideLine(it.line))
    const customerDecisions =
      this.#asksCustomers && history.customer !== undefined
        ? rules.decideCustomer(
            history.customer,
            history.lines.map((it) => it.line),
          )
        : []
    const result = history.difference(lineDecisions, customerDecisions)
    for (const [index, decisions] of lineDecisions.entries()) {
      const unchanged = result.unchangedOfLine[index]!
      for (const it of decisions)
        countDecision(this.#tallies, it, unchanged.includes(it.benefit), 1)
    }
    for (const { decision } of customerDecisions) {
      countDecision(
        this.#tallies,
        decision,
        result.unchangedOfCustomer.includes(decision.benefit),
        1,
      )
    }
    for (const { lineId, entries, postingNo } of result.postings) {
      countEntries(this.#tallies, entries, 1)
      sink.post(history.idBytes(lineId), 0, 8, sets.refFor(entries), postingNo)
    }
  }
}

function readUint32(bytes: Buffer, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  )
}
