/** The stages of notices, each by the function that its command calls. */
import { join } from 'node:path'
import { assert } from '../../src/assert.js'
import { systemClock } from '../../src/config/clock.js'
import { openPool } from '../../src/db/database.js'
import { SpoolGateway } from '../../src/gateways/spool-gateway.js'
import {
  importApplicationsFile,
  importTerminationsFile,
} from '../../src/intake/import-refund-files.js'
import { importRestrictionsFile } from '../../src/intake/import-restrictions-file.js'
import {
  jobsDatabaseUrl,
  jobsPoolSize,
  labelOf,
  openJobsBackend,
} from '../../src/jobs/bullmq-backend.js'
import { sendNotices } from '../../src/jobs/send-notices.js'
import type { SendReport } from '../../src/jobs/send-notices.js'
import { assessRefunds } from '../../src/refunds/assess-refunds.js'
import { noticeScope, REMINDERS } from '../../src/reminders/notice-round.js'
import type { NoticeScope } from '../../src/reminders/notice-round.js'
import { prepareRound } from '../../src/reminders/prepare-round.js'
import { SENDING } from '../../src/reminders/sending-terms.js'
import { findVersion } from '../../src/rules/programmes/registry.js'
import { importOptionsOf } from './redress-tasks.js'
import type { Bench } from './redress-tasks.js'
import { LANES, NOTICE_ROUND, PREPARED_AT, PROGRAMME, SENT_AT } from './task.js'
import type { NoticeFiles, Outcome, Task } from './task.js'
import { usageOf } from './usage.js'

export function roundToMeasure(): NoticeScope {
  const version = findVersion(PROGRAMME)
  assert(version !== undefined, 'a registered programme')
  return noticeScope(version, REMINDERS, NOTICE_ROUND)
}

/** Imported and assessed. */
export async function benchNoticeFiles(bench: Bench, files: NoticeFiles): Promise<Outcome> {
  const { pool, postmaster } = bench
  let lines = 0
  const usage = await usageOf(pool, postmaster, async () => {
    const reports = [
      await importTerminationsFile(importOptionsOf(bench, files.terminations)),
      await importApplicationsFile(importOptionsOf(bench, files.applications)),
      await importRestrictionsFile(importOptionsOf(bench, files.restrictions)),
    ]
    assert(
      reports.every((it) => it.quarantined === 0),
      'files without bad rows',
    )
    const { version } = roundToMeasure()
    lines = (await assessRefunds({ pool, version, now: PREPARED_AT })).lines
  })
  return { usage, lines, written: lines, lastCustomerId: null }
}

export async function benchPrepareNotices(bench: Bench): Promise<Outcome> {
  const { pool, postmaster } = bench
  const { cipher } = importOptionsOf(bench, '')
  let [lines, written] = [0, 0]
  const usage = await usageOf(pool, postmaster, async () => {
    const it = await prepareRound({ ...roundToMeasure(), pool, cipher, now: PREPARED_AT })
    assert(it.added.messages === it.messages, 'a round that was not there before')
    lines = it.queued
    written = it.messages
  })
  return { usage, lines, written, lastCustomerId: null }
}

/** From the first message that is due to the last, through the queue that needs only PostgreSQL. */
export async function benchSendNotices(
  bench: Bench,
  { spool, messagesASecond }: Task & { readonly kind: 'send_notices' },
): Promise<Outcome> {
  const { pool, postmaster } = bench
  const { version, campaign } = roundToMeasure()
  const { programme } = version
  const jobs = openPool({
    url: jobsDatabaseUrl(bench.databaseUrl),
    max: jobsPoolSize(LANES),
    name: 'redress bench jobs',
  })
  // Left until all is measured: file systems make new files slowly where many were just deleted.
  const folder = join(spool, String(process.pid))
  const gateway = new SpoolGateway({ folder, clock: systemClock() })
  try {
    let report: SendReport | undefined
    const usage = await usageOf(pool, postmaster, async () => {
      report = await sendNotices({
        pool,
        gateway,
        messagesASecond,
        cipher: importOptionsOf(bench, '').cipher,
        backend: openJobsBackend({ pool: jobs }, {}),
        sending: SENDING,
        lanes: LANES,
        name: 'bench',
        versionOf: () => version,
        now: () => SENT_AT,
        filter: { programme, campaign: campaign.campaign, round: NOTICE_ROUND },
        signal: new AbortController().signal,
        // A busy machine may lose a lock of the queue: the piece is sent by whoever gets it next.
        onError: (error) => process.stderr.write(`  ${labelOf(error)}\n`),
      })
    })
    const { rows } = await pool.query<{ messages: number; left: number; dead: number }>(
      `select count(*)::integer as messages,
         count(*) filter (where state in ('queued', 'handing_over'))::integer as left,
         count(*) filter (where state in ('unknown', 'dead'))::integer as dead
       from outbox_message`,
    )
    const [{ messages, left, dead }] = rows as [(typeof rows)[number]]
    assert(left === 0 && dead === 0, 'a round that is sent')
    assert(report !== undefined, 'a report')
    return { usage, lines: messages, written: report.accepted, lastCustomerId: null }
  } finally {
    await gateway.close()
    await jobs.end()
  }
}
