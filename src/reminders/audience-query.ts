/** What is asked of the tables to know an audience, taken from the programme and the moment. */
import type { BaseStatus, CaseLine, LineKind, LineStatus, Network, Payment } from '../rules/case.js'
import { passNeedsCode } from '../rules/decide.js'
import type { Audience } from '../rules/notices/audience.js'
import type { ProgrammeVersion } from '../rules/programme.js'

export interface AudienceQuery {
  readonly audience: Audience
  readonly programme: string
  /** ISO 8601 instant. */
  readonly now: string
  /**
   * At preparing, the instant before which an application counts. Null at sending: then any counts
   * that was not withdrawn, assessed or not.
   */
  readonly cut: string | null
  /** Null for audiences that are no part of a snapshot. */
  readonly snapshotId: number | null
  readonly baseDate: string
  readonly zone: string
  /** Lines that would get a pass if they chose one: see `passKinds`. */
  readonly passKinds: readonly string[]
}

/** Whether the audience is drawn from the lines of a snapshot. */
export function isOfSnapshot(audience: Audience): boolean {
  return ['pass_choosers_open', 'pass_issued', 'insurance_granted'].includes(audience)
}

const NETWORKS: readonly Network[] = ['kt', 'mvno']
const LINE_KINDS: readonly LineKind[] = ['handset', 'tablet', 'watch', 'iot']
const PAYMENTS: readonly Payment[] = ['postpaid', 'prepaid']
const BASE_STATUSES: readonly BaseStatus[] = ['active', 'suspended']
const STATUSES: readonly LineStatus[] = ['active', 'suspended', 'terminated']

/**
 * The kinds of lines that the rules would give a pass in the month of `today`, each as SQL spells
 * it: network, kind, payment, status at the base date and now, with spaces between. There are no
 * more than 96, so the rules are asked of each and never of a line.
 */
export function passKinds(version: ProgrammeVersion, today: string): readonly string[] {
  const first = version.benefits.ott_pass?.duePeriods.value[0] ?? ''
  const month = today.slice(0, 7)
  const wouldGet = passNeedsCode(version, month < first ? first : month)
  const kinds: string[] = []
  for (const network of NETWORKS) {
    for (const lineKind of LINE_KINDS) {
      for (const payment of PAYMENTS) {
        for (const statusAtBase of BASE_STATUSES) {
          for (const statusAtStart of STATUSES) {
            const line = lineOf({ network, lineKind, payment, statusAtBase }, statusAtStart, today)
            if (!wouldGet(line)) continue
            kinds.push([network, lineKind, payment, statusAtBase, statusAtStart].join(' '))
          }
        }
      }
    }
  }
  return kinds
}

type PassFacts = Pick<CaseLine['facts'], 'network' | 'lineKind' | 'payment' | 'statusAtBase'>

/** What a pass depends on; the other facts of a line are never asked for it. */
function lineOf(facts: PassFacts, statusAtStart: LineStatus, today: string): CaseLine {
  return {
    facts: {
      ...facts,
      planRestriction: 'none',
      guardianConsentOn: null,
      roamingPromotionEndsOn: null,
    },
    statusAtStart,
    pass: { choice: 'any', hasCode: false, issuedOn: today, grantedIn: null },
  }
}
