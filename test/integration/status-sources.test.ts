/** The sources of /metrics against real tables, and what a login without rights gets. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../src/db/database.js'
import { importsMetrics } from '../../src/service/imports-metrics-store.js'
import { Metrics } from '../../src/service/metrics.js'
import type { FigureFamily, MetricsSource } from '../../src/service/metrics-source.js'
import { outboxMetrics } from '../../src/service/outbox-metrics-store.js'
import { payoutsMetrics } from '../../src/service/payouts-metrics-store.js'
import { openExposition } from '../../src/service/prometheus.js'
import { runsMetrics } from '../../src/service/runs-metrics-store.js'
import { scheduleMetrics } from '../../src/service/schedule-metrics-store.js'
import { parseExposition, valueIn } from '../support/exposition.js'
import { loginsOf } from '../support/logins.js'
import { payoutSetting } from './payout-setting.js'
import type { PayoutSetting } from './payout-setting.js'

const NOW = '2026-01-20T02:00:00.000Z'

let at: PayoutSetting

beforeAll(async () => {
  at = await payoutSetting()
})
afterAll(() => at.close())

async function told(source: MetricsSource): Promise<ReadonlyMap<string, object>> {
  const families = await source.read(NOW)
  return new Map(families.map((it) => [it.name, figuresOf(it)]))
}

function figuresOf({ figures }: FigureFamily): object {
  return Object.fromEntries(
    figures.map(({ labels, value }) => [Object.values(labels).join(' '), value]),
  )
}

describe('payouts', () => {
  it('are counted, and their won added up, by what became of each transfer', async () => {
    for (const line of [1, 2, 3, 4]) await at.apply(line)
    await at.assess([1, 2, 3, 4].map((line) => ({ line, krw: line * 1_000 })))
    const { batch } = await at.prepare()
    expect((await told(payoutsMetrics(at.pool))).get('redress_payout_transfers')).toMatchObject({
      prepared: 4,
      in_transit: 0,
    })
    await at.approve(batch.batchId)
    const { messageId } = await namesOf(batch.batchId)
    const names = await at.query(
      'select line_id, end_to_end_id from payout_transfer order by line_id',
    )
    const idOf = (line: number): string => String(names[line - 1]?.['end_to_end_id'])
    await at.answered(
      [
        { id: idOf(1), status: 'ACSC' },
        { id: idOf(2), status: 'RJCT', reason: 'AC04' },
      ],
      { messageId },
    )
    const found = await told(payoutsMetrics(at.pool))
    const none = { prepared: 0, returned: 0, contradicted: 0, cancelled: 0 }
    expect(found.get('redress_payout_transfers')).toEqual({
      ...none,
      in_transit: 2,
      settled: 1,
      rejected: 1,
    })
    expect(found.get('redress_payout_won')).toEqual({
      ...none,
      in_transit: 7_000,
      settled: 1_000,
      rejected: 2_000,
    })
  })

  async function namesOf(batchId: string): Promise<{ messageId: string }> {
    await at.exported(batchId)
    const [part] = await at.query('select message_id from payout_export_part')
    return { messageId: String(part?.['message_id']) }
  }
})

describe('imports', () => {
  it('tell rows in quarantine by kind, held imports included', async () => {
    const insert = (kind: string, state: string, quarantined: number): Promise<unknown> =>
      at.query(
        `insert into import (kind, file_name, state, rows_read, rows_quarantined, started_at)
         values ($1, 'file', $2, $3, $3, $4)`,
        [kind, state, quarantined, NOW],
      )
    const before = (await told(importsMetrics(at.pool))).get('redress_imports')
    await insert('choices', 'accepted', 3)
    await insert('choices', 'held', 400)
    await insert('status', 'accepted', 0)
    const found = await told(importsMetrics(at.pool))
    expect(found.get('redress_imports')).toEqual({
      ...before,
      'choices accepted': 1,
      'choices held': 1,
      'status accepted': 1,
    })
    expect(found.get('redress_quarantined_rows')).toMatchObject({ choices: 403, status: 0 })
  })
})

describe('the outbox', () => {
  beforeAll(async () => {
    await at.query(
      `insert into notice_round
         (programme, version, campaign, round, due_at, prepared_by, prepared_at)
       values ('kt-2026', 1, 'refund_reminder', 1, '2026-01-20T01:00:00Z', 'kim', $1),
         ('kt-2026', 1, 'refund_reminder', 2, '2026-01-26T01:00:00Z', 'kim', $1)`,
      ['2026-01-19T00:00:00Z'],
    )
    await at.query(
      `insert into outbox_message (notice_round_id, recipient, channel, idempotency_key,
         template_version, prepared_on, kind, state, sent_at)
       select r.notice_round_id, sha256(key::bytea), 'text', key, 1, '2026-01-19', 'SMS', state,
         case state when 'sent' then $1::timestamptz end
       from notice_round r
       cross join lateral (
         select concat_ws('-', r.round, state, n) as key, state
         from (values ('queued', 5), ('sent', 3), ('dead', 2), ('unknown', 1)) it(state, times)
         cross join lateral generate_series(1, times) n
         where r.round = 1 or state = 'queued'
       ) message`,
      [NOW],
    )
  })

  it('tells what waits or needs a person, and for how long the oldest has been due', async () => {
    const found = await told(outboxMetrics(at.pool))
    expect(found.get('redress_outbox_messages')).toEqual({
      queued: 10,
      handing_over: 0,
      dead: 2,
      unknown: 1,
    })
    expect(found.get('redress_outbox_oldest_age_seconds')).toEqual({ '': 3_600 })
  })
})

describe('the schedule', () => {
  it('tells tasks by state, and the age of those that are not settled', async () => {
    await at.query(
      `insert into scheduled_task (key, programme, task, due_at, state, changed_at)
       select concat_ws('/', 'kt-2026', state, due_at::date), 'kt-2026', 'daily', due_at, state, $1
       from (values ('done', timestamptz '2026-01-01T00:00Z'),
         ('missed', '2026-01-19T02:00Z'), ('missed', '2026-01-18T02:00Z'),
         ('due', '2026-01-21T00:00Z')) task(state, due_at)`,
      [NOW],
    )
    const found = await told(scheduleMetrics(at.pool))
    expect(found.get('redress_schedule_tasks')).toEqual({ done: 1, due: 1, missed: 2 })
    expect(found.get('redress_schedule_oldest_age_seconds')).toEqual({ due: 0, missed: 172_800 })
  })
})

describe('a login without a right to some tables', () => {
  it('gets the figures of the others', async () => {
    const logins = await loginsOf(at.database)
    const pool = openPool({ url: logins.urlOf('worker'), max: 2, name: 'status tests' })
    await at.query('revoke select on transfer_state from redress_worker')
    const failures: string[] = []
    const metrics = new Metrics({
      sources: [runsMetrics(pool), payoutsMetrics(pool)],
      exposition: openExposition(),
      isUp: () => Promise.resolve(true),
      now: () => NOW,
      onFailure: (source) => failures.push(source),
    })
    const families = parseExposition(await metrics.text())
    expect(valueIn(families, 'redress_metrics_source_up', { source: 'runs' })).toBe(1)
    expect(valueIn(families, 'redress_runs', { state: 'open' })).toBe(0)
    expect(valueIn(families, 'redress_metrics_source_up', { source: 'payouts' })).toBe(0)
    expect(families.has('redress_payout_won')).toBe(false)
    expect(failures).toEqual(['payouts'])
    await pool.end()
    await logins.drop()
  })
})
