/** Batches for tests, and a place in memory that a bank file is written to. */
import type {
  BankBatchHead,
  BankFormat,
  BankTransfer,
  ByteSink,
  WrittenBankFile,
} from '../../src/payouts/bank-format.js'

export function aTransfer(given: Partial<BankTransfer> = {}): BankTransfer {
  return {
    endToEndId: 'kt-2026-1000000001-1',
    amountKrw: 150_000,
    bankCode: '004',
    accountNumber: '11023456789012',
    accountHolder: '홍길동',
    remittance: 'KT 위약금 환급',
    ...given,
  }
}

export function transfersOf(count: number): readonly BankTransfer[] {
  return Array.from({ length: count }, (_, index) => {
    return aTransfer({
      endToEndId: `kt-2026-${1_000_000_001 + index}-1`,
      amountKrw: 50_000 + ((index * 7919) % 850_000),
      bankCode: ['004', '088', '090'][index % 3] ?? '',
      accountNumber: String(10_000_000_000 + index),
      accountHolder: ['홍길동', '김 서연', 'O\u2019Neil & Söhne <KR>'][index % 3] ?? '',
    })
  })
}

export function aBatch(
  transfers: readonly BankTransfer[],
  given: Partial<BankBatchHead> = {},
): BankBatchHead {
  return {
    messageId: 'kt-2026-B7',
    createdAt: '2026-01-20T10:00:00+09:00',
    payoutOn: '2026-01-22',
    debtor: { name: '주식회사 케이티', account: '10000000000001', bankCode: '020' },
    count: transfers.length,
    totalKrw: transfers.reduce((sum, it) => sum + it.amountKrw, 0),
    ...given,
  }
}

export async function* streamed<T>(items: Iterable<T>): AsyncGenerator<T, void> {
  yield* items
}

export class MemorySink implements ByteSink {
  readonly pieces: Uint8Array[] = []
  #busy = false

  async write(piece: Uint8Array): Promise<void> {
    if (this.#busy) throw new Error('a piece came before the last one was taken')
    this.#busy = true
    await new Promise((resolve) => setImmediate(resolve))
    this.#busy = false
    this.pieces.push(piece)
  }

  bytes(): Buffer {
    return Buffer.concat(this.pieces)
  }
}

export async function written(
  format: BankFormat,
  transfers: readonly BankTransfer[],
  head: Partial<BankBatchHead> = {},
): Promise<WrittenBankFile & { readonly content: Buffer }> {
  const sink = new MemorySink()
  const result = await format.write(aBatch(transfers, head), streamed(transfers), sink)
  return { ...result, content: sink.bytes() }
}
