/** Refunds as CSV, as they were last assessed; streamed, and a whole file or none. */
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { WholeFile } from '../privacy/whole-file.js'
import { lastAssessment } from './assessment-store.js'
import { readingAtOneMoment } from './refund-case-store.js'
import { copyRefunds, prepareExport } from './refund-export-store.js'

export interface RefundExport {
  readonly assessmentId: string
  readonly bytes: number
}

/** @throws RedressError REFUNDS_NOT_ASSESSED, OUTPUT_UNWRITABLE */
export async function exportRefunds(
  pool: Pool,
  path: string,
  signal?: AbortSignal,
): Promise<RefundExport> {
  return await readingAtOneMoment(pool, signal, async (client) => {
    const assessment = await lastAssessment(client)
    if (assessment === undefined) throw new RedressError('REFUNDS_NOT_ASSESSED')
    await prepareExport(client)
    const file = await WholeFile.open(path)
    try {
      for await (const piece of copyRefunds(client)) await file.write(piece)
      signal?.throwIfAborted()
      await file.keep()
    } catch (error) {
      await file.discard()
      throw error
    }
    return { assessmentId: assessment.assessmentId, bytes: file.bytes }
  })
}
