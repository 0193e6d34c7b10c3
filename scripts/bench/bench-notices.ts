/** Reminders prepared, beside SQL that makes the same rows, and sent at the rate of the gateway. */
import { join } from 'node:path'
import { assert } from '../../src/assert.js'
import { openPool } from '../../src/db/database.js'
import { contest } from './contest.js'
import type { Contestant, Standing } from './contest.js'
import { makeNoticePopulation } from './notice-population.js'
import { roundToMeasure } from './notice-tasks.js'
import type { BenchOptions } from './options.js'
import { workFolder } from './population.js'
import { analyze } from './refund-population.js'
import { SameContent } from './same-content.js'
import { spawnTask } from './spawn-task.js'
import type { Outcome, Task } from './task.js'

export const PREPARE_NOTICES = 'prepare reminders'
export const SEND_NOTICES = 'send reminders'
const SEND_UNLIMITED = 'send without limit'
export const PLAIN_NOTICES = 'insert … select'

export interface NoticeBench {
  /** That were asked for; there are some more, and lines that applied or opted out beside them. */
  readonly audience: number
  readonly lines: number
  readonly messages: number
  /** Repetitions whose outbox was compared with the first one's, and found equal. */
  readonly equalOutboxes: number
  readonly standings: readonly Standing[]
  /** Prepare by the seconds of the SQL beside it. */
  readonly priceOfPreparing: number
  readonly messagesASecond: SendingRates
}

export interface SendingRates {
  readonly configured: number
  readonly measured: number
  readonly withoutLimit: number
}

/** More than any disk takes. */
const WITHOUT_LIMIT = 1_000_000

export async function benchNotices(options: BenchOptions, audience: number): Promise<NoticeBench> {
  const { server, note, repeats } = options
  note(`notices: ${audience} reminders`)
  const { lines, database } = await makeNoticePopulation(options, audience)
  const configured = roundToMeasure().terms.messagesASecond.value.spool
  const spool = join(workFolder(), `spool-${audience}`)
  const same = new SameContent()
  const stage = (name: string, task: Task, check: Check): Contestant => ({
    name,
    run: async () =>
      await server.onClone(database, async (clone) => {
        const outcome = await spawnTask(options, clone, task)
        await check(server.urlOf(clone), outcome)
        return outcome
      }),
  })
  const sameOutbox: Check = async (url) => same.expect('outbox', await outboxOf(url))
  const sameSent: Check = (_, { written }) => Promise.resolve(same.expect('sent', `${written}`))
  const prepare = { kind: 'prepare_notices' } as const
  const standings = [
    ...(await contest(
      [
        stage(PREPARE_NOTICES, prepare, sameOutbox),
        stage(PLAIN_NOTICES, { kind: 'plain_notices' }, sameOutbox),
      ],
      repeats,
      note,
    )),
  ]
  const equalOutboxes = same.found
  await spawnTask(options, database, prepare)
  await analyze(server.urlOf(database))
  const send = (messagesASecond: number): Task => ({
    kind: 'send_notices',
    spool,
    messagesASecond,
  })
  standings.push(
    ...(await contest(
      [
        stage(SEND_NOTICES, send(configured), sameSent),
        stage(SEND_UNLIMITED, send(WITHOUT_LIMIT), sameSent),
      ],
      repeats,
      note,
    )),
  )
  await server.drop(database)
  const standing = (name: string): Standing => {
    const found = standings.find((it) => it.name === name)
    assert(found !== undefined, 'a standing of each contestant')
    return found
  }
  const rateOf = (name: string): number => standing(name).written / standing(name).seconds
  return {
    audience,
    lines,
    messages: standing(PREPARE_NOTICES).written,
    equalOutboxes,
    standings,
    priceOfPreparing: standing(PREPARE_NOTICES).seconds / standing(PLAIN_NOTICES).seconds,
    messagesASecond: {
      configured,
      measured: rateOf(SEND_NOTICES),
      withoutLimit: rateOf(SEND_UNLIMITED),
    },
  }
}

type Check = (url: string, outcome: Outcome) => Promise<void>

/** Number of messages and lines, and a hash over what each says that does not know their order. */
async function outboxOf(url: string): Promise<string> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    const { rows } = await pool.query(
      `select count(*) as lines, count(distinct message_id) as messages,
         sum(hash_record_extended(row(l.line_id, l.event, l.customer_id, m.recipient, m.channel,
           m.idempotency_key, m.template_version, m.prepared_on, m.kind, m.state), 0)::numeric
         ) as hash
       from outbox_line l join outbox_message m using (message_id)`,
    )
    return JSON.stringify(rows)
  } finally {
    await pool.end()
  }
}
