/**
 * SQL of resolved contradictions. Who it was, where the money goes and its entry in the books are
 * the database's own, whose triggers refuse whatever else is tried.
 */
import { assert } from '../assert.js'
import type { Client, Pool } from '../db/database.js'

/** SQLSTATE of a proposal or an approval that the database refuses; its text says why. */
export const RESOLUTION_REFUSED_BY_DATABASE = 'RD002'

export type ResolvedOutcome = 'settled' | 'rejected' | 'returned'

export interface Resolution {
  readonly resolution_id: string
  readonly end_to_end_id: string
  readonly outcome: ResolvedOutcome
  readonly reason: string
  readonly proposed_by: string
  readonly proposed_at: string
  /** The accounts of its entry; null until it is approved. */
  readonly debit: string | null
  readonly credit: string | null
  readonly approved_by: string | null
  readonly approved_at: string | null
  readonly authenticated: boolean | null
}

const COLUMNS = `resolution_id, end_to_end_id, outcome, reason, proposed_by, proposed_at, debit,
  credit, approved_by, approved_at, authenticated`

/** Undefined where no such transfer was made. */
export async function readTransferState(
  client: Client,
  endToEndId: string,
): Promise<string | undefined> {
  const { rows } = await client.query<{ state: string }>(
    'select state from transfer_state where end_to_end_id = $1',
    [endToEndId],
  )
  return rows[0]?.state
}

export async function insertResolution(
  client: Client,
  it: Pick<Resolution, 'end_to_end_id' | 'outcome' | 'reason' | 'proposed_at'>,
): Promise<Resolution> {
  const { rows } = await client.query<Resolution>(
    `insert into payout_resolution (end_to_end_id, outcome, reason, proposed_at)
     values ($1, $2, $3, $4) returning ${COLUMNS}`,
    [it.end_to_end_id, it.outcome, it.reason, it.proposed_at],
  )
  assert(rows[0] !== undefined, 'the row inserted')
  return rows[0]
}

export async function readResolution(client: Client, id: string): Promise<Resolution | undefined> {
  const { rows } = await client.query<Resolution>(
    `select ${COLUMNS} from payout_resolution where resolution_id = $1`,
    [id],
  )
  return rows[0]
}

/** Books it as well. Nothing happens to one that is approved already. */
export async function markResolutionApproved(
  client: Client,
  id: string,
  at: string,
): Promise<void> {
  await client.query(
    `update payout_resolution set approved_at = $2
     where resolution_id = $1 and approved_at is null`,
    [id, at],
  )
}

/** The newest first. */
export async function listResolutions(
  pool: Pool,
  filter: { readonly openOnly?: boolean | undefined },
): Promise<readonly Resolution[]> {
  const { rows } = await pool.query<Resolution>(
    `select ${COLUMNS} from payout_resolution where $1 or approved_at is null
     order by resolution_id desc`,
    [filter.openOnly !== true],
  )
  return rows
}
