/**
 * The two shapes in which a run's content can be written. Redress writes postings, one row for all
 * entries of a line; a ledger that had a row an entry would hold the other.
 */
import type { Pool } from '../../src/db/database.js'
import { BENEFITS } from '../../src/rules/decision.js'
import { REASONS } from '../../src/rules/reason-codes.js'
import { POSTING_COLUMNS } from '../../src/runs/posting-writer.js'
import { PERIOD } from './task.js'
import type { Shape } from './task.js'

export const ENTRY_TABLE = 'bench_entry'

/**
 * What the reader of a ledger is told of an entry, less what the partition of a period knows; words
 * as numbers, so that no rival is slowed by text. The key is the one by which entries are counted.
 */
const ENTRY_COLUMNS = `customer_id, line_id, quantity, valid_from, valid_to, benefit, entry_type,
  reason, option, entry_no`

export const COLUMNS: Readonly<Record<Shape, readonly string[]>> = {
  postings: POSTING_COLUMNS.split(/,\s*/),
  entries: ENTRY_COLUMNS.split(/,\s*/),
}

/** Dates, which a query builder is given as text. */
export const DATES: ReadonlySet<string> = new Set(['valid_from', 'valid_to'])

export async function makeEntryTable(pool: Pool): Promise<void> {
  await pool.query(`create table ${ENTRY_TABLE} (
    customer_id bigint not null,
    line_id bigint not null,
    quantity integer not null,
    valid_from date not null,
    valid_to date not null,
    benefit smallint not null,
    entry_type smallint not null,
    reason smallint not null,
    option smallint,
    entry_no smallint not null,
    primary key (customer_id, line_id, benefit, entry_no))`)
}

/** Rows of a ledger that is there already, of a range of customers, in the order of the key. */
export function rowsOfRange(shape: Shape, postingTable: string, range: string): string {
  if (shape === 'postings') {
    return `select ${POSTING_COLUMNS} from ${postingTable}
      where ${range} order by customer_id, line_id`
  }
  return `select customer_id, line_id, quantity::integer, valid_from, valid_to,
      ${numberIn(BENEFITS, 'benefit')} as benefit,
      ${numberIn(['grant', 'reversal'], 'entry_type')} as entry_type,
      ${numberIn(Object.keys(REASONS), 'reason')} as reason,
      (hashtext(option) & 32767)::smallint as option, entry_no::smallint
    from ledger_entry
    where period = '${PERIOD}' and ${range} order by customer_id, line_id, 6, entry_no`
}

function numberIn(words: readonly string[], column: string): string {
  return `array_position('{${words.join()}}'::text[], ${column}::text)::smallint`
}
