/** Lines, customers and cases for rule tests: what is not said is a plain eligible handset. */
import type {
  Application,
  Case,
  CaseLine,
  Customer,
  IsoDate,
  LineFacts,
  LineStatus,
  PassFacts,
  Period,
} from '../../src/rules/case.js'
import { decide, decideLine } from '../../src/rules/decide.js'
import type { Benefit, CustomerDecision, Decision } from '../../src/rules/decision.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import { findVersion } from '../../src/rules/programmes/registry.js'

export const V1 = version('kt-2026@1')
export const V2 = version('kt-2026@2')

export interface LineDraft extends Partial<LineFacts> {
  readonly statusAtStart?: LineStatus
  readonly pass?: PassFacts | null
}

export function aLine({
  statusAtStart = 'active',
  pass = null,
  ...facts
}: LineDraft = {}): CaseLine {
  return {
    facts: {
      network: 'kt',
      lineKind: 'handset',
      payment: 'postpaid',
      statusAtBase: 'active',
      planRestriction: 'none',
      guardianConsentOn: null,
      roamingPromotionEndsOn: null,
      ...facts,
    },
    statusAtStart,
    pass,
  }
}

/** Tving was chosen, a code is there, the plan is of the first day of the programme. */
export function aPass(draft: Partial<PassFacts> = {}): PassFacts {
  return { choice: 'tving', hasCode: true, issuedOn: '2026-02-01', grantedIn: null, ...draft }
}

export function aPerson(birthDate: IsoDate): Customer {
  return { kind: 'individual', birthDate, insurance: null }
}

/** `applied` as in the written cases: `2026-02-03/consent; 2026-03-01/none`. */
export function anApplicant(
  birthDate: IsoDate,
  applied: string,
  grantedIn: Period | null = null,
): Customer {
  return { ...aPerson(birthDate), insurance: { applications: applicationsIn(applied), grantedIn } }
}

export function applicationsIn(text: string): readonly Application[] {
  return text.split('; ').flatMap((one) => {
    const [, appliedOn = '', consent] = /^(\d{4}-\d\d-\d\d)\/(consent|none)$/.exec(one) ?? []
    if (one !== '' && appliedOn === '') throw new Error(`not an application: ${one}`)
    return one === '' ? [] : [{ appliedOn, guardianConsent: consent === 'consent' }]
  })
}

export const CORPORATION: Customer = { kind: 'corporate', birthDate: null, insurance: null }
/** 65 or over at either base date. */
export const SENIOR = aPerson('1950-05-05')

export function aCase(customer: Customer, ...lines: readonly LineDraft[]): Case {
  return { customer, lines: lines.map(aLine) }
}

/** The decision about one benefit of a line; a benefit that is not due fails the test. */
export function lineDecision(benefit: Benefit, period: Period, draft: LineDraft = {}): Decision {
  const decision = decideLine(V1, period, aLine(draft)).find((it) => it.benefit === benefit)
  if (decision === undefined) throw new Error(`${benefit} is not due in ${period}`)
  return decision
}

export function insuranceDecision(
  it: Case,
  of: ProgrammeVersion = V1,
  period: Period = '2026-02',
): CustomerDecision {
  const [answer] = decide(of, period, it).customer
  if (answer === undefined) throw new Error('insurance is not due')
  return answer
}

function version(name: string): ProgrammeVersion {
  const found = findVersion(name)
  if (found === undefined) throw new Error(`no version ${name}`)
  return found
}
