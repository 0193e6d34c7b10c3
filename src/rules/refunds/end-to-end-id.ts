/** The name by which the bank knows one attempt to pay one refund (facts §14.3). */
import { assert } from '../../assert.js'

/**
 * At most 35 characters of `A-Z a-z 0-9 -`, as ISO 20022 allows. A function of its arguments, and
 * no two attempts share one: the last two parts hold no hyphen, so all three can be read back.
 * @throws AssertionFailure on a programme name of more than 10 such characters, a line_id of other
 * than 1 to 18 digits, or an attempt outside 1 … 99,999.
 */
export function endToEndId(programme: string, lineId: string, attemptNo: number): string {
  assert(/^[A-Za-z0-9-]{1,10}$/.test(programme), 'a programme name of at most 10 plain characters')
  assert(/^[1-9]\d{0,17}$/.test(lineId), 'a line_id of 1 to 18 digits without a leading zero')
  assert(/^[1-9]\d{0,4}$/.test(String(attemptNo)), 'attempts counted from 1')
  return `${programme}-${lineId}-${attemptNo}`
}
