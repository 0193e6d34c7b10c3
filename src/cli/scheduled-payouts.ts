/** How a scheduler pays: it prepares a batch for others to sign, and writes what they signed. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings } from '../config/settings.js'
import type { Pool } from '../db/database.js'
import { errorCodeOf } from '../db/database.js'
import { RedressError } from '../errors.js'
import { batchesOn } from '../payouts/batch-store.js'
import { exportBatch } from '../payouts/export-batch.js'
import { readExports } from '../payouts/export-store.js'
import { PAIN_001 } from '../payouts/pain001.js'
import { messageIdOf } from '../payouts/payout-batch.js'
import type { PayoutBatch } from '../payouts/payout-batch.js'
import { prepareBatch } from '../payouts/prepare-batch.js'
import type { Cipher } from '../privacy/cipher.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { Occurrence } from '../rules/schedule/schedule.js'
import { assessRefunds } from '../refunds/assess-refunds.js'
import { stateOfTask } from '../schedule/input-store.js'
import type { PerformTask, TaskContext, TaskOutcome, TaskResult } from '../schedule/task.js'
import { payerOf, termsOf } from './payout-settings.js'

export interface PayoutParts {
  readonly pool: Pool
  readonly version: ProgrammeVersion
  readonly settings: Settings
  readonly cipher: Cipher
}

/** Assesses and prepares, then waits until others have signed. */
export function payoutPrepareTask({ pool, version }: PayoutParts): PerformTask {
  return async (occurrence, { now, signal }) => {
    const date = dateOf(occurrence)
    const [known] = await batchesOn(pool, version.programme, date)
    if (known !== undefined) return asSigned(known)
    await assessRefunds({ pool, version, now: now(), signal })
    try {
      return asSigned((await prepareBatch(pool, termsOf, date, now())).batch)
    } catch (error) {
      if (!(error instanceof RedressError) || error.code !== 'NOTHING_DUE') throw error
      return { outcome: 'done', result: { count: 0 } }
    }
  }
}

/** Writes every batch of the date that is signed, once. */
export function payoutExportTask(parts: PayoutParts): PerformTask {
  return async (occurrence, context) => {
    const { pool, version } = parts
    const date = dateOf(occurrence)
    const batches = (await batchesOn(pool, version.programme, date)).toReversed()
    const prepare = await stateOfTask(pool, `${version.programme}/payout_prepare/${date}`)
    if (batches.length === 0 && prepare !== 'done' && prepare !== 'skipped') {
      const needs = `the batch of ${date}: \`redress payouts prepare ${date}\``
      return { outcome: 'waiting_for_input', needs, result: {} }
    }
    for (const batch of batches) {
      if (batch.state === 'approved') await exportOnce(parts, batch, context)
    }
    const unsigned = batches.find((it) => it.state === 'prepared')
    if (unsigned !== undefined) return asSigned(unsigned)
    const transfers = batches.reduce((sum, it) => sum + it.count, 0)
    return { outcome: 'done', result: { batches: batches.length, transfers } }
  }
}

async function exportOnce(
  { pool, cipher, settings }: PayoutParts,
  batch: PayoutBatch,
  { now, signal }: TaskContext,
): Promise<void> {
  if ((await readExports(pool, batch.batchId)).length > 0) return
  const folder = payoutFolderOf(settings)
  await makeFolder(folder)
  await exportBatch({
    pool,
    cipher,
    batchId: batch.batchId,
    format: PAIN_001,
    payer: payerOf(settings),
    file: join(folder, `${messageIdOf(batch)}.xml`),
    transfersPerFile: undefined,
    at: now(),
    signal,
  })
}

function asSigned(batch: PayoutBatch): TaskOutcome {
  const { batchId, count, totalKrw, approvals, checkers } = batch
  const result: TaskResult = { batch_id: batchId, count, total_krw: totalKrw }
  if (batch.state === 'approved') return { outcome: 'done', result }
  const signed = `${approvals.length} of ${checkers} signed`
  const needs = `\`redress payouts approve ${batchId}\` by another person; ${signed}`
  return { outcome: 'waiting_for_approval', needs, result }
}

/** Account numbers stand in the files in clear: only a rehearsal may choose the folder itself. */
function payoutFolderOf({ payoutFolder, databaseUrl, home }: Settings): string {
  if (payoutFolder !== undefined) return payoutFolder
  if (databaseUrl === undefined) return join(home, 'payouts')
  throw new RedressError('SETTING_INVALID', {
    name: 'REDRESS_PAYOUT_FOLDER',
    problem: 'is not set',
    expected: 'the folder for files to the bank',
  })
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    const problem = `error ${errorCodeOf(error) ?? 'unknown'}`
    throw new RedressError('OUTPUT_UNWRITABLE', { file: folder, problem })
  }
}

function dateOf({ key, date }: Occurrence): string {
  if (date !== null) return date
  throw new RedressError('SCHEDULE_STATE', { key, problem: 'has no date', expected: 'one' })
}
