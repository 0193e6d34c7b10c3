/** What the bank's words mean for the books, and for the transfer that bounced. */
import { describe, expect, test } from 'vitest'
import { coversAll, meaningOf } from '../../src/payouts/bank-answer.js'
import type { AnswerLevel, AnswerMeaning, BankAnswer } from '../../src/payouts/bank-answer.js'

const SETTLED = ['ACSC', 'ACCC']
const PENDING = [
  'RCVD',
  'ACTC',
  'ACCP',
  'ACSP',
  'ACWC',
  'PDNG',
  'PEND',
  'ACCT',
  'ACFC',
  'ACWP',
  'PATC',
]
const UNKNOWN = ['CANC', 'BLCK', 'acsc', '', '0000', 'constructor']

const MEANINGS: readonly (readonly [AnswerMeaning, readonly string[]])[] = [
  ['settled', SETTLED],
  ['pending', PENDING],
  ['rejected', ['RJCT']],
  ['unknown', UNKNOWN],
]

describe.each(['group', 'payment', 'transaction'] as const)('of a %s', (level: AnswerLevel) => {
  test.each(MEANINGS.flatMap(([means, all]) => all.map((status) => [status, means] as const)))(
    '%j means that it is %s',
    (status, means) => expect(meaningOf({ level, status })).toBe(means),
  )
})

test('PART says nothing of a group yet, and nothing that we know of a transfer', () => {
  expect(meaningOf({ level: 'group', status: 'PART' })).toBe('pending')
  expect(meaningOf({ level: 'payment', status: 'PART' })).toBe('pending')
  expect(meaningOf({ level: 'transaction', status: 'PART' })).toBe('unknown')
})

describe('an answer stands for all transfers', () => {
  const answer = (given: Partial<BankAnswer>): BankAnswer => {
    return {
      level: 'group',
      originalMessageId: 'M',
      status: 'RJCT',
      hasTransactions: false,
      ...given,
    }
  }

  test.each<[string, Partial<BankAnswer>, boolean]>([
    ['of a group that is rejected', {}, true],
    ['of a payment that is rejected', { level: 'payment' }, true],
    ['of a group that is settled', { status: 'ACSC' }, true],
    ['not where the bank speaks of each', { hasTransactions: true }, false],
    ['not when it is on its way', { status: 'ACSP' }, false],
    ['not in part', { status: 'PART' }, false],
    ['not when nobody knows what it means', { status: 'CANC' }, false],
    ['not of a transfer', { level: 'transaction' }, false],
  ])('%s', (_, given, all) => expect(coversAll(answer(given))).toBe(all))
})
