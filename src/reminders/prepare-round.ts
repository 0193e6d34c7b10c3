/**
 * `reminders prepare`: the audience is drawn up once, the rules decide each combination of facts,
 * and the messages go to the outbox chunk by chunk, a transaction each. Killed at any moment, the
 * same command makes what is missing; the keys of the tables keep each message from being made
 * twice.
 */
import { cancellable } from '../db/cancellable.js'
import { withClient, withTransaction } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Cipher } from '../privacy/cipher.js'
import { suppressionOf } from '../rules/notices/audience.js'
import type { SuppressionReason } from '../rules/notices/audience.js'
import { cutOf } from '../rules/notices/campaign.js'
import { noticeText } from '../rules/notices/notice-terms.js'
import type { NoticeText } from '../rules/notices/notice-terms.js'
import { newestSnapshotOf } from '../snapshot/snapshot-store.js'
import { isOfSnapshot, passKinds } from './audience-query.js'
import type { AudienceQuery } from './audience-query.js'
import * as audience from './audience-store.js'
import { factsOf } from './fact-mask.js'
import { instantOf, localTimeAt } from './local-time.js'
import { roundNumberOf } from './notice-round.js'
import type { NoticeScope, RoundResult } from './notice-round.js'
import * as store from './prepare-store.js'
import { messageKey, recipientOf } from './recipient.js'

export interface PrepareOptions extends NoticeScope {
  readonly pool: Pool
  readonly cipher: Cipher
  /** ISO 8601 instant. */
  readonly now: string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface PreparedRound extends RoundResult {
  readonly roundId: string
  readonly dueAt: string | null
  readonly messages: number
  /** What this preparing made; nothing where all was there. */
  readonly added: { readonly lines: number; readonly messages: number }
  /** It is being sent, and takes nothing more. */
  readonly closed: boolean
  /** Imports that wait to be assessed: who applied by them is asked about again at sending. */
  readonly unassessedImports: number
}

/** 5,000 recipients take some 0.1 s and 3 MB; a larger chunk only loses more to a kill. */
const CHUNK = 5_000

/**
 * @throws RedressError REFUNDS_NOT_ASSESSED or SNAPSHOT_UNKNOWN where there is nothing to draw the
 * audience from
 */
export async function prepareRound(options: PrepareOptions): Promise<PreparedRound> {
  const { pool, signal, version, campaign } = options
  const query = await audienceQuery(options)
  return await withClient(pool, async (client) => {
    await cancellable(pool, client, signal, () => store.lockPreparing(client))
    const round = await store.openRound(client, {
      programme: version.programme,
      version: version.version,
      campaign: campaign.campaign,
      round: roundNumberOf(options),
      dueAt: dueAtOf(options),
      now: options.now,
    })
    const { roundId, result } = round
    // A reminder that comes days after its round would be worse than none; events go on for ever.
    const closed =
      options.round !== undefined && result !== null && (await store.isBeingSent(client, roundId))
    const added = { lines: 0, messages: 0 }
    let counts = result
    if (!closed) {
      await cancellable(pool, client, signal, () =>
        audience.stageCandidates(client, query, roundId),
      )
      const drawn = await judgeAudience(client, options)
      Object.assign(added, await makeMessages(client, options, roundId, drawn))
      counts = await store.finishRound(client, roundId, drawn.suppressed)
      await audience.dropCandidates(client)
    }
    const messages = await store.countMessages(client, roundId)
    const unassessedImports = await unassessed(client, query)
    await store.unlockPreparing(client)
    const { dueAt } = round
    return { ...counts!, roundId, dueAt, messages, added, closed, unassessedImports }
  })
}

export interface RoundPreview extends RoundResult {
  readonly dueAt: string | null
  /** Of this preparing; lines that have messages already are not among them. */
  readonly newMessages: number
  readonly costKrw: number
  readonly text: NoticeText
  readonly sampleLineIds: readonly string[]
  readonly unassessedImports: number
}

const SAMPLE = 5

/** What `prepareRound` would make, and what it would say. Writes nothing. */
export async function previewRound(options: PrepareOptions): Promise<RoundPreview> {
  const { pool, signal, version, campaign, terms } = options
  const query = await audienceQuery(options)
  return await withClient(pool, async (client) => {
    const number = roundNumberOf(options)
    const known = await store.findRound(client, version.programme, campaign.campaign, number)
    const roundId = known?.roundId ?? null
    await cancellable(pool, client, signal, () => audience.stageCandidates(client, query, roundId))
    const drawn = await judgeAudience(client, options)
    const newMessages = await audience.countRecipients(client, drawn.masks)
    const sample = await audience.nextCandidates(client, drawn.masks, FIRST, SAMPLE)
    await audience.dropCandidates(client)
    const refused = Object.values(drawn.suppressed).reduce((sum, it) => sum + it, 0)
    const queued = drawn.due + drawn.told
    const text = textOf(options)
    return {
      dueAt: dueAtOf(options),
      audience: queued + refused,
      suppressed: drawn.suppressed,
      queued,
      newMessages,
      costKrw: newMessages * terms.costKrw.value[text.kind],
      text,
      sampleLineIds: sample.map((it) => it.lineId),
      unassessedImports: await unassessed(client, query),
    }
  })
}

/** Applications that nobody assessed are no matter where nobody is asked to apply. */
async function unassessed(client: Client, { audience: of }: AudienceQuery): Promise<number> {
  return of === 'refundable_not_applied' ? await store.countUnassessed(client) : 0
}

function dueAtOf({ round, terms }: NoticeScope): string | null {
  return round === undefined ? null : instantOf(round.dueAt, terms.zoneOffset.value)
}

function dayOf({ now, terms }: Pick<PrepareOptions, 'now' | 'terms'>): string {
  return localTimeAt(now, terms.zoneOffset.value).slice(0, 10)
}

function textOf(options: PrepareOptions): NoticeText {
  return noticeText(options.terms, options.campaign, dayOf(options))
}

async function audienceQuery(options: PrepareOptions): Promise<AudienceQuery> {
  const { pool, version, terms, campaign, round, now } = options
  const snapshotId = isOfSnapshot(campaign.audience)
    ? await snapshotIdOf(pool, version.baseDate)
    : null
  if (snapshotId === null) await refuseUnassessed(pool)
  return {
    audience: campaign.audience,
    programme: version.programme,
    now,
    // A campaign without rounds asks nobody to apply, so nothing hangs on its cut.
    cut: round === undefined ? now : cutOf(round, terms.zoneOffset.value),
    snapshotId,
    baseDate: version.baseDate,
    zone: version.zone,
    passKinds: campaign.audience === 'pass_choosers_open' ? passKinds(version, dayOf(options)) : [],
  }
}

async function snapshotIdOf(pool: Pool, baseDate: string): Promise<number> {
  const snapshot = await newestSnapshotOf(pool, baseDate)
  if (snapshot !== undefined) return snapshot.snapshotId
  const expected = `a snapshot as of ${baseDate} to be imported first`
  throw new RedressError('SNAPSHOT_UNKNOWN', { snapshot: `as of ${baseDate}`, expected })
}

async function refuseUnassessed(pool: Pool): Promise<void> {
  if (!(await store.isAssessed(pool))) throw new RedressError('REFUNDS_NOT_ASSESSED')
}

interface DrawnAudience {
  /** Lines that the rules suppress. */
  readonly suppressed: Readonly<Partial<Record<SuppressionReason, number>>>
  /** Combinations of facts with which a line is told. */
  readonly masks: readonly number[]
  /** Lines that are to be told and have no message yet. */
  readonly due: number
  /** Those of the audience that have one. */
  readonly told: number
}

/** Lines that have messages count as queued, whatever became of them: they are judged later. */
async function judgeAudience(client: Client, options: PrepareOptions): Promise<DrawnAudience> {
  const suppressed: Partial<Record<SuppressionReason, number>> = {}
  const masks: number[] = []
  let [due, told] = [0, 0]
  for (const { mask, isTold, lines } of await audience.countFacts(client)) {
    const reason = suppressionOf(options.campaign, factsOf(mask))
    if (isTold) told += lines
    else if (reason !== null) suppressed[reason] = (suppressed[reason] ?? 0) + lines
    else {
      due += lines
      masks.push(mask)
    }
  }
  return { suppressed, masks, due, told }
}

const FIRST = { lineId: '0', event: '' }

async function makeMessages(
  client: Client,
  options: PrepareOptions,
  roundId: string,
  { masks, due }: DrawnAudience,
): Promise<{ lines: number; messages: number }> {
  const { pool, signal, onProgress } = options
  const text = textOf(options)
  const added = { lines: 0, messages: 0 }
  let after: Pick<audience.Candidate, 'lineId' | 'event'> = FIRST
  let done = 0
  for (;;) {
    signal?.throwIfAborted()
    const chunk = await audience.nextCandidates(client, masks, after, CHUNK)
    const last = chunk.at(-1)
    if (last === undefined) return added
    const rows = rowsOf(options, roundId, text, chunk)
    const made = await withTransaction(pool, (tx) => store.insertMessages(tx, rows))
    added.lines += made.lines
    added.messages += made.messages
    after = last
    done += chunk.length
    onProgress?.(done, due)
  }
}

function rowsOf(
  options: PrepareOptions,
  roundId: string,
  text: NoticeText,
  chunk: readonly audience.Candidate[],
): store.MessageRows {
  const { cipher, version, campaign } = options
  const [programme, round] = [version.programme, roundNumberOf(options)]
  const recipients = chunk.map((it) => recipientOf(cipher, it.customerId, it.number))
  return {
    roundId,
    templateVersion: text.version,
    preparedOn: dayOf(options),
    kind: text.kind,
    lineIds: chunk.map((it) => it.lineId),
    customerIds: chunk.map((it) => it.customerId),
    events: chunk.map((it) => it.event),
    recipients,
    keys: chunk.map(({ event }, index) => {
      const recipient = recipients[index]!
      const name = { programme, campaign: campaign.campaign, round, channel: 'text' as const }
      return messageKey({ ...name, event, recipient })
    }),
  }
}
