/**
 * The file of terminations (contracts §2.5): each line once, and after them the rows that say that
 * a penalty was paid in the meantime, or the same again.
 */
import { textOfDay } from './civil-day.js'
import { Terminations } from './drawn-termination.js'
import type { DrawnTermination } from './drawn-termination.js'
import type { OutFile } from './out-file.js'
import { textOfMoment } from './timeline.js'

const COLUMNS = [
  'line_id',
  'customer_id',
  'customer_kind',
  'network',
  'line_kind',
  'activated_on',
  'contract_event',
  'contract_event_on',
  'terminated_at',
  'termination_kind',
  'subsidy_clawback_krw',
  'discount_clawback_krw',
  'other_charges_krw',
  'paid_krw',
  'already_waived_krw',
  'resubscribed_on',
  'hardship',
  'hardship_ended_on',
  'notice_number',
]
/** Every so many lines, a row that comes twice. */
const REPEATED_EVERY = 500

/**
 * Writes and finishes the file.
 * @param change what is to be different about each line, the same whenever it is asked
 * @returns what it holds, by number of rows or lines
 */
export async function writeTerminations(
  file: OutFile,
  seed: number,
  count: number,
  change: (it: DrawnTermination) => DrawnTermination = (it) => it,
): Promise<Readonly<Record<string, number>>> {
  const counts = {
    rows: 0,
    lines: count,
    with_penalty: 0,
    restated: 0,
    repeated: 0,
    penalty_krw: 0,
  }
  const terminations = new Terminations(seed)
  const add = (text: string): void => {
    counts.rows += 1
    file.addText(`${text}\n`)
  }
  file.addText(`${COLUMNS.join(',')}\n`)
  for (let index = 0; index < count; index += 1) {
    const it = change(terminations.draw(index))
    const penalty = it.subsidy + it.discount
    if (penalty > 0) counts.with_penalty += 1
    counts.penalty_krw += penalty
    add(rowOf(it, it.paid))
    if ((index & 1023) === 0 && file.isFull) await file.flush()
  }
  for (let index = 0; index < count; index += 1) {
    const it = change(terminations.draw(index))
    if (it.paidLater > 0) {
      counts.restated += 1
      add(rowOf(it, it.paidLater))
    } else if (index % REPEATED_EVERY === 0) {
      counts.repeated += 1
      add(rowOf(it, it.paid))
    }
    if ((index & 1023) === 0 && file.isFull) await file.flush()
  }
  await file.finish()
  return counts
}

function rowOf(it: DrawnTermination, paid: number): string {
  return [
    it.lineId,
    it.customerId,
    it.corporate ? 'corporate' : 'individual',
    it.mvno ? 'mvno' : 'kt',
    it.lineKind,
    textOfDay(it.activatedDay),
    it.contractEvent,
    textOfDay(it.contractEventDay),
    textOfMoment(it),
    it.kind,
    it.subsidy,
    it.discount,
    it.otherCharges,
    paid,
    it.alreadyWaived,
    textOfDay(it.resubscribedDay),
    it.hardship,
    textOfDay(it.hardshipEndedDay),
    it.noticeNumber,
  ].join()
}
