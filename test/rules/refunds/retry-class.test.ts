/** The classes of facts §14.3, and a person for everything that is not in it. */
import { expect, test } from 'vitest'
import { retryClass } from '../../../src/rules/refunds/retry-class.js'

test.each([
  ['AC01', 'ask_customer'],
  ['AC04', 'ask_customer'],
  ['AC06', 'hold'],
  ['AM04', 'retry_batch'],
  ['AM05', 'never'],
  ['BE01', 'ask_customer'],
  ['RC01', 'fix_data'],
  ['MS03', 'manual'],
  ['NARR', 'manual'],
  ['AG01', 'manual'],
  ['ac01', 'manual'],
  ['constructor', 'manual'],
  ['', 'manual'],
  [null, 'manual'],
  [undefined, 'manual'],
])('%j is %s', (reason, expected) => expect(retryClass(reason)).toBe(expected))
