/**
 * The result codes of the neutral fixed-width profile, and what pain.002 would have said: the
 * meaning of an answer is defined once, by status and reason (bank-answer.ts, retry-class.ts).
 */

export interface ResultCode {
  readonly code: string
  readonly status: 'ACSC' | 'PDNG' | 'RJCT'
  readonly reason: string | null
  readonly means: string
}

export const RESULT_CODES: readonly ResultCode[] = [
  { code: '0000', status: 'ACSC', reason: null, means: 'paid' },
  { code: '0001', status: 'PDNG', reason: null, means: 'taken over, not paid yet' },
  { code: '1001', status: 'RJCT', reason: 'AC01', means: 'account number wrong (계좌번호 오류)' },
  { code: '1002', status: 'RJCT', reason: 'AC04', means: 'account closed (해지계좌)' },
  { code: '1003', status: 'RJCT', reason: 'AC06', means: 'account blocked (입금제한, 압류)' },
  { code: '1004', status: 'RJCT', reason: 'BE01', means: 'name does not fit (예금주 불일치)' },
  { code: '1005', status: 'RJCT', reason: 'RC01', means: 'bank code wrong (은행코드 오류)' },
  {
    code: '2001',
    status: 'RJCT',
    reason: 'AM04',
    means: "payer's funds short (출금계좌 잔액부족)",
  },
  { code: '2002', status: 'RJCT', reason: 'AM05', means: 'duplicate (중복)' },
  { code: '9999', status: 'RJCT', reason: 'MS03', means: 'other (기타)' },
]

const BY_CODE: ReadonlyMap<string, ResultCode> = new Map(RESULT_CODES.map((it) => [it.code, it]))

export function resultOf(code: string): ResultCode | undefined {
  return BY_CODE.get(code)
}
