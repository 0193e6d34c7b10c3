/**
 * The file of applications for a refund (contracts §2.6) of as many terminations as are told: first
 * all that are made, then what is told of some of them later.
 */
import { Applications } from './drawn-application.js'
import type { ApplicationRow } from './drawn-application.js'
import type { OutFile } from './out-file.js'

const COLUMNS = [
  'application_id',
  'line_id',
  'channel',
  'applied_at',
  'bank_code',
  'account_number',
  'account_holder',
  'holder_check',
  'withdrawn_at',
]

/** Writes and finishes the file. @returns what it holds, by number of rows or applications */
export async function writeApplications(
  file: OutFile,
  seed: number,
  terminations: number,
): Promise<Readonly<Record<string, number>>> {
  const counts = {
    rows: 0,
    lines: 0,
    applications: 0,
    duplicate: 0,
    unknown_lines: 0,
    withdrawn: 0,
    corrected: 0,
    checked: 0,
    repeated: 0,
  }
  const applications = new Applications(seed)
  const add = (row: ApplicationRow): void => {
    counts.rows += 1
    file.addText(`${textOf(row)}\n`)
  }
  file.addText(`${COLUMNS.join(',')}\n`)
  for (let index = 0; index < terminations; index += 1) {
    const { rows, isUnknownLine } = applications.draw(index)
    if (rows.length > 0) counts.lines += 1
    if (isUnknownLine) counts.unknown_lines += 1
    counts.applications += rows.length
    if (rows.length > 1) counts.duplicate += 1
    for (const row of rows) add(row)
    if ((index & 1023) === 0 && file.isFull) await file.flush()
  }
  for (let index = 0; index < terminations; index += 1) {
    const { later } = applications.draw(index)
    if (later !== undefined) {
      counts[later.news] += 1
      add(later.row)
    }
    if ((index & 1023) === 0 && file.isFull) await file.flush()
  }
  await file.finish()
  return counts
}

function textOf(row: ApplicationRow): string {
  return [
    row.id,
    row.lineId,
    row.channel,
    row.appliedAt,
    row.bankCode,
    row.accountNumber,
    row.accountHolder,
    row.holderCheck,
    row.withdrawnAt,
  ].join()
}
