/** The stages of refunds, each by the function that its command calls. */
import { assert } from '../../src/assert.js'
import { termsOf } from '../../src/cli/payout-settings.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import {
  importApplicationsFile,
  importTerminationsFile,
} from '../../src/intake/import-refund-files.js'
import { approveBatch } from '../../src/payouts/approve-batch.js'
import { readBatches } from '../../src/payouts/batch-store.js'
import { exportBatch } from '../../src/payouts/export-batch.js'
import { importStatus } from '../../src/payouts/import-status.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import type { PayoutBatch } from '../../src/payouts/payout-batch.js'
import { prepareBatch } from '../../src/payouts/prepare-batch.js'
import { reconcile, tellProblem } from '../../src/payouts/reconcile.js'
import { assessRefunds } from '../../src/refunds/assess-refunds.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { importOptionsOf } from './redress-tasks.js'
import type { Bench } from './redress-tasks.js'
import { ALL_IN_ONE_FILE, ANSWERED_AT, ASSESSED_AT, PAYOUT_ON, PROGRAMME } from './task.js'
import type { Outcome, RefundFiles } from './task.js'
import { usageOf } from './usage.js'
import type { Usage } from './usage.js'

const PAYER = { name: 'BENCH', bankCode: '000', account: '0000000000' }

export async function benchRefundFiles(bench: Bench, files: RefundFiles): Promise<Outcome> {
  let rows = 0
  const usage = await measure(bench, async () => {
    const terminations = await importTerminationsFile(importOptionsOf(bench, files.terminations))
    const applications = await importApplicationsFile(importOptionsOf(bench, files.applications))
    rows = terminations.accepted + applications.accepted
    assert(terminations.quarantined + applications.quarantined === 0, 'files without bad rows')
  })
  return outcomeOf(usage, rows, rows)
}

export async function benchAssess(bench: Bench): Promise<Outcome> {
  const version = findVersion(PROGRAMME)
  assert(version !== undefined, 'a registered programme')
  let [lines, written] = [0, 0]
  const usage = await measure(bench, async () => {
    const it = await assessRefunds({ pool: bench.pool, version, now: ASSESSED_AT })
    lines = it.lines
    written = it.changed.decisions + it.changed.states
  })
  return outcomeOf(usage, lines, written)
}

export async function benchPrepare(bench: Bench): Promise<Outcome> {
  let count = 0
  const usage = await measure(bench, async () => {
    const prepared = await prepareBatch(bench.pool, termsOf, PAYOUT_ON, ASSESSED_AT)
    assert(!prepared.already, 'a batch that was not there before')
    count = prepared.batch.count
  })
  return outcomeOf(usage, count, count)
}

/** Each signature is one person's, as the tiers of the programme ask for it. */
export async function benchApprove(bench: Bench): Promise<Outcome> {
  const { batchId, checkers, count } = await onlyBatch(bench.pool)
  const usage = await measure(bench, async () => {
    for (let signed = 1; signed <= checkers; signed += 1) {
      const actor = `checker ${signed}`
      const pool = openPool({ url: bench.databaseUrl, max: 2, name: 'redress bench', actor })
      try {
        await approveBatch(pool, termsOf, batchId, ASSESSED_AT)
      } finally {
        await pool.end()
      }
    }
  })
  assert((await onlyBatch(bench.pool)).state === 'approved', 'a batch with all its signatures')
  return outcomeOf(usage, count, 0)
}

/** All transfers in one message: the hardest answer to read is the one to all of them. */
export async function benchExport(bench: Bench, file: string): Promise<Outcome> {
  const { batchId, count } = await onlyBatch(bench.pool)
  const usage = await measure(bench, async () => {
    const { parts } = await exportBatch({
      pool: bench.pool,
      cipher: importOptionsOf(bench, file).cipher,
      batchId,
      format: PAIN_001,
      payer: PAYER,
      file,
      transfersPerFile: ALL_IN_ONE_FILE,
      at: ASSESSED_AT,
    })
    assert(parts.length === 1, 'one file')
  })
  return outcomeOf(usage, count, count)
}

export async function benchAnswers(bench: Bench, file: string): Promise<Outcome> {
  let booked = 0
  const usage = await measure(bench, async () => {
    const { counts } = await importStatus({ pool: bench.pool, file, at: ANSWERED_AT })
    assert(counts.unknown + counts.wrong_amount === 0, 'answers to what was sent')
    booked = counts.settled + counts.rejected
  })
  return outcomeOf(usage, (await onlyBatch(bench.pool)).count, booked)
}

export async function benchReconcile(bench: Bench): Promise<Outcome> {
  const usage = await measure(bench, async () => {
    const { problems } = await reconcile(bench.pool, null)
    assert(problems[0] === undefined, problems.map(tellProblem).join())
  })
  return outcomeOf(usage, (await onlyBatch(bench.pool)).count, 0)
}

async function measure({ pool, postmaster }: Bench, work: () => Promise<void>): Promise<Usage> {
  return await usageOf(pool, postmaster, work)
}

function outcomeOf(usage: Usage, lines: number, written: number): Outcome {
  return { usage, lines, written, lastCustomerId: null }
}

async function onlyBatch(pool: Pool): Promise<PayoutBatch> {
  const [batch] = await readBatches(pool)
  assert(batch !== undefined, 'a batch')
  return batch
}
