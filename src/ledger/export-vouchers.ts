/** The voucher codes that a run gave out, as CSV, sealed for the one who sends them. */
import type { KeyObject } from 'node:crypto'
import { withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Cipher } from '../privacy/cipher.js'
import { SealedFileWriter } from '../privacy/sealed-file.js'
import { openVoucherCode } from '../privacy/voucher-code.js'
import { programmeOfEndedRun, readHandedOut } from './handed-out-store.js'
import type { HandedOutCode } from './handed-out-store.js'

export const VOUCHER_HEADER = 'line_id,option,code,expires_on,valid_from,valid_to'

export interface VoucherExportOptions {
  readonly pool: Pool
  readonly cipher: Cipher
  readonly runId: string
  /** The sender's public key, as `readPublicKey` gives it. */
  readonly recipient: KeyObject
  readonly out: string
  readonly signal?: AbortSignal | undefined
  /** Called with the number of codes looked at. */
  readonly onProgress?: ((codes: number) => void) | undefined
}

export interface VoucherExport {
  readonly issued: number
  readonly exported: number
  /** Left out: the line holds the pass no more. */
  readonly reversed: number
  readonly bytes: number
}

/**
 * A code is open in this process's memory alone, never on disk.
 * @throws RedressError RUN_UNKNOWN, RUN_STATE (not ended yet), SETTING_INVALID (codes of another
 * data key), OUTPUT_UNWRITABLE, INTERRUPTED
 */
export async function exportVouchers(options: VoucherExportOptions): Promise<VoucherExport> {
  return await withTransaction(options.pool, async ({ client }) => {
    const programme = await programmeOfEndedRun(client, options.runId)
    const file = await SealedFileWriter.open(options.out, options.recipient)
    let [issued, exported] = [0, 0]
    try {
      await file.write(Buffer.from(`${VOUCHER_HEADER}\n`))
      for await (const codes of readHandedOut(client, programme, options.runId)) {
        refuseAborted(options)
        const held = codes.filter((it) => it.validFrom !== null)
        await file.write(Buffer.from(held.map((it) => rowOf(options.cipher, it)).join('')))
        issued += codes.length
        exported += held.length
        options.onProgress?.(issued)
      }
      await file.finish()
    } catch (error) {
      await file.discard()
      throw error
    }
    return { issued, exported, reversed: issued - exported, bytes: file.bytes }
  })
}

function rowOf(cipher: Cipher, it: HandedOutCode): string {
  const code = openVoucherCode(cipher, it.option, it)
  const fields = [it.lineId, it.option, quoted(code), it.expiresOn, it.validFrom, it.validTo]
  return `${fields.join(',')}\n`
}

/** A code may hold commas and quotes; nothing else of the row can. */
function quoted(code: string): string {
  return /[",]/.test(code) ? `"${code.replaceAll('"', '""')}"` : code
}

function refuseAborted({ signal, runId, out }: VoucherExportOptions): void {
  if (signal?.aborted !== true) return
  const command = `redress vouchers export --run ${runId} --to PUBLIC_KEY_FILE --out ${out}`
  throw new RedressError('INTERRUPTED', { command })
}
