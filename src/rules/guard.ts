/**
 * Guards refuse. A benefit's guards are an ordered list: the first that applies is the reason of
 * the decision, and all that apply are what `explain` shows.
 */
import type { Cited } from './cited.js'
import type { ReasonCode } from './reason-codes.js'

export type FactValue = string | number | boolean | null
/** Named as the columns of the input files. */
export type Facts = Readonly<Record<string, FactValue>>

/** What an exclusion means, and which facts it looks at. */
export interface Check<View> {
  readonly applies: (view: View) => boolean
  readonly facts: (view: View) => Facts
}

/** Benefits refuse by `ReasonCode`; refunds have codes of their own. */
export interface Guard<View, Code extends string = ReasonCode> extends Check<View> {
  readonly reason: Code
  readonly source: string
}

/** Gives the exclusions a programme names their meaning, and keeps their order. */
export function guardsOf<View, Exclusion extends string>(
  exclusions: readonly Cited<Exclusion>[],
  checks: Readonly<Record<Exclusion, Check<View>>>,
): readonly Guard<View, Exclusion>[] {
  return exclusions.map(({ value, source }) => ({
    reason: value,
    source,
    applies: checks[value].applies,
    facts: checks[value].facts,
  }))
}

/** A loop, as `find` would make a closure for each line and benefit. */
export function firstRefusal<View, G extends Guard<View, string>>(
  guards: readonly G[],
  view: View,
): G | undefined {
  for (const guard of guards) {
    if (guard.applies(view)) return guard
  }
  return undefined
}

export function allRefusals<View, G extends Guard<View>>(
  guards: readonly G[],
  view: View,
): readonly G[] {
  return guards.filter((guard) => guard.applies(view))
}
