/**
 * Sends what is due of a range of messages, some at a time: asks again whether they are still due,
 * marks them as in hand, hands them over, and marks what came of it. A kill between any two of
 * these leaves a mark from which a later sender goes on (settle-left-messages.ts).
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { assert } from '../assert.js'
import type { Pool } from '../db/database.js'
import type { Gateway, HandOver } from '../gateways/gateway.js'
import type { Cipher } from '../privacy/cipher.js'
import { noticeText } from '../rules/notices/notice-terms.js'
import type { NoticeText } from '../rules/notices/notice-terms.js'
import { heldUntil } from '../rules/notices/quiet-hours.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { newestSnapshotOf } from '../snapshot/snapshot-store.js'
import { isOfSnapshot, passKinds } from './audience-query.js'
import type { AudienceQuery } from './audience-query.js'
import { factsNow } from './audience-store.js'
import { judgeMessages } from './judge-messages.js'
import type { Addressed } from './judge-messages.js'
import { instantAfter, instantOf, localTimeAt } from './local-time.js'
import { noticeScope } from './notice-round.js'
import type { NoticeScope } from './notice-round.js'
import type { StoredRound } from './prepare-store.js'
import type { Sender } from './sender-store.js'
import { pauseAfter } from './sending-terms.js'
import type { SendingTerms } from './sending-terms.js'
import * as store from './sending-store.js'
import type { DueMessage, InHand, MessageRange, Outcome } from './sending-store.js'

export interface SendingParts {
  readonly pool: Pool
  readonly cipher: Cipher
  readonly gateway: Gateway
  readonly sending: SendingTerms
  readonly sender: Sender
  /** @throws RedressError PROGRAMME_UNKNOWN */
  readonly versionOf: (programme: string, version: number) => ProgrammeVersion
  /** The time as ISO 8601, asked before each hand-over. */
  readonly now: () => string
}

/** Why a range was left; what is due of it may be rung for again. */
export type RangeOutcome = 'done' | 'stopped' | 'held' | 'interrupted'

/** A gateway's wish is kept to some extent: longer pauses are for another try. */
const LONGEST_PAUSE_MS = 30_000

/** What a range needs to know of its round. */
interface RoundInHand extends NoticeScope {
  readonly stored: StoredRound
  readonly snapshotId: number | null
  /** By the day on which a message was prepared: most rounds have one. */
  readonly texts: Map<string, NoticeText>
}

/** @param signal ends it after the messages in hand */
export async function sendRange(
  parts: SendingParts,
  range: MessageRange,
  signal: AbortSignal,
): Promise<RangeOutcome> {
  const round = await roundInHand(parts, range.roundId)
  if (round === undefined) return 'done'
  const window = parts.sending.window.value[parts.gateway.name]
  let throttles = 0
  for (;;) {
    if (signal.aborted || parts.sender.lost.aborted) return 'interrupted'
    const now = parts.now()
    const until = quietUntil(round, now)
    if (until !== null) {
      await store.holdRange(parts.pool, range, now, until)
      return 'held'
    }
    const due = await store.nextDue(parts.pool, range, now, window)
    if (due.length === 0) return 'done'
    const deliver = await judgeAgain(parts, round, due, now)
    if (deliver.length === 0) continue
    const inHand = await take(parts, deliver)
    // Somebody else took them, or notices were stopped meanwhile.
    if (inHand.length === 0) return 'stopped'
    const canWait = throttles < parts.sending.throttles.value
    const pauseMs = await handOver(parts, round, deliver, inHand, canWait)
    throttles = pauseMs === 0 ? 0 : throttles + 1
    if (pauseMs > 0 && canWait) await pause(pauseMs, AbortSignal.any([signal, parts.sender.lost]))
  }
}

/** The instant until which nothing of the round leaves, or null. */
function quietUntil({ terms }: RoundInHand, now: string): string | null {
  const offset = terms.zoneOffset.value
  const until = heldUntil(terms.quietHours.value, localTimeAt(now, offset))
  return until === null ? null : instantOf(until, offset)
}

async function roundInHand(
  { pool, versionOf }: SendingParts,
  roundId: string,
): Promise<RoundInHand | undefined> {
  const stored = await store.readRound(pool, roundId)
  if (stored === undefined) return undefined
  const version = versionOf(stored.programme, stored.version)
  const scope = noticeScope(version, stored.campaign, stored.round === 0 ? undefined : stored.round)
  const isFromSnapshot = isOfSnapshot(scope.campaign.audience)
  const snapshot = isFromSnapshot ? await newestSnapshotOf(pool, version.baseDate) : undefined
  const snapshotId = snapshot?.snapshotId ?? null
  return { ...scope, stored, snapshotId, texts: new Map() }
}

/** Whoever applied, opted out or was paid meanwhile is not sent to. */
async function judgeAgain(
  parts: SendingParts,
  round: RoundInHand,
  due: readonly DueMessage[],
  now: string,
): Promise<readonly Addressed[]> {
  const { pool, cipher } = parts
  const lines = await store.linesOf(
    pool,
    due.map((it) => it.messageId),
  )
  const facts = await factsNow(pool, audienceQuery(round, now), {
    lineIds: lines.map((it) => it.lineId),
    events: lines.map((it) => it.event),
  })
  const named = { ...round.stored, campaign: round.campaign }
  const judged = judgeMessages(cipher, named, due, lines, facts)
  if (judged.moved.length > 0) await store.readdress(pool, round.stored.roundId, judged.moved)
  if (judged.suppress.length > 0) await store.suppress(pool, judged.suppress)
  return judged.deliver
}

function audienceQuery(round: RoundInHand, now: string): AudienceQuery {
  const { version, campaign, terms, snapshotId } = round
  const { audience } = campaign
  const today = localTimeAt(now, terms.zoneOffset.value).slice(0, 10)
  return {
    audience,
    programme: version.programme,
    now,
    cut: null,
    snapshotId,
    baseDate: version.baseDate,
    zone: version.zone,
    passKinds: audience === 'pass_choosers_open' ? passKinds(version, today) : [],
  }
}

async function take(
  { pool, gateway, sender, now }: SendingParts,
  deliver: readonly Addressed[],
): Promise<readonly InHand[]> {
  return await store.takeInHand(
    pool,
    deliver.map((it) => it.message.messageId),
    { senderId: sender.senderId, gateway: gateway.name, now: now() },
  )
}

/** @returns for how long the gateway wants a pause, in milliseconds; 0 where it does not */
async function handOver(
  parts: SendingParts,
  round: RoundInHand,
  deliver: readonly Addressed[],
  inHand: readonly InHand[],
  canWait: boolean,
): Promise<number> {
  const { pool, gateway, sending, sender, now } = parts
  const numbers = new Map(deliver.map((it) => [it.message.messageId, it]))
  const signal = AbortSignal.any([AbortSignal.timeout(sending.handOverMs.value), sender.lost])
  let pauseMs = 0
  const outcomes = await Promise.all(
    inHand.map(async (taken) => {
      const { message, number } = numbers.get(taken.messageId)!
      const { kind, subject, text } = textOf(round, message)
      const outbound = { key: message.key, to: number, kind, subject, text }
      const told = await gateway.send(outbound, signal)
      if (told.outcome === 'throttled') pauseMs = Math.max(pauseMs, told.retryAfterMs, 1)
      if (told.outcome === 'unknown') return await asked(parts, message.key, taken, told.reason)
      return outcomeOf(parts, taken, told, canWait)
    }),
  )
  // Those that cannot be asked about now stay in hand, to be asked about later.
  const known = outcomes.filter((it) => it !== undefined)
  if (known.length > 0) await store.markOutcomes(pool, sender.senderId, now(), known)
  return Math.min(pauseMs, LONGEST_PAUSE_MS)
}

function textOf({ terms, campaign, texts }: RoundInHand, message: DueMessage): NoticeText {
  const known = texts.get(message.preparedOn)
  const text = known ?? noticeText(terms, campaign, message.preparedOn)
  texts.set(message.preparedOn, text)
  assert(text.version === message.templateVersion, 'the text that the message was prepared with')
  return text
}

type Answer = Exclude<HandOver, { readonly outcome: 'unknown' }>

function outcomeOf(
  { sending, now }: Pick<SendingParts, 'sending' | 'now'>,
  { messageId, attempts }: InHand,
  told: Answer,
  canWait: boolean,
): Outcome {
  const plain = { messageId, reason: null, reference: null, notBefore: null }
  switch (told.outcome) {
    case 'accepted':
      return { ...plain, state: 'sent', outcome: 'accepted', reference: told.reference }
    case 'throttled': {
      // Not by the clock, which may stand still, as long as this sender waits itself.
      const notBefore = canWait ? null : instantAfter(now(), sending.pauseMs.value)
      return { ...plain, state: 'queued', outcome: 'throttled', reason: 'THROTTLED', notBefore }
    }
    case 'refused': {
      const isLast = told.permanent || attempts >= sending.tries.value
      const notBefore = isLast ? null : instantAfter(now(), pauseAfter(sending, attempts))
      const { reason } = told
      return { ...plain, state: isLast ? 'dead' : 'queued', outcome: 'refused', reason, notBefore }
    }
  }
}

/** Undefined where the gateway cannot be asked now. */
async function asked(
  parts: SendingParts,
  key: string,
  taken: InHand,
  reason: string,
): Promise<Outcome | undefined> {
  try {
    return foundOutcome(parts, taken, await parts.gateway.lookUp(key), reason)
  } catch {
    return undefined
  }
}

/** What becomes of a message of which only the gateway can say whether it was taken. */
export function foundOutcome(
  { sending, now }: Pick<SendingParts, 'sending' | 'now'>,
  { messageId, attempts }: InHand,
  found: 'taken' | 'not_taken' | 'cannot_tell',
  reason: string,
): Outcome {
  const plain = { messageId, reason, reference: null, notBefore: null }
  switch (found) {
    case 'taken':
      return { ...plain, state: 'sent', outcome: 'found_taken', reason: null }
    case 'cannot_tell':
      return { ...plain, state: 'unknown', outcome: 'found_unclear' }
    case 'not_taken': {
      const isLast = attempts >= sending.tries.value
      const notBefore = isLast ? null : instantAfter(now(), pauseAfter(sending, attempts))
      return { ...plain, state: isLast ? 'dead' : 'queued', outcome: 'found_not_taken', notBefore }
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined)
}
