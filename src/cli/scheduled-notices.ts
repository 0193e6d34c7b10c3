/** How a scheduler tells people: it prepares rounds and sends what is due, by what commands use. */
import { assert } from '../assert.js'
import type { Gateway } from '../gateways/gateway.js'
import type { NoticesOptions } from '../jobs/send-notices.js'
import { nameOfRound, noticeScope, REMINDERS, roundNumberOf } from '../reminders/notice-round.js'
import type { NoticeScope } from '../reminders/notice-round.js'
import { prepareRound } from '../reminders/prepare-round.js'
import { findRound } from '../reminders/prepare-store.js'
import { countRound } from '../reminders/show-store.js'
import { assessRefunds } from '../refunds/assess-refunds.js'
import type { Audience } from '../rules/notices/audience.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import type { TaskContext, TaskOutcome, TaskResult } from '../schedule/task.js'
import type { Context } from './context.js'
import type { NoticeTasks } from './scheduled-tasks.js'

export interface NoticeParts {
  readonly context: Pick<Context, 'pool' | 'cipher'>
  readonly version: ProgrammeVersion
  /** Opened at the first message. */
  readonly gateway: () => Promise<Gateway>
  readonly sending: (gateway: Gateway) => Promise<NoticesOptions>
}

const ASSESSED_FIRST: readonly Audience[] = ['refundable', 'refundable_not_applied']

export function noticeTasks(parts: NoticeParts): NoticeTasks {
  const scopeOf = (campaign: string, round?: number): NoticeScope =>
    noticeScope(parts.version, campaign, round)
  return {
    prepareRound: async ({ round }, task) => {
      const result = await prepare(parts, scopeOf(REMINDERS, round ?? undefined), task)
      return { outcome: 'done', result }
    },
    sendRound: async ({ round }, task) => {
      const scope = scopeOf(REMINDERS, round ?? undefined)
      const { programme } = parts.version
      const number = roundNumberOf(scope)
      if ((await findRound(parts.context.pool, programme, REMINDERS, number)) === undefined) {
        const needs = `round ${number} to be prepared: \`redress reminders prepare ${number}\``
        return { outcome: 'waiting_for_input', needs, result: {} }
      }
      return await send(parts, [scope], {}, task)
    },
    tellCampaign: async ({ campaign, key }, task) => {
      const scope = scopeOf(campaign ?? key)
      return await send(parts, [scope], await prepare(parts, scope, task), task)
    },
    tellEvents: async (_, task) => {
      const scopes = (parts.version.notices?.campaigns ?? [])
        .filter((it) => it.rounds.length === 0)
        .map((it) => scopeOf(it.campaign))
      const results: Record<string, number> = {}
      for (const scope of scopes) {
        const { added } = await prepare(parts, scope, task)
        results[scope.campaign.campaign] = Number(added)
      }
      return await send(parts, scopes, results, task)
    },
  }
}

/** Whoever applied by a file that nobody has assessed yet would be told to apply. */
async function prepare(
  { context, version }: NoticeParts,
  scope: NoticeScope,
  { now, signal }: TaskContext,
): Promise<TaskResult> {
  const { pool, cipher } = context
  if (ASSESSED_FIRST.includes(scope.campaign.audience)) {
    await assessRefunds({ pool, version, now: now(), signal })
  }
  const prepared = await prepareRound({ ...scope, version, pool, cipher, now: now(), signal })
  const { audience, queued, messages, added } = prepared
  return { audience, queued, messages, added: added.messages }
}

/** Until none of them is due any more; what then still waits is looked at again. */
async function send(
  parts: NoticeParts,
  scopes: readonly NoticeScope[],
  prepared: TaskResult,
  task: TaskContext,
): Promise<TaskOutcome> {
  const before = await countAll(parts, scopes)
  const isAnyDue = before.some((it) => it.waiting > 0)
  // To open a sender and close it takes a while, and on most days nothing happened that is told.
  const stopped = isAnyDue && (await sendDue(parts, scopes, task))
  const after = isAnyDue ? await countAll(parts, scopes) : before
  const sum = (of: (it: Standing) => number): number =>
    after.reduce((total, it) => total + of(it), 0)
  const waiting = sum((it) => it.waiting)
  const result = {
    ...prepared,
    sent: sum((it) => it.sent),
    suppressed_at_send: sum((it) => it.suppressedAtSend),
    waiting,
    unknown: sum((it) => it.unknown),
    dead: sum((it) => it.dead),
  }
  if (waiting === 0) return { outcome: 'done', result }
  const names = scopes.map((it) => nameOfRound(it.campaign.campaign, roundNumberOf(it))).join(', ')
  const why = stopped ? 'a person, who resumes notices: `redress reminders resume`' : 'their hour'
  const needs = `${waiting} messages of ${names} wait for ${why}`
  return { outcome: 'waiting_for_input', needs, result }
}

interface Standing {
  /** In the hands of a sender, who may be dead, too. */
  readonly waiting: number
  readonly sent: number
  readonly suppressedAtSend: number
  readonly unknown: number
  readonly dead: number
}

/** Of those rounds that were prepared. */
async function countAll(
  { context, version }: NoticeParts,
  scopes: readonly NoticeScope[],
): Promise<readonly Standing[]> {
  const standings: Standing[] = []
  for (const scope of scopes) {
    const { campaign } = scope.campaign
    const round = await findRound(context.pool, version.programme, campaign, roundNumberOf(scope))
    if (round === undefined) continue
    const it = await countRound(context.pool, round.roundId)
    const suppressed = Object.values(it.suppressed_at_send)
    standings.push({
      waiting: it.waiting + it.handing_over,
      sent: it.sent,
      suppressedAtSend: suppressed.reduce((sum, n) => sum + n, 0),
      unknown: it.unknown,
      dead: it.dead,
    })
  }
  return standings
}

/** @returns whether notices are stopped */
async function sendDue(
  parts: NoticeParts,
  scopes: readonly NoticeScope[],
  { now, signal }: TaskContext,
): Promise<boolean> {
  const { programme } = parts.version
  const [only, ...others] = scopes
  assert(only !== undefined, 'a campaign to tell')
  const round = roundNumberOf(only)
  assert(others.length === 0 || round === 0, 'several campaigns only where they follow events')
  const { sendNotices } = await import('../jobs/send-notices.js')
  const options = { ...(await parts.sending(await parts.gateway())), now, signal }
  const campaign = others.length === 0 ? only.campaign.campaign : undefined
  const filter = { programme, campaign, round }
  return (await sendNotices({ ...options, filter })).stopped
}
