/**
 * Messages that a killed sender had in hand: the gateway is asked by their keys whether it took
 * them. What it took is sent; what it did not take goes again; what it cannot tell is for a person.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { foundOutcome } from './notice-sender.js'
import type { SendingParts } from './notice-sender.js'
import { inPlaceOf, sendersWithMessages } from './sender-store.js'
import * as store from './sending-store.js'
import type { LeftMessage, Outcome } from './sending-store.js'

export interface Settled {
  readonly taken: number
  readonly again: number
  readonly unknown: number
  /** The gateway could not be asked: they stay in hand. */
  readonly left: number
}

/** Asked of the gateway at the same time. */
const TOGETHER = 16

/** Of senders that are gone. What they wrote may still be on its way, so it is waited for first. */
export async function settleLeftMessages(
  parts: SendingParts,
  signal: AbortSignal,
): Promise<Settled> {
  const { pool, gateway, sender, sending } = parts
  const counts = { taken: 0, again: 0, unknown: 0, left: 0 }
  for (const senderId of await sendersWithMessages(pool, gateway.name)) {
    if (signal.aborted) break
    if (senderId === sender.senderId) continue
    await inPlaceOf(pool, senderId, async () => {
      await sleep(sending.settleMs.value, undefined, { signal }).catch(() => undefined)
      if (!signal.aborted) await settleThoseOf(parts, senderId, counts)
    })
  }
  return counts
}

/** Those of this sender that could not be asked about before; while it hands nothing over. */
export async function settleOwnMessages(parts: SendingParts): Promise<Settled> {
  const counts = { taken: 0, again: 0, unknown: 0, left: 0 }
  await settleThoseOf(parts, parts.sender.senderId, counts)
  return counts
}

type Counts = { -readonly [Name in keyof Settled]: number }

async function settleThoseOf(parts: SendingParts, senderId: string, counts: Counts): Promise<void> {
  const { pool, gateway, now } = parts
  const left = await store.leftInHand(pool, senderId, gateway.name)
  for (let start = 0; start < left.length; start += TOGETHER) {
    const some = left.slice(start, start + TOGETHER)
    const outcomes = await Promise.all(some.map((it) => outcomeOf(parts, it)))
    const known = outcomes.filter((it) => it !== undefined)
    counts.left += some.length - known.length
    counts.taken += known.filter((it) => it.state === 'sent').length
    counts.unknown += known.filter((it) => it.state === 'unknown').length
    counts.again += known.filter((it) => it.state === 'queued').length
    if (known.length > 0) await store.markOutcomes(pool, senderId, now(), known)
  }
}

async function outcomeOf(parts: SendingParts, it: LeftMessage): Promise<Outcome | undefined> {
  const reason = 'SENDER_LOST'
  try {
    const found = it.isReported ? 'taken' : await parts.gateway.lookUp(it.key)
    const outcome = foundOutcome(parts, it, found, reason)
    // It was no fault of the message: it goes again at once.
    return outcome.state === 'queued' ? { ...outcome, notBefore: null } : outcome
  } catch {
    return undefined
  }
}
