/**
 * The same guards as `decide` runs, with all that apply, the facts they looked at and where the
 * rule is written. A call centre reads it out; a replay that differs from the ledger quotes it.
 */
import { assert } from '../assert.js'
import { customerView } from './benefits/insurance.js'
import type { Case, Period } from './case.js'
import type { Cited } from './cited.js'
import { rulesFor } from './decide.js'
import { BENEFITS, type Benefit, type Grant } from './decision.js'
import { allRefusals, type Facts } from './guard.js'
import type { ProgrammeVersion } from './programme.js'
import { REASONS, type ReasonCode, type Sentence } from './reason-codes.js'
import { decideBy, type Rule } from './rule.js'

export interface Explanation {
  readonly benefit: Benefit
  readonly outcome: 'granted' | 'refused' | 'not_due'
  /** Null when nothing is due. */
  readonly reason: ReasonCode | null
  /** All refusals that apply, in their order; of a grant, its one reason. */
  readonly allReasons: readonly ReasonCode[]
  /** What would have to change for a yes, one for each refusal; empty when nothing is refused. */
  readonly remedies: readonly Remedy[]
  /** The months in which the benefit falls due. */
  readonly duePeriods: readonly Period[]
  readonly factsUsed: Facts
  readonly sources: readonly string[]
  readonly grant: Grant | null
}

export interface Remedy {
  readonly reason: ReasonCode
  /** Null where nothing can change it; then the other remedies do not help either. */
  readonly remedy: Sentence | null
}

/** For every benefit of the programme, in the order of `BENEFITS`, as it concerns one line. */
export function explainLine(
  version: ProgrammeVersion,
  period: Period,
  it: Case,
  lineIndex: number,
): readonly Explanation[] {
  const line = it.lines[lineIndex]
  assert(line !== undefined, 'the line belongs to the case')
  const { lineRules, customerRules } = rulesFor(version, period)
  const view = customerView(it.customer, it.lines)
  return BENEFITS.flatMap((benefit) => {
    const terms = termsOf(version, benefit)
    if (terms === undefined) return []
    const { duePeriods } = terms
    const ofLine = lineRules.find((rule) => rule.benefit === benefit)
    if (ofLine !== undefined) return explainBy(ofLine, line, duePeriods.value)
    const ofCustomer = customerRules.find((rule) => rule.benefit === benefit)
    if (ofCustomer === undefined) return notDue(benefit, duePeriods)
    const told = explainBy(ofCustomer, view, duePeriods.value)
    return withCarrier(told, view.carrier === lineIndex)
  })
}

function explainBy<View>(rule: Rule<View>, view: View, duePeriods: readonly Period[]): Explanation {
  const decision = decideBy(rule, view)
  const refusals = allRefusals(rule.guards, view)
  const isGranted = decision.outcome === 'granted'
  const guardFacts = rule.guards.map((guard) => guard.facts(view))
  return {
    benefit: rule.benefit,
    outcome: decision.outcome,
    reason: decision.reason,
    allReasons: isGranted ? [decision.reason] : refusals.map((guard) => guard.reason),
    remedies: refusals.map(({ reason }) => ({ reason, remedy: REASONS[reason].remedy })),
    duePeriods,
    factsUsed: Object.assign({}, ...guardFacts, isGranted ? rule.award.facts(view) : {}) as Facts,
    sources: distinct(isGranted ? rule.award.sources(view) : refusals.map((guard) => guard.source)),
    grant: isGranted ? decision.grant : null,
  }
}

/** A customer's grant concerns all its lines, and one of them carries it. */
function withCarrier(explanation: Explanation, isCarrier: boolean): Explanation {
  if (explanation.outcome !== 'granted') return explanation
  const factsUsed = { ...explanation.factsUsed, carried_by_this_line: isCarrier }
  return { ...explanation, factsUsed }
}

interface Due {
  readonly duePeriods: Cited<readonly Period[]>
}

function notDue(benefit: Benefit, { value, source }: Cited<readonly Period[]>): Explanation {
  return {
    benefit,
    outcome: 'not_due',
    reason: null,
    allReasons: [],
    remedies: [],
    duePeriods: value,
    factsUsed: {},
    sources: [source],
    grant: null,
  }
}

function termsOf(version: ProgrammeVersion, benefit: Benefit): Due | undefined {
  const terms: Readonly<Partial<Record<Benefit, Due>>> = version.benefits
  return terms[benefit]
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
