/** Preparing: who is counted, who is told, and that nothing is made twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { previewRound } from '../../src/reminders/prepare-round.js'
import { withTransaction } from '../../src/db/database.js'
import { noticeSetting, prepareOptions } from './notice-setting.js'
import type { NoticeSetting } from './notice-setting.js'

let setting: NoticeSetting
beforeAll(async () => {
  setting = await noticeSetting()
  const lines = Array.from({ length: 12 }, (_, at) => ({ line: `${101 + at}` }))
  await setting.terminations(
    '2026-01-19T20:00:00+09:00',
    // Three lines of one person with one number, and one of another with the same number.
    { line_id: '201', customer_id: '77', notice_number: '01077777777' },
    { line_id: '202', customer_id: '77', notice_number: '01077777777' },
    { line_id: '203', customer_id: '77', notice_number: '01077777777' },
    { line_id: '204', customer_id: '78', notice_number: '01077777777' },
    { line_id: '205', customer_id: '79', notice_number: '' },
    { line_id: '206', customer_id: '80', network: 'mvno', notice_number: '01088888888' },
  )
  await setting.applications(
    '2026-01-19T21:00:00+09:00',
    // The last moment that counts for round 1, the first that does not, held, and of another bank.
    { application_id: 'a', line_id: '101', applied_at: '2026-01-19T23:59:59+09:00' },
    { application_id: 'b', line_id: '102', applied_at: '2026-01-20T00:00:00+09:00' },
    { application_id: 'c', line_id: '103', holder_check: 'mismatch' },
    {
      application_id: 'd',
      line_id: '104',
      withdrawn_at: '2026-01-16T10:00:00+09:00',
    },
  )
  await setting.restrict(
    { line: '105', kind: 'opted_out' },
    { customer: '5106', kind: 'number_reassigned' },
    { line: '107', kind: 'deceased' },
    { line: '108', kind: 'seized' },
    // Over by then, and not begun yet.
    { line: '109', kind: 'opted_out', until: '2026-01-10T00:00:00+09:00' },
    { line: '110', kind: 'opted_out', since: '2026-03-01T00:00:00+09:00' },
    { line: '101', kind: 'opted_out' },
  )
  await setting.refundable(lines)
})
afterAll(() => setting.close())

const COUNTS = {
  audience: 17,
  suppressed: {
    APPLIED: 2,
    NO_NUMBER: 1,
    OPTED_OUT: 1,
    NUMBER_REASSIGNED: 1,
    DECEASED_OR_SEIZED: 2,
  },
  queued: 10,
}

describe('a round', () => {
  test('is shown beforehand and writes nothing', async () => {
    const preview = await previewRound(prepareOptions(setting, 1))
    expect(preview).toMatchObject({ ...COUNTS, newMessages: 8, costKrw: 8 * 27 })
    expect(preview.text.text).toContain('1월 31일')
    expect(preview.sampleLineIds).toEqual(['102', '104', '109', '110', '111'])
    const rows = await setting.query(`select count(*)::integer as n from notice_round`)
    expect(rows).toEqual([{ n: 0 }])
  })

  test('counts lines, and has one message for three lines of one person', async () => {
    const prepared = await setting.prepare()
    expect(prepared).toMatchObject({ ...COUNTS, messages: 8, added: { lines: 10, messages: 8 } })
    expect(prepared.dueAt).toBe('2026-01-20T01:00:00.000Z')
    const rows = await setting.query(
      `select array_agg(line_id order by line_id)::text[] as lines from outbox_line
       group by message_id having count(*) > 1`,
    )
    expect(rows).toEqual([{ lines: ['201', '202', '203'] }])
  })

  test('holds no number and no text', async () => {
    const tables = ['notice_round', 'outbox_message', 'outbox_line']
    for (const table of tables) {
      const rows = await setting.query(`select to_jsonb(it)::text as row from ${table} it`)
      const text = rows.map((it) => String(it['row'])).join('\n')
      expect(text).not.toMatch(/010\d{8}|KT/)
    }
  })

  test('prepared again adds nothing', async () => {
    const again = await setting.prepare()
    expect(again).toMatchObject({ ...COUNTS, messages: 8, added: { lines: 0, messages: 0 } })
  })

  test('takes new lines until it is sent, each once', async () => {
    await setting.refundable([
      { line: '120' },
      { line: '121', customer: '77', number: '01077777777' },
    ])
    const prepared = await setting.prepare()
    // The second line joins the message that its holder has.
    expect(prepared).toMatchObject({ queued: 12, messages: 9, added: { lines: 2, messages: 1 } })
  })

  test('that is cut off in the midst is finished by the same command, once', async () => {
    const stop = new AbortController()
    const options = { ...prepareOptions(setting, 2), signal: stop.signal }
    const cut = setting.prepare(2, { ...options, onProgress: () => stop.abort() })
    await expect(cut).rejects.toThrow()
    const [half] = await setting.query(
      `select result, (select count(*)::integer from outbox_message m
         where m.notice_round_id = r.notice_round_id) as n
       from notice_round r where round = 2`,
    )
    expect(half).toMatchObject({ result: null, n: expect.any(Number) })
    const prepared = await setting.prepare(2)
    // Of round 2 the application of the 20th counts.
    expect(prepared).toMatchObject({ suppressed: { APPLIED: 3 } })
    const again = await setting.prepare(2)
    expect(again).toMatchObject({ added: { lines: 0, messages: 0 }, messages: prepared.messages })
  })

  test('prepared by two at once is prepared once', async () => {
    const both = await Promise.all([setting.prepare(3), setting.prepare(3)])
    const made = both.map((it) => it.added.messages).toSorted((one, other) => one - other)
    expect(made).toEqual([0, both[0]!.messages])
  })
})

describe('the database itself', () => {
  test('takes no second message for a recipient, and lets none change what it is', async () => {
    const second = setting.query(
      `insert into outbox_message (notice_round_id, recipient, channel, idempotency_key,
         template_version, prepared_on, kind)
       select notice_round_id, recipient, channel, 'another', template_version, prepared_on, kind
       from outbox_message limit 1`,
    )
    await expect(second).rejects.toMatchObject({ constraint: 'one_message_a_recipient' })
    const refused = [
      `update outbox_message set recipient = sha256('x')`,
      `update outbox_message set state = 'sent', sent_at = now()`,
      `delete from outbox_message`,
      `delete from outbox_line`,
      `update notice_round set round = 7`,
      `truncate outbox_message`,
    ]
    for (const statement of refused) {
      const cut = withTransaction(setting.pool, ({ client }) => client.query(statement))
      await expect(cut, statement).rejects.toMatchObject({ code: 'RD001' })
    }
  })

  test('has keys that are the same for the same message', async () => {
    const rows = await setting.query(
      `select idempotency_key as key, round from outbox_message join notice_round
       using (notice_round_id) order by message_id`,
    )
    expect(new Set(rows.map((it) => it['key'])).size).toBe(rows.length)
    for (const { key, round } of rows) {
      expect(key).toMatch(new RegExp(`^refund_reminder\\.${String(round)}\\.[0-9a-f]{32}$`))
    }
  })
})
