/**
 * What equal facts were told. Rules are pure, so a set of facts is decided once for all chunks of a
 * plan or run; of 13.5 million customers some hundred sets of facts stand for nearly all.
 */
import { assert } from '../assert.js'
import { isoOfPostgresDay, postgresDayOf } from '../db/day.js'
import { entriesFor } from '../ledger/difference.js'
import type { EntrySet } from '../ledger/entry.js'
import type { CaseLine, Customer, InsuranceFacts, LineFacts } from '../rules/case.js'
import type { PeriodRules } from '../rules/decide.js'
import type { Benefit, CustomerDecision, Decision } from '../rules/decision.js'
import { NO_BIRTH_DAY } from '../snapshot/pack.js'
import type { EntrySetRef, EntrySets } from './entry-sets.js'
import type { LineFact } from './fact-pack.js'
import { HistoryCase, withFact } from './history-case.js'
import type { KnownFacts } from './special-customers.js'

/**
 * What a line without postings is told, and what its posting says: undefined when it gets nothing.
 */
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
  /** Its own among the lines that the memo keeps; NOT_KEPT for one that came when it was full. */
  readonly number: number
  outcome: Outcome | undefined
  /** By the customer's decision that the line carries. */
  readonly carried: Map<Decision, Outcome>
  /** By what was posted, then by the customer's decision, if there is one. */
  readonly repeats: Map<EntrySet, Map<Decision | undefined, Repeat>>
  /** The line with what was settled about it, by that. */
  readonly variants: Map<LineFact, KnownLine>
}

/**
 * Hostile snapshots may have as many sets of facts as lines: those beyond are decided each time.
 */
const MAXIMUM_LINES = 50_000
const NOT_KEPT = -1
const MAXIMUM_ANSWERS = 200_000
const CORPORATE: Customer = { kind: 'corporate', birthDate: null, insurance: null }

export class DecisionMemo implements KnownFacts {
  readonly rules: PeriodRules
  readonly sets: EntrySets
  readonly asksCustomers: boolean
  readonly #birthBounds: readonly number[]
  readonly #lines = new Map<string, KnownLine>()
  readonly #lineFacts = new Map<string, LineFact>()
  readonly #insurances = new Map<string, InsuranceFacts>()
  readonly #answers = new Map<number, CustomerDecision>()
  /** Of customers of whom nothing is settled but that they were insured before. */
  readonly #insuredAnswers = new Map<InsuranceFacts, Map<number, CustomerDecision>>()
  #numbers = 0

  constructor(rules: PeriodRules, sets: EntrySets) {
    this.rules = rules
    this.sets = sets
    this.asksCustomers = rules.due.customer.length > 0
    this.#birthBounds = rules.birthBounds.map(postgresDayOf)
  }

  lineOf(facts: LineFacts): KnownLine {
    const essence = this.rules.essenceOf(facts)
    return this.#known(this.#lines, JSON.stringify(essence), () => ({
      facts: essence,
      statusAtStart: facts.statusAtBase,
      pass: null,
    }))
  }

  lineFactOf(fact: LineFact): LineFact {
    return sameObject(this.#lineFacts, fact)
  }

  insuranceOf(facts: InsuranceFacts): InsuranceFacts {
    return sameObject(this.#insurances, facts)
  }

  /** The line as what was settled about it makes it; `fact` is one of `lineFactOf`. */
  variantOf(known: KnownLine, fact: LineFact): KnownLine {
    return this.#known(known.variants, fact, () => withFact(known.line, fact))
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
   * What a customer with these lines, in order, is told. Birth days between two bounds of the rules
   * count as one: a memo by birth day was missed so often that it cost 0.5 µs a customer.
   * Whoever applied is asked about alone: then the age at that day counts too. `birthDay` is as in
   * a pack, `insurance` one of `insuranceOf`.
   */
  answerOf(
    lines: readonly KnownLine[],
    birthDay: number,
    corporate: boolean,
    insurance: InsuranceFacts | null,
  ): CustomerDecision {
    const [first, second, third] = lines
    const isKept =
      first !== undefined &&
      lines.length <= 3 &&
      lines.every((it) => it.number !== NOT_KEPT) &&
      (insurance === null || insurance.applications.length === 0)
    if (!isKept) return this.#ask(lines, birthDay, corporate, insurance)
    // Three numbers below 50,001 and a handful of classes stay below 2^53.
    const key =
      ((first.number * (MAXIMUM_LINES + 1) + (second ? second.number + 1 : 0)) *
        (MAXIMUM_LINES + 1) +
        (third ? third.number + 1 : 0)) *
        (this.#birthBounds.length + 2) +
      this.#classOf(birthDay, corporate)
    const answers = this.#answersFor(insurance)
    let answer = answers.get(key)
    if (answer === undefined) {
      answer = this.#ask(lines, birthDay, corporate, insurance)
      if (answers.size >= MAXIMUM_ANSWERS) answers.clear()
      answers.set(key, answer)
    }
    return answer
  }

  #answersFor(insurance: InsuranceFacts | null): Map<number, CustomerDecision> {
    if (insurance === null) return this.#answers
    let answers = this.#insuredAnswers.get(insurance)
    if (answers === undefined) {
      answers = new Map()
      this.#insuredAnswers.set(insurance, answers)
    }
    return answers
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

  #known<Key>(lines: Map<Key, KnownLine>, key: Key, make: () => CaseLine): KnownLine {
    let known = lines.get(key)
    if (known === undefined) {
      const isKept = this.#numbers < MAXIMUM_LINES
      known = {
        line: make(),
        number: isKept ? this.#numbers : NOT_KEPT,
        outcome: undefined,
        carried: new Map(),
        repeats: new Map(),
        variants: new Map(),
      }
      this.#numbers += 1
      if (isKept) lines.set(key, known)
    }
    return known
  }

  #classOf(birthDay: number, corporate: boolean): number {
    if (corporate) return 0
    let birthClass = 1
    for (const bound of this.#birthBounds) if (birthDay > bound) birthClass += 1
    return birthClass
  }

  #ask(
    lines: readonly KnownLine[],
    birthDay: number,
    corporate: boolean,
    insurance: InsuranceFacts | null,
  ): CustomerDecision {
    const answers = this.rules.decideCustomer(
      customerOf(birthDay, corporate, insurance),
      lines.map((it) => it.line),
    )
    assert(answers.length === 1, 'one benefit of customers a period')
    return answers[0]!
  }

  #decideAgain(line: CaseLine, entries: EntrySet, answer: CustomerDecision | undefined): Repeat {
    const posted = [{ customerId: 1n, lineId: 1n, postingNo: 1, setId: 0, entries }]
    const history = new HistoryCase(1n, new Map(), posted, null)
    history.addLine(1n, line)
    const decisions = this.rules.decideLine(line)
    const { unchangedOfLine, unchangedOfCustomer, postings } = history.difference(
      [decisions],
      answer ? [answer] : [],
    )
    return {
      decisions: answer ? [...decisions, answer.decision] : decisions,
      unchanged: [...unchangedOfLine.flat(), ...unchangedOfCustomer],
      set: postings[0] && this.sets.refFor(postings[0].entries),
    }
  }

  #decide(line: CaseLine, carried: Decision | undefined): Outcome {
    const decisions = this.rules.decideLine(line)
    const own = entriesFor('line', decisions, []).entries
    const entries = carried ? [...own, ...entriesFor('customer', [carried], []).entries] : own
    return { decisions, set: entries.length > 0 ? this.sets.refFor(entries) : undefined }
  }
}

/** `birthDay` as in a pack. */
export function customerOf(
  birthDay: number,
  corporate: boolean,
  insurance: InsuranceFacts | null,
): Customer {
  if (corporate) return insurance === null ? CORPORATE : { ...CORPORATE, insurance }
  assert(birthDay !== NO_BIRTH_DAY, 'a birth date of every individual')
  return { kind: 'individual', birthDate: isoOfPostgresDay(birthDay), insurance }
}

function sameObject<Facts>(known: Map<string, Facts>, facts: Facts): Facts {
  const key = JSON.stringify(facts)
  const same = known.get(key)
  if (same !== undefined) return same
  if (known.size < MAXIMUM_LINES) known.set(key, facts)
  return facts
}
