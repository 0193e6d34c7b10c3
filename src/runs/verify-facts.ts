/**
 * Settles again what a plan settled, from the imported rows and the ledger as the plan knew them,
 * and compares.
 */
import { withClient, withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { listChunks } from '../snapshot/snapshot-store.js'
import { readFactPack } from './fact-store.js'
import type { Plan } from './run.js'
import { settle, settledPacks } from './settle-facts.js'
import { settleQuery } from './settle-query.js'
import { countVoucherDifferences } from './settle-vouchers-store.js'

/** Sentences, each naming what differs; empty unless a row was altered. */
export async function verifyFacts(
  pool: Pool,
  plan: Plan,
  version: ProgrammeVersion,
): Promise<readonly string[]> {
  const query = settleQuery(version, plan)
  const chunks = await listChunks(pool, plan.snapshotId)
  return await withTransaction(pool, async ({ client }) => {
    const settled = await settle(client, query, version)
    const codes = await countVoucherDifferences(client, plan.planId, settled)
    const altered: number[] = []
    await withClient(pool, async (reader) => {
      for await (const { chunkNo, pack } of settledPacks(client, query, settled, chunks)) {
        const stored = await readFactPack(reader, plan.planId, chunkNo)
        if (stored === undefined || !stored.equals(pack)) altered.push(chunkNo)
      }
    })
    const problem = 'differ from the imported changes'
    return [
      ...altered.map((it) => `plan ${plan.planId}: the settled facts of chunk ${it} ${problem}`),
      ...(codes > 0 ? [`plan ${plan.planId}: ${codes} codes kept for lines ${problem}`] : []),
    ]
  })
}
