/**
 * Sends what is due: rings for it piece by piece, works on the pieces beside whatever other process
 * does, and goes by PostgreSQL for what is left.
 */
import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from '../db/database.js'
import { sendRange } from '../reminders/notice-sender.js'
import type { SendingParts } from '../reminders/notice-sender.js'
import { openSender } from '../reminders/sender-store.js'
import { paceOf } from '../reminders/sending-terms.js'
import { countAccepted, dueRanges, dueRounds, openRanges } from '../reminders/sending-store.js'
import type { MessageRange, RoundFilter } from '../reminders/sending-store.js'
import { settleLeftMessages, settleOwnMessages } from '../reminders/settle-left-messages.js'
import type { Settled } from '../reminders/settle-left-messages.js'
import { readStop } from '../reminders/stop-store.js'
import type { JobsBackend } from './bullmq-backend.js'
import { openNoticesQueue, openNoticesWorker } from './bullmq-notices.js'
import type { NoticesQueue } from './bullmq-notices.js'

export interface NoticesOptions extends Omit<SendingParts, 'sender'> {
  readonly backend: JobsBackend
  readonly messagesASecond: number
  /** Pieces at the same time. */
  readonly lanes: number
  /** Seen among the queue's workers; no person's name. */
  readonly name: string
  readonly onError: (error: unknown) => void
}

export interface SendOptions extends NoticesOptions {
  readonly filter: RoundFilter
  /** Messages at most; all that are due when absent. */
  readonly limit?: number | undefined
  /** Ends it after the messages in hand. */
  readonly signal: AbortSignal
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

export interface SendReport {
  /** Messages that this process handed over. */
  readonly accepted: number
  readonly seconds: number
  /** What was found of messages that a killed sender had in hand. */
  readonly settled: Settled
  readonly stopped: boolean
}

/** Messages rung for at once: their pieces are a megabyte in the queue. */
const AT_ONCE = 20_000
const LOOK_MS = 100
const RING_AGAIN_MS = 2_000

/** @throws RedressError QUEUE_UNAVAILABLE, DATABASE_UNAVAILABLE */
export async function sendNotices(options: SendOptions): Promise<SendReport> {
  const { pool, gateway, backend, signal } = options
  const sender = await openSender(pool)
  const parts = { ...options, sender }
  const queue = await openNoticesQueue(backend, gateway.name)
  try {
    const settled = await settleLeftMessages(parts, signal)
    const startedAt = performance.now()
    const worker = await openNoticesWorker(backend, {
      ...options,
      gateway: gateway.name,
      concurrency: options.lanes,
      handle: async (range) => void (await sendRange(parts, range, signal)),
    })
    let stopped: boolean
    try {
      stopped = await ringUntilSent(options, queue)
    } finally {
      await worker.close()
      await settleOwnMessages(parts)
    }
    const seconds = (performance.now() - startedAt) / 1_000
    const accepted = await countAccepted(pool, sender.senderId)
    return { accepted, seconds, settled, stopped }
  } finally {
    await queue.close()
    await sender.close()
  }
}

/** @returns whether it ended because notices are stopped */
async function ringUntilSent(options: SendOptions, queue: NoticesQueue): Promise<boolean> {
  const { pool, now, filter, signal, onProgress, messagesASecond } = options
  const { size } = paceOf(messagesASecond)
  let left = options.limit ?? Infinity
  let done = 0
  while (left > 0 && !signal.aborted) {
    const rounds = await dueRounds(pool, filter, now())
    const roundIds = rounds.map((it) => it.roundId)
    const limit = Math.min(left, AT_ONCE)
    const ranges = await dueRanges(pool, roundIds, now(), { size, limit })
    if (ranges.length === 0) return false
    const total = ranges.reduce((sum, it) => sum + it.messages, 0)
    const told = (open: number): void => onProgress?.(done + total - open, done + total)
    if (await ringUntilEmpty(options, queue, ranges, told)) return true
    done += total
    left -= total
  }
  return false
}

async function ringUntilEmpty(
  { pool, now, signal }: SendOptions,
  queue: NoticesQueue,
  ranges: readonly MessageRange[],
  told: (open: number) => void,
): Promise<boolean> {
  let rungAt = -Infinity
  let lastOpen = -1
  while (!signal.aborted) {
    if ((await readStop(pool))?.stopped === true) return true
    const { pieces, messages } = await openRanges(pool, ranges, now())
    told(messages)
    if (messages === 0) return false
    if (messages !== lastOpen && lastOpen !== -1) rungAt = performance.now()
    lastOpen = messages
    if (performance.now() - rungAt > RING_AGAIN_MS && (await isQuiet(queue))) {
      await queue.ring(pieces, randomInt(1, 2 ** 31))
      rungAt = performance.now()
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}

/** A piece under way may be that of a killed worker, so those are not waited for. */
async function isQuiet(queue: NoticesQueue): Promise<boolean> {
  const { waiting, delayed } = await queue.depth()
  return waiting + delayed === 0
}

const LOOK_AROUND_MS = 2_000

export interface NoticesService {
  /** After the messages in hand. */
  close(): Promise<void>
}

/** Sends whatever is due, whoever prepared it, until it is closed: the part of a worker. */
export async function workNotices(options: NoticesOptions): Promise<NoticesService> {
  const { pool, gateway, backend } = options
  const stop = new AbortController()
  const sender = await openSender(pool)
  const parts = { ...options, sender }
  const queue = await openNoticesQueue(backend, gateway.name)
  let underWay = 0
  const worker = await openNoticesWorker(backend, {
    ...options,
    gateway: gateway.name,
    concurrency: options.lanes,
    handle: async (range) => {
      underWay += 1
      try {
        await sendRange(parts, range, stop.signal)
      } finally {
        underWay -= 1
      }
    },
  })
  const looking = lookAround(async () => {
    await settleLeftMessages(parts, stop.signal)
    if (underWay === 0) await settleOwnMessages(parts)
    await ringForDue(pool, options, queue)
  }, options)
  return {
    close: async () => {
      stop.abort()
      await looking.close()
      await worker.close()
      await settleOwnMessages(parts).catch(options.onError)
      await queue.close()
      await sender.close()
    },
  }
}

async function ringForDue(
  pool: Pool,
  { now, messagesASecond }: NoticesOptions,
  queue: NoticesQueue,
): Promise<void> {
  if ((await readStop(pool))?.stopped === true || !(await isQuiet(queue))) return
  const rounds = await dueRounds(pool, {}, now())
  const roundIds = rounds.map((it) => it.roundId)
  const { size } = paceOf(messagesASecond)
  const ranges = await dueRanges(pool, roundIds, now(), { size, limit: AT_ONCE })
  if (ranges.length > 0) await queue.ring(ranges, randomInt(1, 2 ** 31))
}

/** One look at a time; an error is told and the next look comes all the same. */
function lookAround(
  look: () => Promise<void>,
  { onError }: Pick<NoticesOptions, 'onError'>,
): { close(): Promise<void> } {
  let looking: Promise<void> | undefined
  const timer = setInterval(() => {
    looking ??= look()
      .catch(onError)
      .finally(() => {
        looking = undefined
      })
  }, LOOK_AROUND_MS)
  return {
    close: async () => {
      clearInterval(timer)
      await looking
    },
  }
}
