/** `redress reminders send`: hands over what is due, beside any worker there is. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import type { ExitCode } from '../../errors.js'
import { sendNotices } from '../../jobs/send-notices.js'
import type { NoticesOptions, SendReport } from '../../jobs/send-notices.js'
import { recordReport } from '../../reminders/delivery-report.js'
import { REMINDERS, roundNumberOf } from '../../reminders/notice-round.js'
import { SENDING } from '../../reminders/sending-terms.js'
import type { RoundFilter } from '../../reminders/sending-store.js'
import { readStop } from '../../reminders/stop-store.js'
import type { GatewayName } from '../../rules/notices/notice-terms.js'
import type { Gateway } from '../../gateways/gateway.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { GATEWAYS, openGateway } from '../gateways.js'
import { countOf, scopeOf } from '../notice-flags.js'
import { lateStage } from '../output.js'
import { oneOf, withProgramme } from '../refund-flags.js'
import { versionOf } from './plans.js'

interface SendFlags {
  readonly programme: string
  readonly round?: string
  readonly campaign?: string
  readonly gateway: string
  readonly limit?: string
}

export function addSendNotices(reminders: Command, act: Act): void {
  withProgramme(
    reminders
      .command('send')
      .description('hand over what is due; whoever applied meanwhile is not sent to'),
  )
    .option('--round <round>', 'of the reminders, or of the campaign; all that are due without')
    .option('--campaign <name>', 'of one campaign alone')
    .option('--gateway <name>', GATEWAYS.join(', '), 'spool')
    .option('--limit <messages>', 'so many at most')
    .action(act(send))
}

async function send(context: Context, flags: SendFlags): Promise<ExitCode> {
  const filter = filterOf(flags)
  const limit = countOf('--limit', flags.limit)
  const name = oneOf('--gateway', flags.gateway, GATEWAYS)
  const stop = await readStop(context.pool)
  if (stop?.stopped === true) throw new RedressError('NOTICES_STOPPED', { since: stop.at })
  const gateway = await openGateway(context, name)
  listenForReports(context, gateway)
  try {
    const stage = lateStage(context.out.progress, { label: 'send', unit: 'messages' })
    const options = await noticesOptions(context, gateway, flags.programme)
    const report = await sendNotices({
      ...options,
      filter,
      limit,
      signal: context.signal,
      onProgress: stage.update,
    })
    stage.finish()
    const rate = rateOf(report)
    const { messagesASecond } = options
    context.out.result(documentOf(report, rate, messagesASecond), () =>
      tell(report, rate, messagesASecond),
    )
    context.signal.throwIfAborted()
    return report.stopped ? EXIT.held : EXIT.done
  } finally {
    await gateway.close()
  }
}

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

function filterOf({ programme, campaign, round }: SendFlags): RoundFilter {
  if (campaign === undefined && round === undefined) return {}
  const scope = scopeOf(round, { programme, campaign: campaign ?? REMINDERS })
  return {
    programme: scope.version.programme,
    campaign: scope.campaign.campaign,
    round: roundNumberOf(scope),
  }
}

function rateOf({ accepted, seconds }: SendReport): number {
  return Math.round((accepted / Math.max(seconds, 0.001)) * 10) / 10
}

function documentOf(report: SendReport, rate: number, configured: number): object {
  return {
    sent: report.accepted,
    seconds: Math.round(report.seconds * 1_000) / 1_000,
    messages_a_second: rate,
    configured_messages_a_second: configured,
    found_of_killed_senders: report.settled,
    stopped: report.stopped,
  }
}

function tell(report: SendReport, rate: number, configured: number): string {
  const { taken, again, unknown, left } = report.settled
  const found = taken + again + unknown + left
  return [
    `${formatCount(report.accepted)} messages sent in ${report.seconds.toFixed(1)} s, ` +
      `${formatCount(rate)} a second of at most ${formatCount(configured)}`,
    ...(found === 0
      ? []
      : [
          `of a killed sender's: ${taken} were taken, ${again} go again, ${unknown} nobody knows` +
            (left === 0 ? '' : `, ${left} could not be asked about`),
        ]),
    ...(report.stopped ? ['stopped: `redress reminders resume` lets them go on'] : []),
  ].join('\n')
}

function labelOf(error: unknown): string {
  if (error instanceof RedressError) return error.code
  return error instanceof Error ? error.name : 'unknown'
}
