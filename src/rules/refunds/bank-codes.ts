/**
 * The three-digit codes of the banks (facts §14.2). Codes end and begin with mergers, so each says
 * from when to when it is in use; none of those known today has a bound that the facts name.
 */
import type { IsoDate } from '../case.js'

export interface BankCode {
  readonly code: string
  readonly bank: string
  /** The first day; null where nothing is known of it. */
  readonly from: IsoDate | null
  /** The last day. */
  readonly to: IsoDate | null
}

const inUse = (code: string, bank: string): BankCode => ({ code, bank, from: null, to: null })

export const BANK_CODES: readonly BankCode[] = [
  inUse('002', 'KDB'),
  inUse('003', 'IBK'),
  inUse('004', 'KB Kookmin'),
  inUse('007', 'Suhyup'),
  inUse('011', 'NH Nonghyup'),
  inUse('020', 'Woori'),
  inUse('023', 'SC First'),
  inUse('027', 'Citibank Korea'),
  inUse('031', 'iM Bank (Daegu)'),
  inUse('032', 'Busan'),
  inUse('034', 'Gwangju'),
  inUse('035', 'Jeju'),
  inUse('037', 'Jeonbuk'),
  inUse('039', 'Gyeongnam'),
  inUse('045', 'Saemaul (MG)'),
  inUse('048', 'Credit unions'),
  inUse('071', 'Korea Post'),
  inUse('081', 'Hana'),
  inUse('088', 'Shinhan'),
  inUse('089', 'K bank'),
  inUse('090', 'Kakao Bank'),
  inUse('092', 'Toss Bank'),
]

/** Whether a code was in use on a day, both bounds included. */
export function isBankCodeInUse(
  code: string,
  on: IsoDate,
  codes: readonly BankCode[] = BANK_CODES,
): boolean {
  return codes.some((it) => {
    if (it.code !== code) return false
    return (it.from === null || it.from <= on) && (it.to === null || on <= it.to)
  })
}
