/**
 * What equal facts were told. Rules are pure, so a set of facts is decided once for all chunks of a
 * plan or run; of 13.5 million customers some hundred sets of facts stand for nearly all.
 */
import { assert } from '../assert.js'
import { isoOfPostgresDay } from '../db/day.js'
import { entriesFor } from '../ledger/difference.js'
import type { CaseLine, Customer, LineFacts } from '../rules/case.js'
import type { PeriodRules } from '../rules/decide.js'
import type { EntrySet } from '../ledger/entry.js'
import type { Benefit, CustomerDecision, Decision } from '../rules/decision.js'
import { NO_BIRTH_DAY } from '../snapshot/pack.js'
import type { EntrySetRef, EntrySets } from './entry-sets.js'
import { HistoryCase } from './history-case.js'

/** What a line without history is told, and what its posting says: undefined when it gets nothing. */
export interface Outcome {
  readonly decisions: readonly Decision[]
  readonly set: EntrySetRef | undefined
}

/** The same for a line that has one posting already, and whose customer has no other line. */
export interface Repeat {
  readonly decisions: readonly Decision[]
  readonly unchanged: readonly Benefit[]
  readonly set: EntrySetRef | undefined
}

/** Equal facts share one of these. */
export interface KnownLine {
  readonly line: CaseLine
  outcome: Outcome | undefined
  /** By the customer's decision that the line carries. */
  readonly carried: Map<Decision, Outcome>
  /** By what was posted, then by the customer's decision, if there is one. */
  readonly repeats: Map<EntrySet, Map<Decision | undefined, Repeat>>
  /** For a customer with just this line: by birth day, 1 + index into `answers`; 0 is unknown. */
  answers: Uint8Array | undefined
}

const DAYS = 65_536
const FIRST_DAY = 36_525
/** 64 KiB each: 16 MiB at the most. */
const MAXIMUM_ANSWERS = 256
/** Hostile snapshots may have as many sets of facts as lines: then the oldest are forgotten. */
const MAXIMUM_LINES = 50_000

export class DecisionMemo {
  readonly rules: PeriodRules
  readonly sets: EntrySets
  readonly #lines = new Map<string, KnownLine>()
  readonly #customers = new Map<number, Customer>()
  readonly #answers: CustomerDecision[] = []
  #answerTables = 0

  constructor(rules: PeriodRules, sets: EntrySets) {
    this.rules = rules
    this.sets = sets
  }

  get asksCustomers(): boolean {
    return this.rules.due.customer.length > 0
  }

  lineOf(facts: LineFacts): KnownLine {
    const key = JSON.stringify(facts)
    let known = this.#lines.get(key)
    if (known === undefined) {
      if (this.#lines.size >= MAXIMUM_LINES) this.#lines.clear()
      known = { line: { facts, statusAtStart: facts.statusAtBase }, outcome: undefined, carried: new Map(),
        repeats: new Map(), answers: undefined }
      this.#lines.set(key, known)
    }
    return known
  }

  /** `birthDay` as in a pack. */
  customerOf(birthDay: number, corporate: boolean): Customer {
    if (corporate) return CORPORATE
    let customer = this.#customers.get(birthDay)
    if (customer === undefined) {
      customer = customerOf(birthDay, corporate)
      this.#customers.set(birthDay, customer)
    }
    return customer
  }

  outcomeOf(known: KnownLine): Outcome {
    return (known.outcome ??= this.#decide(known.line, undefined))
  }

  carriedOutcomeOf(known: KnownLine, carried: Decision): Outcome {
    let outcome = known.carried.get(carried)
    if (outcome === undefined) {
      outcome = this.#decide(known.line, carried)
      known.carried.set(carried, outcome)
    }
    return outcome
  }

  /**
   * What a customer with one line is told. A table by birth day is read without leaving the
   * processor's cache, where customers kept as objects cost some 0.5 µs each.
   */
  answerOf(known: KnownLine, birthDay: number, corporate: boolean): CustomerDecision {
    const day = corporate ? 0 : birthDay + FIRST_DAY
    const table = (known.answers ??= this.#newTable())
    if (table === undefined || day < 0 || day >= DAYS) return this.ask(birthDay, corporate, [known.line])
    const index = table[day]!
    if (index > 0) return this.#answers[index - 1]!
    const answer = this.ask(birthDay, corporate, [known.line])
    table[day] = this.#indexOf(answer) + 1
    return answer
  }

  ask(birthDay: number, corporate: boolean, lines: readonly CaseLine[]): CustomerDecision {
    const answers = this.rules.decideCustomer(this.customerOf(birthDay, corporate), lines)
    assert(answers.length === 1, 'one benefit of customers a period')
    return answers[0]!
  }

  repeatOf(known: KnownLine, posted: EntrySet, answer: CustomerDecision | undefined): Repeat {
    let byAnswer = known.repeats.get(posted)
    if (byAnswer === undefined) {
      byAnswer = new Map()
      known.repeats.set(posted, byAnswer)
    }
    let repeat = byAnswer.get(answer?.decision)
    if (repeat === undefined) {
      repeat = this.#decideAgain(known.line, posted, answer)
      byAnswer.set(answer?.decision, repeat)
    }
    return repeat
  }

  #decideAgain(line: CaseLine, entries: EntrySet, answer: CustomerDecision | undefined): Repeat {
    const history = new HistoryCase(1n, [], [{ customerId: 1n, lineId: 1n, postingNo: 1, setId: 0, entries }])
    history.addLine(1n, line)
    const decisions = this.rules.decideLine(line)
    const { unchangedOfLine, unchangedOfCustomer, postings } =
      history.difference([decisions], answer ? [answer] : [])
    return {
      decisions: answer ? [...decisions, answer.decision] : decisions,
      unchanged: [...unchangedOfLine.flat(), ...unchangedOfCustomer],
      set: postings[0] && this.sets.refFor(postings[0].entries),
    }
  }

  #newTable(): Uint8Array | undefined {
    if (this.#answerTables >= MAXIMUM_ANSWERS) return undefined
    this.#answerTables += 1
    return new Uint8Array(DAYS)
  }

  #indexOf(answer: CustomerDecision): number {
    const known = this.#answers.findIndex((it) => it.decision === answer.decision && it.carrier === answer.carrier)
    if (known >= 0) return known
    assert(this.#answers.length < 255, 'few different answers')
    return this.#answers.push(answer) - 1
  }

  #decide(line: CaseLine, carried: Decision | undefined): Outcome {
    const decisions = this.rules.decideLine(line)
    const own = entriesFor('line', decisions, []).entries
    const entries = carried ? [...own, ...entriesFor('customer', [carried], []).entries] : own
    return { decisions, set: entries.length > 0 ? this.sets.refFor(entries) : undefined }
  }
}

const CORPORATE: Customer = { kind: 'corporate', birthDate: null }

/** `birthDay` as in a pack. */
export function customerOf(birthDay: number, corporate: boolean): Customer {
  if (corporate) return CORPORATE
  assert(birthDay !== NO_BIRTH_DAY, 'a birth date of every individual')
  return { kind: 'individual', birthDate: isoOfPostgresDay(birthDay) }
}
