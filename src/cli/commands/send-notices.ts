/** `redress reminders send`: hands over what is due, beside any worker there is. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import type { ExitCode } from '../../errors.js'
import type { SendReport } from '../../jobs/send-notices.js'
import { REMINDERS, roundNumberOf } from '../../reminders/notice-round.js'
import type { RoundFilter } from '../../reminders/sending-store.js'
import { readStop } from '../../reminders/stop-store.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { GATEWAYS, openGateway } from '../gateways.js'
import { listenForReports, noticesOptions } from '../notice-sending.js'
import { countOf, scopeOf } from '../notice-flags.js'
import { lateStage } from '../output.js'
import { oneOf, withProgramme } from '../refund-flags.js'

interface SendFlags {
  readonly programme: string
  readonly round?: string
  readonly campaign?: string
  readonly gateway?: string
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
    .option('--gateway <name>', `${GATEWAYS.join(', ')}; REDRESS_GATEWAY when not given`)
    .option('--limit <messages>', 'so many at most')
    .action(act(send))
}

async function send(context: Context, flags: SendFlags): Promise<ExitCode> {
  const filter = filterOf(flags)
  const limit = countOf('--limit', flags.limit)
  const kind = flags.gateway === undefined ? undefined : oneOf('--gateway', flags.gateway, GATEWAYS)
  const stop = await readStop(context.pool)
  if (stop?.stopped === true) throw new RedressError('NOTICES_STOPPED', { since: stop.at })
  const gateway = await openGateway(context, kind)
  listenForReports(context, gateway)
  try {
    const stage = lateStage(context.out.progress, { label: 'send', unit: 'messages' })
    const options = await noticesOptions(context, gateway, flags.programme)
    const { sendNotices } = await import('../../jobs/send-notices.js')
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
