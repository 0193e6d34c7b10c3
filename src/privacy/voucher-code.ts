/** A voucher code as it is stored: sealed, and told from others by a keyed digest. */
import type { Cipher } from './cipher.js'

export interface SealedVoucherCode {
  /** 32 bytes, the same for the same code of the same option. */
  readonly digest: Buffer
  readonly sealed: Buffer
}

export function sealVoucherCode(cipher: Cipher, option: string, code: string): SealedVoucherCode {
  const plain = Buffer.from(code, 'latin1')
  const digest = cipher.digest(plain, kindOf(option))
  return { digest, sealed: cipher.seal(plain, placeOf(option, digest)) }
}

/** @throws RedressError SETTING_INVALID when it was sealed with another key, moved or altered. */
export function openVoucherCode(cipher: Cipher, option: string, code: SealedVoucherCode): string {
  const plain = cipher.open(code.sealed, placeOf(option, code.digest))
  cipher.expectDigest(plain, kindOf(option), code.digest)
  return plain.toString('latin1')
}

/** The same code, sealed with the newest key. @throws as `openVoucherCode` does */
export function resealVoucherCode(cipher: Cipher, option: string, code: SealedVoucherCode): Buffer {
  return cipher.reseal(code.sealed, placeOf(option, code.digest))
}

function kindOf(option: string): string {
  return `voucher_code ${option}`
}

// The digest names the row: a sealed code that is copied into another row no longer opens.
function placeOf(option: string, digest: Buffer): string {
  return `voucher_code ${option} ${digest.toString('hex')}`
}
