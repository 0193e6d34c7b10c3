/** The refund terms of a programme version, where it has any. */
import { RedressError } from '../errors.js'
import { versionName } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { RefundTerms } from '../rules/refunds/refund-terms.js'

/** @throws RedressError PROGRAMME_WITHOUT_REFUNDS */
export function refundTermsOf(version: ProgrammeVersion): RefundTerms {
  if (version.refunds !== undefined) return version.refunds
  throw new RedressError('PROGRAMME_WITHOUT_REFUNDS', { programme: versionName(version) })
}
