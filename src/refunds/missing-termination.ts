/** Why nothing can be said of a line's refund: it never left, or nobody told of its termination. */
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { readLineStanding } from './line-standing-store.js'

export interface MissingTermination {
  readonly version: ProgrammeVersion
  readonly lineId: string
  /** ISO 8601 instant. */
  readonly now: string
}

/** NOT_TERMINATED, or REFUND_LINE_UNKNOWN. */
export async function missingTermination(
  pool: Pool,
  { version, lineId, now }: MissingTermination,
): Promise<RedressError> {
  const standing = await readLineStanding(pool, { lineId, now, zone: version.zone })
  if (standing === 'in_service') return new RedressError('NOT_TERMINATED', { line: lineId })
  return new RedressError('REFUND_LINE_UNKNOWN', {
    line: lineId,
    problem:
      standing === 'terminated'
        ? 'terminated, but nothing was told of its penalty yet'
        : 'no termination known',
    expected: 'a line that was imported with `redress refunds import-terminations`',
  })
}
