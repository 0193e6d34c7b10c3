/** A corrected snapshot supersedes the one of its day that counted, says why, and stays so. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import type { SnapshotImportReport } from '../../src/intake/import-snapshot-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import {
  listSnapshots,
  newestSnapshotOf,
  readSnapshot,
  supersededBy,
} from '../../src/snapshot/snapshot-store.js'
import { snapshotCsv } from '../support/builders.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
let pool: Pool
const folder = mkdtempSync(join(tmpdir(), 'redress-supersede-'))
beforeAll(async () => {
  database = await testDatabase()
  pool = openPool({ url: database.url, max: 24, name: 'supersede tests' })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
  rmSync(folder, { recursive: true })
})

/** A snapshot of one line; another line makes another file. */
async function importOne(
  line: number,
  asOf: string,
  reason?: string,
): Promise<SnapshotImportReport> {
  const path = join(folder, `${line}-${asOf}.csv`)
  writeFileSync(path, snapshotCsv([{ line_id: line, customer_id: line }]))
  return await importSnapshotFile({
    pool,
    cipher: new Cipher(Buffer.alloc(32, 7)),
    path,
    asOf,
    reason,
    now: () => '2026-02-01T00:00:00.000Z',
  })
}

const codeOf = async (sql: string): Promise<unknown> =>
  await pool.query(sql).then(
    () => undefined,
    (error: { code?: unknown }) => error.code,
  )

describe('of one day', () => {
  const DAY = '2026-01-13'

  it('the first supersedes none, the next the one before, with its reason', async () => {
    const { snapshot: first } = await importOne(1, DAY, 'nothing to correct')
    expect(first).toMatchObject({ supersedes: null, reason: null })
    const { snapshot: second } = await importOne(2, DAY, 'line 1 was another')
    expect(second).toMatchObject({ supersedes: first.snapshotId, reason: 'line 1 was another' })
    const { snapshot: third } = await importOne(3, DAY)
    expect(third).toMatchObject({ supersedes: second.snapshotId, reason: 'not given' })
    expect(await newestSnapshotOf(pool, DAY)).toEqual(third)
    expect(await readSnapshot(pool, second.snapshotId)).toEqual(second)
    expect(await listSnapshots(pool)).toEqual([first, second, third])
    const ids = [first, second, third].map((it) => it.snapshotId)
    expect(await Promise.all(ids.map((it) => supersededBy(pool, it)))).toEqual([
      second.snapshotId,
      third.snapshotId,
      undefined,
    ])
  })

  it('a file that was imported before supersedes nothing again', async () => {
    const newest = await newestSnapshotOf(pool, DAY)
    const again = await importOne(1, DAY, 'back to the first')
    expect(again).toMatchObject({ already: true, snapshot: { supersedes: null, reason: null } })
    expect(await newestSnapshotOf(pool, DAY)).toEqual(newest)
  })

  it('what was superseded and why cannot be changed, nor told twice of one', async () => {
    const newest = (await newestSnapshotOf(pool, DAY))?.snapshotId ?? 0
    for (const change of [
      `superseded_reason = 'another'`,
      'supersedes_snapshot_id = null, superseded_reason = null',
    ]) {
      const sql = `update snapshot set ${change} where snapshot_id = ${newest}`
      expect([change, await codeOf(sql)]).toEqual([change, 'RD001'])
    }
    // Headers that no seal made: the table refuses what the seal never writes.
    const header = (supersedes: number | 'null', reason: string, sealed = true): string =>
      `insert into snapshot
         (import_id, as_of, content_hash, sealed_at, supersedes_snapshot_id, superseded_reason)
       select min(import_id), '${DAY}',
         case when ${sealed} then sha256('') end, case when ${sealed} then now() end,
         ${supersedes}, ${reason}
       from import`
    const first = (await listSnapshots(pool))[0]?.snapshotId ?? 0
    expect(await codeOf(header(first, `'twice'`))).toBe('23505')
    expect(await codeOf(header(newest, 'null'))).toBe('23514')
    expect(await codeOf(header('null', `'of nothing'`))).toBe('23514')
    expect(await codeOf(header(newest, `''`))).toBe('23514')
    expect(await codeOf(header(newest, `'unsealed'`, false))).toBe('23514')
    expect(await codeOf(header(4_711, `'unknown'`))).toBe('23503')
  })
})

it('a snapshot of another day supersedes none', async () => {
  const { snapshot } = await importOne(1, '2026-01-31', 'another day')
  expect(snapshot).toMatchObject({ supersedes: null, reason: null })
})

it('of several sealed at the same time each supersedes the one before it', async () => {
  const day = '2026-02-28'
  const lines = [1, 2, 3, 4, 5]
  const reports = await Promise.all(lines.map((it) => importOne(it, day, `line ${it}`)))
  const chain: number[] = []
  for (let at = (await newestSnapshotOf(pool, day))?.snapshotId; at !== undefined;) {
    chain.push(at)
    at = (await readSnapshot(pool, at)).supersedes ?? undefined
  }
  const ids = reports.map((it) => it.snapshot.snapshotId)
  expect(chain.toSorted((a, b) => a - b)).toEqual(ids.toSorted((a, b) => a - b))
})
