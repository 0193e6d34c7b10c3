/** The customers of a plan in order, each with its lines and all that the plan knew of them. */
import { assert } from '../assert.js'
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import type { InsuranceFacts } from '../rules/case.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES, openPack } from '../snapshot/pack.js'
import type { Pack } from '../snapshot/pack.js'
import { readChunk } from '../snapshot/snapshot-store.js'
import type { DecisionMemo, KnownLine } from './decision-memo.js'
import { findFacts, openFactPack } from './fact-pack.js'
import type { FactPack } from './fact-pack.js'
import { readFactPack } from './fact-store.js'
import type { PeriodContext } from './period-context.js'

export interface PlannedLine {
  readonly lineId: bigint
  readonly known: KnownLine
}

export interface PlannedCustomer {
  readonly customerId: bigint
  /** As in a pack. */
  readonly birthDay: number
  readonly corporate: boolean
  readonly insurance: InsuranceFacts | null
  readonly lines: readonly PlannedLine[]
}

/** What is read of one chunk. */
export interface PlannedChunkInput {
  readonly pack: Pack
  readonly facts: FactPack
}

export async function readPlannedChunk(
  pool: Pool,
  { plan }: PeriodContext,
  chunkNo: number,
): Promise<PlannedChunkInput> {
  return await withClient(pool, async (client) => {
    const chunk = await readChunk(client, plan.snapshotId, chunkNo)
    const facts = await readFactPack(client, plan.planId, chunkNo)
    assert(facts !== undefined, 'settled facts of every chunk of a plan')
    return { pack: openPack(chunk.pack), facts: openFactPack(facts) }
  })
}

/** Those that `isWanted` lets through, in order. */
export function* customersIn(
  { pack, facts }: PlannedChunkInput,
  memo: DecisionMemo,
  isWanted: (customerId: bigint) => boolean = () => true,
): Generator<PlannedCustomer> {
  const { records } = pack
  const known = pack.facts.map((it) => memo.lineOf(it))
  for (let at = 0; at < records.length;) {
    const customerId = records.readBigInt64BE(at)
    const kindAndLines = records.readUInt32BE(at + 12)
    const count = kindAndLines & 0x7fff_ffff
    if (isWanted(customerId)) {
      const settled = findFacts(facts, customerId)
      const lines: PlannedLine[] = []
      for (let line = 0; line < count; line += 1) {
        const lineAt = at + CUSTOMER_BYTES + line * LINE_BYTES
        const lineId = records.readBigInt64BE(lineAt)
        const plain = known[records.readUInt32BE(lineAt + 8)]!
        const fact = settled.lines.get(lineId)
        lines.push({ lineId, known: fact ? memo.variantOf(plain, memo.lineFactOf(fact)) : plain })
      }
      yield {
        customerId,
        birthDay: records.readInt32BE(at + 8),
        corporate: kindAndLines >= CORPORATE_BIT,
        insurance: settled.insurance && memo.insuranceOf(settled.insurance),
        lines,
      }
    }
    at += CUSTOMER_BYTES + count * LINE_BYTES
  }
}
