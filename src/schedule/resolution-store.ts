/** SQL of what a person decides on scheduled tasks; the database writes down who it was. */
import type { Client } from '../db/database.js'

export interface Resolution {
  readonly decision: 'run' | 'skip' | 'merge'
  /** No personal data. */
  readonly reason: string
  /** ISO 8601 instant. */
  readonly at: string
}

/** Due again at once, as if never tried; what waited for an input goes without it. */
export async function markDue(
  client: Client,
  keys: readonly string[],
  { decision, reason, at }: Resolution,
): Promise<void> {
  await client.query(
    `update scheduled_task
     set state = 'due', attempts = 0, next_try_at = null, needs = null, reminded_at = null,
       forced = forced or $2 = 'run' and state = 'waiting_for_input',
       resolution = $2, reason = $3, resolved_at = $4, changed_at = $4
     where key = any ($1)`,
    [keys, decision, reason, at],
  )
}

export async function markSkipped(
  client: Client,
  keys: readonly string[],
  { decision, reason, at }: Resolution,
): Promise<void> {
  await client.query(
    `update scheduled_task
     set state = 'skipped', next_try_at = null, needs = null,
       resolution = $2, reason = $3, resolved_at = $4, changed_at = $4
     where key = any ($1)`,
    [keys, decision, reason, at],
  )
}

/** @param targets which goes into which */
export async function markMerged(
  client: Client,
  targets: ReadonlyMap<string, string>,
  { decision, reason, at }: Resolution,
): Promise<void> {
  await client.query(
    `update scheduled_task
     set state = 'merged', merged_into = it.target, next_try_at = null, needs = null,
       resolution = $3, reason = $4, resolved_at = $5, changed_at = $5
     from unnest($1::text[], $2::text[]) as it (source, target)
     where key = it.source`,
    [[...targets.keys()], [...targets.values()], decision, reason, at],
  )
}
