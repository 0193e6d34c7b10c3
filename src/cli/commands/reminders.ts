/** `redress reminders …`: rounds of notices, from their audience to what was delivered. */
import type { Command } from 'commander'
import { EXIT, RedressError } from '../../errors.js'
import type { ExitCode } from '../../errors.js'
import { exportRound } from '../../reminders/export-round.js'
import { nameOfRound, roundNumberOf } from '../../reminders/notice-round.js'
import type { NoticeScope } from '../../reminders/notice-round.js'
import { prepareRound, previewRound } from '../../reminders/prepare-round.js'
import type { PreparedRound } from '../../reminders/prepare-round.js'
import { findRound } from '../../reminders/prepare-store.js'
import type { StoredRound } from '../../reminders/prepare-store.js'
import { countRound, effectOf } from '../../reminders/show-store.js'
import { readStop, setStop } from '../../reminders/stop-store.js'
import type { Act } from '../act.js'
import { formatBytes, formatCount } from '../chart.js'
import type { Context } from '../context.js'
import {
  describePreview,
  describeRound,
  previewDocument,
  roundDocument,
} from '../notice-document.js'
import { reasonOf, scopeOf, withCampaign } from '../notice-flags.js'
import type { CampaignFlags } from '../notice-flags.js'
import { lateStage } from '../output.js'
import { addDeadLetters } from './dead-letters.js'
import { addSendNotices } from './send-notices.js'

export function addReminders(program: Command, act: Act): void {
  const reminders = program
    .command('reminders')
    .description('reminder rounds, and the notices of other campaigns')
  withCampaign(
    reminders
      .command('prepare [round]')
      .description('draw up the audience and put its messages into the outbox; sends nothing'),
  )
    .option('--preview', 'counts, cost and text; writes nothing')
    .action(act(prepare))
  addSendNotices(reminders, act)
  withCampaign(reminders.command('show [round]').description('how a round stands')).action(
    act(show),
  )
  withCampaign(reminders.command('export [round]').description('whom it told, as CSV by reference'))
    .requiredOption('--out <file>', 'the file to write; neither numbers nor texts stand in it')
    .action(act(exportAll))
  reminders
    .command('stop')
    .description('nothing leaves any more, in the midst of a round too')
    .requiredOption('--reason <text>', 'why; no personal data')
    .action(act((context, flags: { reason: string }) => turn(context, true, flags.reason)))
  reminders
    .command('resume')
    .description('after a stop, let notices go on')
    .action(act((context) => turn(context, false, undefined)))
  addDeadLetters(reminders, act)
}

interface PrepareFlags extends CampaignFlags {
  readonly preview?: boolean
}

async function prepare(
  context: Context,
  round: string | undefined,
  flags: PrepareFlags,
): Promise<void> {
  const scope = scopeOf(round, flags)
  const { pool, cipher, clock, signal } = context
  const stage = lateStage(context.out.progress, { label: 'prepare', unit: 'lines' })
  const options = { ...scope, pool, cipher, signal, now: clock.now(), onProgress: stage.update }
  if (flags.preview === true) {
    const preview = await previewRound(options)
    warnOfUnassessed(context, preview.unassessedImports)
    context.out.result({ ...namesOf(scope), ...previewDocument(preview) }, () =>
      describePreview(preview),
    )
    return
  }
  const prepared = await prepareRound(options)
  stage.finish()
  warnOfUnassessed(context, prepared.unassessedImports)
  context.out.result({ ...namesOf(scope), ...preparedDocument(prepared) }, () =>
    tellPrepared(scope, prepared),
  )
}

function warnOfUnassessed(context: Context, imports: number): void {
  if (imports === 0) return
  context.out.note(
    `${formatCount(imports)} imports since the last \`redress refunds assess\` are not in it; ` +
      'who applied by them is not sent to all the same',
  )
}

function namesOf(scope: NoticeScope): { programme: string; campaign: string; round: unknown } {
  const { version, campaign, round } = scope
  const { programme } = version
  return { programme, campaign: campaign.campaign, round: round?.round ?? null }
}

function preparedDocument(it: PreparedRound): object {
  return {
    due_at: it.dueAt,
    audience: it.audience,
    suppressed: it.suppressed,
    queued: it.queued,
    messages: it.messages,
    added_lines: it.added.lines,
    added_messages: it.added.messages,
    already: it.added.lines === 0,
    closed: it.closed,
    unassessed_imports: it.unassessedImports,
  }
}

function tellPrepared(scope: NoticeScope, it: PreparedRound): string {
  const name = nameOfRound(scope.campaign.campaign, roundNumberOf(scope))
  const suppressed = Object.entries(it.suppressed).map(([reason, n]) => `${reason} ${n}`)
  const added =
    it.added.lines > 0
      ? `${formatCount(it.added.messages)} messages for ${formatCount(it.added.lines)} lines added`
      : it.closed
        ? 'it is being sent and takes nothing more: nothing added'
        : 'it was prepared already: nothing added'
  return [
    `${name}: ${added}`,
    `audience ${formatCount(it.audience)}, queued ${formatCount(it.queued)} lines in ` +
      `${formatCount(it.messages)} messages` +
      (suppressed.length === 0 ? '' : `; suppressed: ${suppressed.join(', ')}`),
  ].join('\n')
}

async function preparedRound(context: Context, scope: NoticeScope): Promise<StoredRound> {
  const { programme } = scope.version
  const [campaign, round] = [scope.campaign.campaign, roundNumberOf(scope)]
  const stored = await findRound(context.pool, programme, campaign, round)
  if (stored !== undefined) return stored
  throw new RedressError('NOTICE_ROUND_UNPREPARED', { round: nameOfRound(campaign, round) })
}

async function show(
  context: Context,
  round: string | undefined,
  flags: CampaignFlags,
): Promise<void> {
  const { pool } = context
  const stored = await preparedRound(context, scopeOf(round, flags))
  const counts = await countRound(pool, stored.roundId)
  const effect = await effectOf(pool, stored.roundId)
  const stopped = (await readStop(pool))?.stopped ?? false
  const state = { stored, counts, effect, stopped }
  context.out.result(roundDocument(state), () => describeRound(state))
}

async function exportAll(
  context: Context,
  round: string | undefined,
  flags: CampaignFlags & { out: string },
): Promise<void> {
  const stored = await preparedRound(context, scopeOf(round, flags))
  const bytes = await exportRound(context.pool, stored.roundId, flags.out, context.signal)
  context.out.result(
    { campaign: stored.campaign, round: stored.round, out: flags.out, bytes },
    () => `${formatBytes(bytes)} in ${flags.out}`,
  )
}

async function turn(
  context: Context,
  stopped: boolean,
  text: string | undefined,
): Promise<ExitCode> {
  const reason = text === undefined ? null : reasonOf(text)
  const isNew = await setStop(context.pool, stopped, reason, context.clock.now())
  context.out.result(
    { stopped, already: !isNew },
    () => `notices are ${stopped ? 'stopped' : 'on their way'}${isNew ? '' : ' already'}`,
  )
  return EXIT.done
}
