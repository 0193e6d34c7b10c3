/** What the exclusions common to the benefits of a line mean. */
import type { CaseLine } from './case.js'
import type { Check } from './guard.js'
import type { LineExclusion } from './programme.js'

export const LINE_CHECKS: Readonly<Record<LineExclusion, Check<CaseLine>>> = {
  MVNO: {
    applies: ({ facts }) => facts.network === 'mvno',
    facts: ({ facts }) => ({ network: facts.network }),
  },
  IOT: {
    applies: ({ facts }) => facts.lineKind === 'iot',
    facts: ({ facts }) => ({ line_kind: facts.lineKind }),
  },
  SECOND_DEVICE: {
    applies: ({ facts }) => facts.lineKind === 'tablet' || facts.lineKind === 'watch',
    facts: ({ facts }) => ({ line_kind: facts.lineKind }),
  },
  PREPAID: {
    applies: ({ facts }) => facts.payment === 'prepaid',
    facts: ({ facts }) => ({ payment: facts.payment }),
  },
  // Resuming later does not help: eligibility is fixed at the base date (A19).
  SUSPENDED_AT_BASE: {
    applies: ({ facts }) => facts.statusAtBase === 'suspended',
    facts: ({ facts }) => ({ status_at_base: facts.statusAtBase }),
  },
  TERMINATED: {
    applies: ({ statusAtStart }) => statusAtStart === 'terminated',
    facts: ({ statusAtStart }) => ({ status_at_start: statusAtStart }),
  },
  SUSPENDED: {
    applies: ({ statusAtStart }) => statusAtStart === 'suspended',
    facts: ({ statusAtStart }) => ({ status_at_start: statusAtStart }),
  },
}
