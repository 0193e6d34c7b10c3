/** SQL of the access log: who looked at which line, when, why and by what (facts §13.3). */
import type { Pool } from '../db/database.js'

export interface AccessDraft {
  /** ISO 8601 instant. */
  readonly at: string
  readonly lineId: string
  /** 1 to 500 characters. */
  readonly purpose: string
  /** What showed the data, such as `explain`. */
  readonly command: string
}

export interface Access extends AccessDraft {
  readonly accessId: string
  /** The database says who it was; so does it of the address. */
  readonly person: string
  /** As the database saw it; null over a local socket. */
  readonly fromAddress: string | null
}

/** To be awaited before the data is shown: what could not be logged is not shown. */
export async function logAccess(pool: Pool, access: AccessDraft): Promise<void> {
  await pool.query(
    `insert into access_log (at, line_id, purpose, command) values ($1, $2, $3, $4)`,
    [access.at, access.lineId, access.purpose, access.command],
  )
}

export interface AccessFilter {
  readonly lineId?: string | undefined
  /** ISO 8601 instant, inclusive. */
  readonly since?: string | undefined
  readonly person?: string | undefined
}

/** The latest accesses, latest first; at most `limit` of them. */
export async function listAccesses(
  pool: Pool,
  filter: AccessFilter,
  limit: number,
): Promise<readonly Access[]> {
  const { rows } = await pool.query<{
    access_id: string
    at: string
    person: string
    from_address: string | null
    line_id: string
    purpose: string
    command: string
  }>(
    `select access_id, at, person, host(from_address) as from_address, line_id, purpose, command
     from access_log
     where ($1::bigint is null or line_id = $1)
       and ($2::timestamptz is null or at >= $2)
       and ($3::text is null or person = $3)
     order by at desc, access_id desc limit $4`,
    [filter.lineId ?? null, filter.since ?? null, filter.person ?? null, limit],
  )
  return rows.map((it) => ({
    accessId: it.access_id,
    at: it.at,
    person: it.person,
    fromAddress: it.from_address,
    lineId: it.line_id,
    purpose: it.purpose,
    command: it.command,
  }))
}
