/** A notice: whom it tells, what, when, and over which channels. Campaigns are programme data. */
import { assert } from '../../assert.js'
import type { Addressed } from './audience.js'
import type { SlotValues } from './template.js'

/** A message to a number; e-mail and post, which A39 names as fallbacks, are not had here. */
export type Channel = 'text'

/** Local civil time in the programme's zone: `YYYY-MM-DDTHH:mm`. */
export type LocalTime = string

/** Of the programme's zone, such as `+09:00`; one that changes its clocks has none. */
export type ZoneOffset = `${'+' | '-'}${string}:${string}`

export interface Round {
  /** From 1. */
  readonly round: number
  readonly dueAt: LocalTime
  readonly source: string
}

export interface Campaign extends Addressed {
  readonly campaign: string
  /** In the order in which they are tried. */
  readonly channels: readonly Channel[]
  /** The id of a template; the newest version counts for newly prepared rounds. */
  readonly template: string
  /** Empty where the notice follows events: each preparing takes those who were not told yet. */
  readonly rounds: readonly Round[]
  /** What goes into its texts beside what the whole programme sets. */
  readonly slotValues?: SlotValues
  /** Why it is sent, and why it is of its class. */
  readonly source?: string
}

/**
 * The instant before which an application must have been made to count for a round: 00:00 of its
 * day in the programme's zone (A38, contracts §4).
 * @throws AssertionFailure on a due time or an offset that is none.
 */
export function cutOf({ dueAt }: Pick<Round, 'dueAt'>, zoneOffset: ZoneOffset): string {
  assert(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/.test(dueAt), 'a due time as YYYY-MM-DDTHH:mm')
  assert(/^[+-]\d{2}:\d{2}$/.test(zoneOffset), 'an offset as +HH:mm')
  return `${dueAt.slice(0, 10)}T00:00:00${zoneOffset}`
}
