/**
 * Six months of a streaming service of the customer's choice, once a line (facts §6). Which choice
 * counts, and who gets a code, is settled before anybody is decided: see `PassFacts`.
 */
import { assert } from '../../assert.js'
import type { CaseLine, IsoDate, PassFacts, Period } from '../case.js'
import type { DayWindow } from '../cited.js'
import { guardsOf, type Check } from '../guard.js'
import { LINE_CHECKS } from '../line-guards.js'
import type { OttPassTerms, PassExclusion } from '../programme.js'
import { granted, monthsFrom, ruleOf, type Granted, type Rule } from '../rule.js'

/** @throws AssertionFailure when it is to grant what the terms do not offer. */
export function ottPassRule(terms: OttPassTerms): Rule<CaseLine> {
  const guards = guardsOf(terms.exclusions, { ...LINE_CHECKS, ...passChecks(terms.window.value) })
  const sources = [terms.months.source, terms.options.source]
  return ruleOf('ott_pass', guards, {
    grantTo: passesBy(terms),
    facts: ({ pass }) => ({ issued_on: pass?.issuedOn ?? null }),
    sources: () => sources,
  })
}

/**
 * A line with this pass would get one if a code were there. `rule` is that of `ottPassRule`; the
 * shortage is the one refusal that a plan itself can end.
 */
export function passesButForCode(rule: Rule<CaseLine>, line: CaseLine): boolean {
  return rule.guards.every((guard) => guard.reason === 'NO_CODE_LEFT' || !guard.applies(line))
}

/** One decision for each option and day of issue: a plan has one such day, its history a few. */
function passesBy(terms: OttPassTerms): (line: CaseLine) => Granted {
  const decisions = new Map<string, Map<IsoDate, Granted>>()
  for (const option of terms.options.value) decisions.set(option, new Map())
  return ({ pass }) => {
    const byDay = decisions.get(pass?.choice ?? '')
    assert(pass !== null && byDay !== undefined, 'a choice among the options of the programme')
    const { choice, issuedOn } = pass
    let decision = byDay.get(issuedOn)
    if (decision === undefined) {
      decision = granted('ott_pass', 'CHOSEN', monthsFrom(issuedOn, terms.months.value, choice))
      byDay.set(issuedOn, decision)
    }
    return decision
  }
}

function passChecks({ from, to }: DayWindow): Readonly<Record<PassExclusion, Check<CaseLine>>> {
  return {
    ALREADY_GRANTED: {
      applies: ({ pass }) => pass !== null && pass.grantedIn !== null,
      facts: ({ pass }) => ({ granted_in: grantedIn(pass) }),
    },
    NO_CHOICE: {
      applies: ({ pass }) => pass === null || pass.choice === null,
      facts: ({ pass }) => ({ option: pass?.choice ?? null, window_from: from, window_to: to }),
    },
    // Of a line that chose nothing it says nothing.
    NO_CODE_LEFT: {
      applies: ({ pass }) => pass !== null && pass.choice !== null && !pass.hasCode,
      facts: ({ pass }) => ({ code_left: pass === null ? null : pass.hasCode }),
    },
  }
}

function grantedIn(pass: PassFacts | null): Period | null {
  return pass?.grantedIn ?? null
}
