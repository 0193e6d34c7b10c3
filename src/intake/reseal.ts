/**
 * `keys reseal`: seals with the newest data key what older ones sealed. Whatever stops it, the same
 * command goes on; afterwards the older keys can be given up.
 */
import { withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import type { Cipher } from '../privacy/cipher.js'
import { resealRefundAccount } from '../privacy/refund-account.js'
import { resealVoucherCode } from '../privacy/voucher-code.js'
import { quarantinePlace } from './quarantine.js'
import * as store from './reseal-store.js'

export interface ResealOptions {
  readonly pool: Pool
  readonly cipher: Cipher
  readonly signal?: AbortSignal | undefined
}

/** How many rows of each table were sealed anew. */
export interface Resealed {
  readonly version: number
  readonly refundApplications: number
  readonly voucherCodes: number
  readonly quarantinedRows: number
}

/** @throws RedressError SETTING_INVALID for a value that no key opens; what came before stays. */
export async function resealAll(options: ResealOptions): Promise<Resealed> {
  const { cipher } = options
  const { version } = cipher
  const refundApplications = await eachPage(options, {
    first: '0',
    read: (client, after) => store.readStaleAccounts(client, version, after),
    placeOf: (it) => it.applicationNo,
    write: async (client, rows) =>
      await store.writeAccounts(
        client,
        version,
        rows.map((it) => ({ ...it, ...resealRefundAccount(cipher, it, it) })),
      ),
  })
  const voucherCodes = await eachPage(options, {
    first: '0',
    read: (client, after) => store.readStaleCodes(client, version, after),
    placeOf: (it) => it.codeId,
    write: async (client, rows) =>
      await store.writeCodes(
        client,
        version,
        rows.map((it) => ({ ...it, sealed: resealVoucherCode(cipher, it.option, it) })),
      ),
  })
  const quarantinedRows = await eachPage(options, {
    first: { importId: '0', lineNo: '0' },
    read: (client, after) => store.readStaleQuarantinedRows(client, version, after),
    placeOf: (it) => it,
    write: async (client, rows) =>
      await store.writeQuarantinedRows(
        client,
        version,
        rows.map((it) => ({
          ...it,
          sealed: cipher.reseal(it.sealed, quarantinePlace(it.importId, it.lineNo)),
        })),
      ),
  })
  return { version, refundApplications, voucherCodes, quarantinedRows }
}

interface Pages<Row, Place> {
  /** Before all rows. */
  readonly first: Place
  readonly read: (client: Client, after: Place) => Promise<readonly Row[]>
  readonly placeOf: (row: Row) => Place
  readonly write: (client: Client, rows: readonly Row[]) => Promise<number>
}

/** A transaction a page, so that no lock is held for long. @returns how many rows were written */
async function eachPage<Row, Place>(
  { pool, signal }: ResealOptions,
  pages: Pages<Row, Place>,
): Promise<number> {
  let after = pages.first
  let written = 0
  for (;;) {
    signal?.throwIfAborted()
    const last = await withTransaction(pool, async ({ client }) => {
      const rows = await pages.read(client, after)
      if (rows.length > 0) written += await pages.write(client, rows)
      return rows.at(-1)
    })
    if (last === undefined) return written
    after = pages.placeOf(last)
  }
}
