/** A database with refundable lines and a gateway that writes each hand-over down, for notices. */
import { openPool } from '../../src/db/database.js'
import { importRestrictionsFile } from '../../src/intake/import-restrictions-file.js'
import {
  jobsDatabaseUrl,
  openJobsBackend,
  prepareJobsSchema,
} from '../../src/jobs/bullmq-backend.js'
import type { JobsBackend } from '../../src/jobs/bullmq-backend.js'
import { sendNotices } from '../../src/jobs/send-notices.js'
import type { SendOptions, SendReport } from '../../src/jobs/send-notices.js'
import { noticeScope, REMINDERS } from '../../src/reminders/notice-round.js'
import { prepareRound } from '../../src/reminders/prepare-round.js'
import type { PrepareOptions, PreparedRound } from '../../src/reminders/prepare-round.js'
import { findRound } from '../../src/reminders/prepare-store.js'
import { SENDING } from '../../src/reminders/sending-terms.js'
import type { SendingTerms } from '../../src/reminders/sending-terms.js'
import { countRound } from '../../src/reminders/show-store.js'
import type { RoundCounts } from '../../src/reminders/show-store.js'
import { RecordingGateway } from './recording-gateway.js'
import { refundSetting, VERSION } from './refund-setting.js'
import type { RefundSetting } from './refund-setting.js'

/** Round 1 is due at 10:00 in Seoul. */
export const ROUND_1 = '2026-01-20T10:00:00+09:00'
export const ASSESSED = '2026-01-19T23:00:00+09:00'
/** Settling waits for nothing here, and pauses are short. */
export const QUICK: SendingTerms = {
  ...SENDING,
  settleMs: { value: 0, source: 'a test' },
  window: { value: { spool: 16, http: 16, smpp: 4 }, source: 'a test' },
}

export interface RestrictionRow {
  readonly line?: string
  readonly customer?: string
  readonly kind: string
  readonly since?: string
  readonly until?: string
}

export interface NoticeSetting extends RefundSetting {
  readonly jobs: JobsBackend
  readonly gateway: RecordingGateway
  /** Refundable lines with numbers, assessed. */
  refundable(lines: readonly RefundableLine[], at?: string): Promise<void>
  restrict(...rows: readonly RestrictionRow[]): Promise<void>
  prepare(round?: number, more?: Partial<PrepareOptions>): Promise<PreparedRound>
  send(more?: Partial<SendOptions>): Promise<SendReport>
  counts(round?: number, campaign?: string): Promise<RoundCounts>
}

export interface RefundableLine {
  readonly line: string
  readonly customer?: string
  readonly number?: string
}

export async function noticeSetting(): Promise<NoticeSetting> {
  const setting = await refundSetting()
  await prepareJobsSchema(setting.pool)
  const jobsPool = openPool({ url: jobsDatabaseUrl(setting.url), max: 8, name: 'notices test' })
  const jobs = openJobsBackend({ pool: jobsPool })
  const gateway = new RecordingGateway()
  const send: NoticeSetting['send'] = async (more = {}) =>
    await sendNotices({ ...sendOptions(setting, jobs, gateway), ...more })
  return {
    ...setting,
    jobs,
    gateway,
    refundable: async (lines, at = ASSESSED) => {
      const rows = lines.map((it) => ({
        line_id: it.line,
        customer_id: it.customer ?? `5${it.line}`,
        notice_number: it.number ?? `010${it.line.padStart(8, '4')}`,
      }))
      await setting.terminations(at, ...rows)
      await setting.assess(at)
    },
    restrict: async (...rows) => {
      const head = 'line_id,customer_id,kind,since,until'
      const lines = rows.map(({ line = '', customer = '', kind, since, until = '' }) =>
        [line, customer, kind, since ?? '2026-01-01T00:00:00+09:00', until].join(),
      )
      await importRestrictionsFile(setting.optionsFor([head, ...lines, ''].join('\n')))
    },
    prepare: async (round = 1, more = {}) =>
      await prepareRound({ ...prepareOptions(setting, round), ...more }),
    send,
    counts: async (round = 1, campaign = REMINDERS) => {
      const stored = await findRound(setting.pool, VERSION.programme, campaign, round)
      return await countRound(setting.pool, stored!.roundId)
    },
    close: async () => {
      await jobsPool.end()
      await setting.close()
    },
  }
}

export function prepareOptions(
  { pool, cipher }: Pick<RefundSetting, 'pool' | 'cipher'>,
  round: number | undefined,
  campaign = REMINDERS,
): PrepareOptions {
  return { ...noticeScope(VERSION, campaign, round), pool, cipher, now: ROUND_1 }
}

export function sendOptions(
  { pool, cipher }: Pick<RefundSetting, 'pool' | 'cipher'>,
  backend: JobsBackend,
  gateway: RecordingGateway,
): SendOptions {
  return {
    pool,
    cipher,
    backend,
    gateway,
    sending: QUICK,
    messagesASecond: 1_000,
    lanes: 2,
    name: 'notices test',
    versionOf: () => VERSION,
    now: () => ROUND_1,
    filter: {},
    signal: new AbortController().signal,
    onError: (error) => gateway.troubles.push(error),
  }
}
