/**
 * The account that a refund is paid to, and its holder, as they are stored: sealed, told from
 * others by keyed digests, and shown by the last four digits.
 */
import type { Cipher } from './cipher.js'

/** What an application says beside its account; a sealed account moved elsewhere does not open. */
export interface AccountPlace {
  readonly applicationId: string
  readonly lineId: string
  readonly bankCode: string
}

export interface RefundAccount {
  /** Digits alone. */
  readonly number: string
  readonly holder: string
}

export interface SealedRefundAccount {
  readonly accountSealed: Buffer
  readonly holderSealed: Buffer
  /** 32 bytes, the same for the same number at whatever bank, in all applications. */
  readonly accountDigest: Buffer
  /** 32 bytes, the same for the same name. */
  readonly holderDigest: Buffer
}

const ACCOUNT = 'refund account'
const HOLDER = 'refund holder'

/** The last four digits, which may be shown. */
export function lastFourOf(number: string): string {
  return number.slice(-4)
}

/** A name is sealed and compared in its composed form: one name has one digest. */
export function sealRefundAccount(
  cipher: Cipher,
  place: AccountPlace,
  account: RefundAccount,
): SealedRefundAccount {
  const number = Buffer.from(account.number, 'latin1')
  const holder = Buffer.from(account.holder.normalize('NFC'), 'utf8')
  const accountDigest = cipher.digest(number, ACCOUNT)
  const holderDigest = cipher.digest(holder, HOLDER)
  return {
    accountSealed: cipher.seal(number, accountPlace(place, accountDigest)),
    holderSealed: cipher.seal(holder, holderPlace(place, holderDigest)),
    accountDigest,
    holderDigest,
  }
}

/** @throws RedressError SETTING_INVALID when it was sealed with another key, moved or altered. */
export function openRefundAccount(
  cipher: Cipher,
  place: AccountPlace,
  sealed: SealedRefundAccount,
): RefundAccount {
  const { accountDigest, holderDigest } = sealed
  const account = openCheckedRefundAccount(cipher, place, sealed)
  cipher.expectDigest(Buffer.from(account.number, 'latin1'), ACCOUNT, accountDigest)
  cipher.expectDigest(Buffer.from(account.holder, 'utf8'), HOLDER, holderDigest)
  return account
}

/**
 * For the many after one that `openRefundAccount` opened. Digests are part of the place, so that
 * one that was altered opens nothing; only that they are of today's digest key is not asked again,
 * which cost a third of the time.
 * @throws as `openRefundAccount` does
 */
export function openCheckedRefundAccount(
  cipher: Cipher,
  place: AccountPlace,
  { accountSealed, holderSealed, accountDigest, holderDigest }: SealedRefundAccount,
): RefundAccount {
  const number = cipher.open(accountSealed, accountPlace(place, accountDigest))
  const holder = cipher.open(holderSealed, holderPlace(place, holderDigest))
  return { number: number.toString('latin1'), holder: holder.toString('utf8') }
}

/** The same account, sealed with the newest key. @throws as `openRefundAccount` does */
export function resealRefundAccount(
  cipher: Cipher,
  place: AccountPlace,
  sealed: SealedRefundAccount,
): Pick<SealedRefundAccount, 'accountSealed' | 'holderSealed'> {
  const { accountDigest, holderDigest } = sealed
  return {
    accountSealed: cipher.reseal(sealed.accountSealed, accountPlace(place, accountDigest)),
    holderSealed: cipher.reseal(sealed.holderSealed, holderPlace(place, holderDigest)),
  }
}

// The id comes last, as it alone may hold a space. The bank is part of the account's place: who
// could change the one could send the money elsewhere.
function accountPlace(place: AccountPlace, digest: Buffer): string {
  const { lineId, bankCode, applicationId } = place
  const where = `refund_application account ${lineId} ${bankCode}`
  return `${where} ${digest.toString('hex')} ${applicationId}`
}

function holderPlace({ lineId, applicationId }: AccountPlace, digest: Buffer): string {
  return `refund_application holder ${lineId} ${digest.toString('hex')} ${applicationId}`
}
