/** What sending notices needs, for the command, the worker and the scheduler alike. */
import { RedressError } from '../errors.js'
import type { Gateway } from '../gateways/gateway.js'
import type { NoticesOptions } from '../jobs/send-notices.js'
import { recordReport } from '../reminders/delivery-report.js'
import { SENDING } from '../reminders/sending-terms.js'
import type { GatewayName } from '../rules/notices/notice-terms.js'
import { versionOf } from './commands/plans.js'
import type { Context } from './context.js'

/** What a gateway tells of messages while it is open, whoever handed them over. */
export function listenForReports({ pool, clock }: Context, gateway: Gateway): void {
  gateway.onReport(async (report) => {
    const source = { gateway: gateway.name, receivedAt: clock.now() }
    await recordReport(pool, report, source)
  })
}

/** What a sender needs; the queue's limit comes from the programme, so that all say the same. */
export async function noticesOptions(
  context: Context,
  gateway: Gateway,
  programme: string,
): Promise<NoticesOptions> {
  const { pool, cipher, clock, settings, workerName, log } = context
  return {
    pool,
    cipher,
    gateway,
    backend: await context.jobs(),
    sending: SENDING,
    messagesASecond: rateOfGateway(programme, gateway.name),
    lanes: settings.lanes,
    name: workerName,
    versionOf: (name, version) => versionOf(`${name}@${version}`),
    now: clock.now,
    onError: (error) => log.warn({ error: labelOf(error) }, 'messages will be tried again'),
  }
}

function rateOfGateway(programme: string, gateway: GatewayName): number {
  const terms = versionOf(programme).notices
  if (terms !== undefined) return terms.messagesASecond.value[gateway]
  throw new RedressError('PROGRAMME_WITHOUT_NOTICES', { programme })
}

function labelOf(error: unknown): string {
  if (error instanceof RedressError) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
