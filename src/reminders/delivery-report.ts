/** What carriers tell of messages, kept once however often it comes. */
import type { Pool } from '../db/database.js'
import type { DeliveryReport } from '../gateways/gateway.js'
import type { GatewayName } from '../rules/notices/notice-terms.js'
import * as store from './report-store.js'

export interface ReportSource {
  readonly gateway: GatewayName
  /** When it came in, ISO 8601. */
  readonly receivedAt: string
}

/**
 * A report may come before the message is marked as sent, or twice; of a message of which the
 * gateway could not tell, it proves that it was taken.
 * @returns false where the same was told before
 */
export async function recordReport(
  pool: Pool,
  report: DeliveryReport,
  source: ReportSource,
): Promise<boolean> {
  // By nothing, it can be put to no message.
  if (report.key === null && report.reference === null) return false
  const isNew = await store.insertReport(pool, report, source)
  if (isNew) await store.settleByReport(pool, report, source)
  return isNew
}
