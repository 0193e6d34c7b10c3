/** Imports and plans as whole commands: their JSON, exit codes and one line of complaint. */
import { readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress, spawnRedress } from '../support/cli.js'
import {
  AS_OF,
  LATE_CONSENT,
  LATE_STATUS,
  NINE_LINES,
  NOW,
  complaintOf,
  row,
  setting,
} from './setting.js'
import type { Setting } from './setting.js'

let here: Setting

beforeAll(async () => {
  here = await setting()
})

afterAll(async () => await here?.drop())

describe('wrong usage', () => {
  it.each([
    { command: 'frobnicate', says: /unknown command/ },
    { command: 'run', says: /missing required argument/ },
    { command: 'plan 2026-02 --colour', says: /unknown option/ },
    { command: 'plan 2026-13', says: /period 2026-13/ },
    { command: 'plan 2026-02 --now tomorrow', says: /--now/ },
    { command: 'plan 2026-02 --now 2026-02-01', says: /--now/ },
    { command: 'run 2027-01 --yes', says: /period 2027-01/ },
    { command: 'plan 2026-02 --programme kt-2027@1', says: /programme kt-2027@1/ },
    { command: 'plan 2026-02 --snapshot x', says: /snapshot x/ },
    { command: 'plan 2026-02 --snapshot 4711', says: /snapshot 4711/ },
    { command: 'snapshot import /nowhere.csv', says: /--as-of/ },
    { command: 'snapshot import /nowhere.csv --as-of 2026-02-30', says: /--as-of/ },
    { command: 'snapshot import /nowhere.csv --as-of 2026-01-13', says: /nowhere\.csv/ },
    { command: 'snapshot verify 4711', says: /snapshot 4711/ },
    { command: 'approve 4711', says: /plan 4711/ },
    { command: 'runs show 4711', says: /run 4711/ },
    { command: 'runs resume latest', says: /run latest/ },
    { command: 'run 2026-02 --plan 0', says: /plan 0/ },
    { command: 'ledger export', says: /--out/ },
    { command: 'ledger export --out never.csv --benefit gold', says: /--benefit/ },
    { command: 'ledger export --out never.csv --period 2026', says: /--period/ },
  ])('is refused with one line: redress $command', async ({ command, says }) => {
    const result = await redress([...command.split(' '), '--json'], here.environment)
    expect(result.exitCode).toBe(2)
    expect(result.stdout).toBe('')
    expect(complaintOf(result)).toMatch(says)
    expect(result.stderr.trimEnd().split('\n')).toHaveLength(1)
  })

  it('is refused before a snapshot is there, with what to do first', async () => {
    const result = await here.run('plan', '2026-02')
    expect(result.exitCode).toBe(2)
    expect(complaintOf(result)).toContain(`redress snapshot import FILE --as-of ${AS_OF}`)
  })
})

describe('snapshot', () => {
  let sha256: string

  it('import seals a file and tells what became of its rows', async () => {
    const bad = row({ line_id: '110', customer_id: '908', birth_date: '2030-01-01' })
    const path = here.file('snapshot.csv', [...NINE_LINES, bad])
    sha256 = createHash('sha256').update(readFileSync(path)).digest('hex')
    const told = await here.ok('snapshot', 'import', path, '--as-of', AS_OF)
    expect(told).toMatchObject({
      snapshot_id: 1,
      as_of: AS_OF,
      read: 10,
      accepted: 9,
      quarantined: 1,
      duplicate: 0,
      sha256,
      sealed: true,
      content_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('import of the same file changes nothing and says so', async () => {
    const path = `${here.folder}/snapshot.csv`
    const again = await here.ok('snapshot', 'import', path, '--as-of', AS_OF)
    expect(again).toMatchObject({
      snapshot_id: 1,
      read: 10,
      accepted: 9,
      quarantined: 1,
      sha256,
      already: true,
    })
    const text = await redress(['snapshot', 'import', path, '--as-of', AS_OF], here.environment)
    expect(text.stdout).toContain('nothing changed')
    expect(await here.list('snapshot', 'list')).toHaveLength(1)
  })

  it('import over the quarantine budget is held with exit 3 and accepts nothing', async () => {
    const bad = Array.from({ length: 11 }, (_, index) =>
      row({ line_id: `0${index}`, customer_id: '1' }),
    )
    const path = here.file('bad.csv', [...NINE_LINES, ...bad])
    const held = await here.run('snapshot', 'import', path, '--as-of', AS_OF)
    expect(held.exitCode).toBe(3)
    expect(held.json).toMatchObject({ state: 'held', read: 20, accepted: 0, quarantined: 11 })
    expect(complaintOf(held)).toMatch(/11 of 20 rows quarantined; expected at most 10/)
    const report = await here.ok('quarantine', 'show', held.json.import_id)
    expect(report).toMatchObject({ quarantined: 11 })
    expect(await here.list('snapshot', 'list')).toHaveLength(1)
  })

  it('list, show and verify tell what was sealed', async () => {
    const [listed] = await here.list('snapshot', 'list')
    expect(listed).toMatchObject({
      snapshot_id: 1,
      as_of: AS_OF,
      lines: 9,
      customers: 8,
      sealed: true,
    })
    const shown = await here.ok('snapshot', 'show', '1')
    expect(shown).toMatchObject({ snapshot_id: 1, content_hash: listed?.content_hash })
    const verified = await here.ok('snapshot', 'verify', '1')
    expect(verified).toMatchObject({ ok: true, content_hash: listed?.content_hash })
  })

  it('of another day than the base date is refused by plan', async () => {
    const path = here.file('later.csv', NINE_LINES)
    const later = await here.ok('snapshot', 'import', path, '--as-of', '2026-01-31')
    const refused = await here.run('plan', '2026-02', '--snapshot', `${later.snapshot_id}`)
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toContain(`expected the base date ${AS_OF} of kt-2026@1`)
  })
})

describe('status and consents', () => {
  it('import counts rows that say nothing new as duplicates', async () => {
    const status = here.file('status.csv', [
      ...LATE_STATUS,
      LATE_STATUS[1]!,
      '999,suspended,2026-02-03T00:00:00+09:00',
    ])
    expect(await here.ok('status', 'import', status)).toMatchObject({
      read: 3,
      accepted: 2,
      quarantined: 0,
      duplicate: 1,
    })
    expect(await here.ok('status', 'import', status)).toMatchObject({
      read: 3,
      accepted: 2,
      duplicate: 1,
      already: true,
    })
    const consents = here.file('consents.csv', LATE_CONSENT)
    expect(await here.ok('consents', 'import', consents)).toMatchObject({
      read: 1,
      accepted: 1,
      duplicate: 0,
    })
  })

  it('import refuses a file without one of its columns', async () => {
    const result = await here.run(
      'status',
      'import',
      here.file('short.csv', ['line_id,status', '101,active']),
    )
    expect(result.exitCode).toBe(2)
    expect(complaintOf(result)).toMatch(/short\.csv:1:effective_at/)
  })
})

describe('plan', () => {
  it('counts every decision of every subject and writes no entry', async () => {
    const plan = await here.ok('plan', '2026-02')
    expect(plan).toMatchObject({
      programme: 'kt-2026',
      version: 1,
      period: '2026-02',
      snapshot_id: 1,
      lines: 9,
      customers: 8,
      change_from_previous: {},
      holds: [],
      plan_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    expect(plan.plan_id).toMatch(/^\d+$/)
    // 102 left before the period and 107's guardian agreed in time: the imports above.
    expect(plan.benefits).toEqual({
      data: {
        grants: 4,
        reversals: 0,
        unchanged: 0,
        refused: 5,
        quantity: 4 * 102_400,
        reasons: {
          ELIGIBLE: 4,
          MVNO: 1,
          PREPAID: 1,
          SECOND_DEVICE: 1,
          SUSPENDED_AT_BASE: 1,
          TERMINATED: 1,
        },
      },
      membership: {
        grants: 6,
        reversals: 0,
        unchanged: 0,
        refused: 3,
        quantity: 36,
        reasons: {
          ELIGIBLE: 6,
          MVNO: 1,
          SECOND_DEVICE: 1,
          TERMINATED: 1,
        },
      },
      ott_pass: {
        grants: 0,
        reversals: 0,
        unchanged: 0,
        refused: 9,
        quantity: 0,
        reasons: { MVNO: 1, NO_CHOICE: 6, SECOND_DEVICE: 1, TERMINATED: 1 },
      },
      insurance: {
        grants: 0,
        reversals: 0,
        unchanged: 0,
        refused: 8,
        quantity: 0,
        reasons: {
          CORPORATE: 1,
          MVNO: 1,
          NO_APPLICATION: 5,
          TERMINATED: 1,
        },
      },
    })
    expect(await here.query('select from ledger_posting')).toHaveLength(0)
  })

  it('has the same hash when made again with the same --now, another with another', async () => {
    const first = await here.ok('plan', '2026-02')
    const again = await here.ok('plan', '2026-02')
    expect(again.plan_hash).toBe(first.plan_hash)
    expect(again.plan_id).not.toBe(first.plan_id)
    const later = await redress(
      ['plan', '2026-02', '--json', '--now', '2026-02-02T09:00:00+09:00'],
      here.environment,
    )
    expect(later.json.plan_hash).not.toBe(first.plan_hash)
  })

  it('has the same hash on another database that was given the same files', async () => {
    const other = await setting()
    try {
      // Shifts the ids that this database gives out.
      await other.ok(
        'snapshot',
        'import',
        here.file('later.csv', NINE_LINES),
        '--as-of',
        '2026-01-31',
      )
      await other.ok('consents', 'import', `${here.folder}/consents.csv`)
      await other.ok('status', 'import', `${here.folder}/status.csv`)
      await other.ok('snapshot', 'import', `${here.folder}/snapshot.csv`, '--as-of', AS_OF)
      const there = await other.ok('plan', '2026-02')
      expect(there.snapshot_id).toBe(2)
      expect(there.plan_hash).toBe((await here.ok('plan', '2026-02')).plan_hash)
    } finally {
      await other.drop()
    }
  })

  it('tells the change from the period before', async () => {
    const march = await here.ok('plan', '2026-03')
    expect(march.benefits.roaming_bonus).toMatchObject({
      grants: 7,
      refused: 2,
      reasons: {
        ELIGIBLE: 6,
        PROMOTION_EXTENDED: 1,
        MVNO: 1,
        TERMINATED: 1,
      },
    })
    const same = { grants: 0, refused: 0 }
    expect(march.change_from_previous).toEqual({ data: same, ott_pass: same, insurance: same })
  })
})

describe('what goes where', () => {
  it("prints one JSON document on stdout with --json and people's text on stderr", async () => {
    const result = await redress(['plan', '2026-02', '--json', '--now', NOW], here.environment)
    expect(result.json).toMatchObject({ period: '2026-02' })
    expect(result.stderr).not.toBe('')
  })

  it("prints people's text on stdout without --json", async () => {
    const result = await redress(['plan', '2026-02', '--now', NOW], here.environment)
    expect(result.stdout).toContain('9 lines of 8 customers')
  })

  it('prints no progress with --quiet', async () => {
    const result = await redress(['plan', '2026-02', '--quiet', '--now', NOW], here.environment)
    expect(result.stderr).toBe('')
    const silent = await redress(
      ['plan', '2026-02', '--quiet', '--json', '--now', NOW],
      here.environment,
    )
    expect(silent.stderr).toBe('')
    expect(silent.json).toMatchObject({ period: '2026-02' })
  })

  it('ends with 0 and says nothing when whoever reads its output has read enough', async () => {
    const running = spawnRedress(['--help'], here.environment)
    running.process.stdout?.destroy()
    const { exitCode, stderr } = await running.ended
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  })

  it('prints help on stdout and ends with 0', async () => {
    const result = await redress(['--help'], here.environment)
    expect(result.exitCode).toBe(0)
    expect(result.stdout).toContain('snapshot')
    expect(result.stderr).toBe('')
  })

  it('prints a stack trace with --verbose alone', async () => {
    const plain = await here.run('plan', '2026-12')
    expect(plain.stderr.trimEnd().split('\n')).toHaveLength(1)
    const verbose = await here.run('plan', '2026-12', '--verbose')
    expect(verbose.stderr).toMatch(/^\s+at /m)
  })
})
