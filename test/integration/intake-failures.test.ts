/** Imports that are killed, cut off, aborted or started twice leave nothing half-done. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { openPool } from '../../src/db/database.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { importStatusFile } from '../../src/intake/import-staged-file.js'
import { AS_OF, SNAPSHOT_HEADER, snapshotText } from '../intake/snapshot-text.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

/** Ends the server's side of all connections of this application. */
async function cutConnections(name: string): Promise<void> {
  await setting.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
    [name],
  )
}

test('an abort while reading leaves nothing, and a repeat does it all', async () => {
  const options = { ...setting.optionsFor(snapshotText(20_000)), asOf: AS_OF }
  const stop = new AbortController()
  const aborted = importSnapshotFile({
    ...options,
    signal: stop.signal,
    onProgress: ({ rows }) => rows > 5_000 && stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({
    code: 'INTERRUPTED',
    message: `interrupted; go on with \`redress snapshot import ${options.path} --as-of ${AS_OF}\``,
  })
  expect(await setting.leftovers()).toEqual([])
  expect(await importSnapshotFile(options)).toMatchObject({ already: false, accepted: 20_000 })
})

test('an abort while sealing leaves nothing', async () => {
  const options = { ...setting.optionsFor(snapshotText(20_001)), asOf: AS_OF }
  const stop = new AbortController()
  const aborted = importSnapshotFile({
    ...options,
    signal: stop.signal,
    onSealProgress: () => stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' })
  expect(await setting.leftovers()).toEqual([])
})

test('an abort of a status import leaves nothing', async () => {
  const rows = Array.from({ length: 20_000 }, (_, it) => `${it + 1},active,2026-02-01T00:00:00Z\n`)
  const options = setting.optionsFor(`line_id,status,effective_at\n${rows.join('')}`)
  const stop = new AbortController()
  const aborted = importStatusFile({
    ...options,
    signal: stop.signal,
    onProgress: () => stop.abort(),
  })
  await expect(aborted).rejects.toMatchObject({ code: 'INTERRUPTED' })
  expect(await setting.leftovers()).toEqual([])
  expect(await importStatusFile(options)).toMatchObject({ accepted: 20_000 })
})

test('connections cut while reading fail the import; a repeat clears and does it', async () => {
  const pool = openPool({ url: setting.url, max: 5, name: 'cut while reading' })
  const options = { ...setting.optionsFor(snapshotText(60_000)), asOf: AS_OF }
  let cut: Promise<void> | undefined
  const failing = importSnapshotFile({
    ...options,
    pool,
    onProgress: ({ rows }) => {
      if (rows > 10_000) cut ??= cutConnections('cut while reading')
    },
  })
  await expect(failing).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE', exitCode: 1 })
  await cut
  await pool.end()
  expect(await importSnapshotFile(options)).toMatchObject({ already: false, accepted: 60_000 })
  expect(await setting.leftovers()).toEqual([])
})

test('the next import clears what a killed process left, not what a living one holds', async () => {
  const living = openPool({ url: setting.url, max: 5, name: 'living' })
  const options = { ...setting.optionsFor(snapshotText(40_000)), asOf: AS_OF }
  await setting.query(
    `with dead as (
       insert into import (kind, as_of, file_name, imported_by, started_at)
       values ('snapshot', $1, 'dead.csv', 'tester', now()) returning import_id)
     insert into snapshot (import_id, as_of) select import_id, $1 from dead`,
    [AS_OF],
  )
  await setting.query('select open_snapshot(max(snapshot_id)) from snapshot')
  const other = { ...setting.optionsFor(snapshotText(10, ['x'])), asOf: AS_OF }
  let beside: Promise<unknown> | undefined
  const report = await importSnapshotFile({
    ...options,
    pool: living,
    onProgress: () => {
      beside ??= importSnapshotFile(other)
    },
  })
  expect(report).toMatchObject({ accepted: 40_000 })
  expect(await beside).toMatchObject({ accepted: 10 })
  expect(await setting.query(`select 1 from import where file_name = 'dead.csv'`)).toEqual([])
  expect(await setting.leftovers()).toEqual([])
  await living.end()
})

const KILLED = `
  const { importSnapshotFile } = await import(process.argv[1] + '/intake/import-snapshot-file.js')
  const { openPool } = await import(process.argv[1] + '/db/database.js')
  const { Cipher } = await import(process.argv[1] + '/privacy/cipher.js')
  await importSnapshotFile({
    pool: openPool({ url: process.argv[2], max: 5, name: 'killed' }),
    cipher: new Cipher(Buffer.alloc(32, 7)),
    path: process.argv[3],
    asOf: '2026-01-13',
    now: () => '2026-02-01T00:00:00.000Z',
    onProgress: ({ rows }) => rows > 20_000 && process.kill(process.pid, 'SIGKILL'),
  })
`

test('a process that is killed while loading leaves what a repeat clears', async () => {
  const options = { ...setting.optionsFor(snapshotText(60_001)), asOf: AS_OF }
  const dist = join(projectRoot(), 'dist', 'src')
  const killed = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', KILLED, '--', dist, setting.url, options.path],
    { encoding: 'utf8' },
  )
  expect(killed).toMatchObject({ signal: 'SIGKILL', stderr: '' })
  const loading = `select 1 from import where state = 'loading'`
  expect(await setting.query(loading)).toHaveLength(1)
  // The server needs a moment to see that the process is gone.
  await vi.waitFor(async () => {
    const alive = `select 1 from pg_stat_activity where application_name = 'killed'`
    expect(await setting.query(alive)).toEqual([])
  }, 10_000)
  expect(await importSnapshotFile(options)).toMatchObject({ already: false, accepted: 60_001 })
  expect(await setting.leftovers()).toEqual([])
})

test('memory stays flat over a file of bad rows', async () => {
  const blank = '\n'.repeat(100_000)
  const options = { ...setting.optionsFor(`${SNAPSHOT_HEADER}\n${blank}`), asOf: AS_OF }
  let highest = 0
  const before = process.memoryUsage().rss
  const held = importSnapshotFile({
    ...options,
    onProgress: () => {
      highest = Math.max(highest, process.memoryUsage().rss)
    },
  })
  await expect(held).rejects.toMatchObject({ code: 'QUARANTINE_BUDGET' })
  expect(highest - before).toBeLessThan(120 << 20)
})
