/** A preparing that is really killed, in mid-chunk and between chunks, leaves the same outbox. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { noticeSetting } from '../integration/notice-setting.js'
import type { NoticeSetting, RefundableLine } from '../integration/notice-setting.js'
import { buildForProcesses } from '../jobs/build-for-processes.js'
import { chanceOf, simulationSeed } from '../support/processes.js'

/** Two whole chunks and one that is not. */
const CHUNK = 5_000
const LINES = 12_000

let killed: NoticeSetting
let undisturbed: NoticeSetting
beforeAll(async () => {
  buildForProcesses()
  ;[killed, undisturbed] = await Promise.all([noticeSetting(), noticeSetting()])
  await Promise.all([killed, undisturbed].map((it) => it.refundable(lines())))
}, 60_000)
afterAll(async () => {
  await killed?.close()
  await undisturbed?.close()
})

/** Of every tenth person there are two lines with one number, thousands of lines apart. */
function lines(): readonly RefundableLine[] {
  return Array.from({ length: LINES }, (_, at) => {
    const first = at >= LINES / 2 && at % 10 === 0 ? at - LINES / 2 : at
    const number = `010${String(10_000_000 + first)}`
    return { line: String(100_001 + at), customer: String(500_001 + first), number }
  })
}

const SCRIPT = join(projectRoot(), 'test', 'e2e', 'notice-preparer-process.mjs')

/** @returns the signal that ended it */
async function preparerKilled(side: string, statement: string, times: number): Promise<unknown> {
  const args = [SCRIPT, killed.url, side, statement, String(times)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal ?? code
}

async function rowsOf(setting: NoticeSetting): Promise<readonly Record<string, unknown>[]> {
  return await setting.query(
    `select line_id, l.customer_id, l.event, encode(recipient, 'hex') as recipient, channel,
       idempotency_key, template_version, prepared_on, kind, state,
       dense_rank() over (order by message_id)::integer as place
     from outbox_line l join outbox_message m using (message_id) order by line_id`,
  )
}

async function linesMade(): Promise<unknown> {
  const [row] = await killed.query(
    `select count(*)::integer as lines,
       (select count(*)::integer from outbox_message) as messages,
       (select result from notice_round) as result
     from outbox_line`,
  )
  return row
}

test('killed at any step and done again, it makes what an undisturbed one makes', async () => {
  const chance = chanceOf(simulationSeed())
  const told = `REDRESS_SIMULATION_SEED=${chance.seed}`
  const INSERTS = ['insert into outbox_message', 'insert into outbox_line'] as const
  const nothing = { lines: 0, messages: 0, result: null }
  // With its messages made and its lines not, and with both made and not committed.
  expect(await preparerKilled('after', INSERTS[0], 1), told).toBe('SIGKILL')
  expect(await linesMade(), told).toEqual(nothing)
  expect(await preparerKilled('after', INSERTS[1], 1), told).toBe('SIGKILL')
  expect(await linesMade(), told).toEqual(nothing)
  // The first commit is that of the audience.
  expect(await preparerKilled('after', 'commit', 2), told).toBe('SIGKILL')
  const one = { lines: CHUNK, messages: CHUNK, result: null }
  expect(await linesMade(), told).toEqual(one)
  const side = chance.pick(['before', 'after'])
  expect(await preparerKilled(side, chance.pick(INSERTS), 2), told).toBe('SIGKILL')
  expect(await linesMade(), told).toMatchObject({ lines: 2 * CHUNK, result: null })
  expect(await preparerKilled('before', 'update notice_round', 1), told).toBe('SIGKILL')
  expect(await linesMade(), told).toMatchObject({ lines: LINES, result: null })
  expect(await preparerKilled('never', 'commit', 0), told).toBe(0)
  const [prepared, again] = [await undisturbed.prepare(), await killed.prepare()]
  expect(again, told).toMatchObject({ added: { lines: 0, messages: 0 } })
  const { audience, suppressed, queued, messages } = prepared
  expect(again, told).toMatchObject({ audience, suppressed, queued, messages })
  expect({ queued, messages }).toEqual({ queued: LINES, messages: LINES - LINES / 20 })
  const [rows, expected] = [await rowsOf(killed), await rowsOf(undisturbed)]
  expect(rows.length, told).toBe(LINES)
  // Prepared on the same day, at another hour.
  expect(rows.filter((it, at) => !isSame(it, expected[at])).slice(0, 3), told).toEqual([])
}, 60_000)

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
