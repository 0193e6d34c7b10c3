/**
 * A disk that fills up, without the right to mount a small one: a server of its own that may write
 * no file beyond 20 MiB (or 40, as shells count), so that PostgreSQL's own writes fail for real.
 */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { openPool } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { migrate } from '../../src/db/migrate.js'
import { importSnapshotFile } from '../../src/intake/import-snapshot-file.js'
import { Cipher } from '../../src/privacy/cipher.js'
import { AS_OF, SNAPSHOT_HEADER, snapshotRow, snapshotText } from '../intake/snapshot-text.js'
import { endServer } from '../support/postgres-command.js'

const folder = mkdtempSync(join(tmpdir(), 'redress-full-disk-'))
const home = join(folder, 'home')
let holder: ChildProcess | undefined

beforeAll(() => {
  chmodSync(folder, 0o755)
})

afterAll(async () => {
  holder?.kill('SIGKILL')
  await endServer(home)
  rmSync(folder, { recursive: true, force: true })
})

const HOLD = `
  const { useEmbeddedPostgres } = await import(process.argv[1])
  const postgres = await useEmbeddedPostgres({ home: process.argv[2] })
  console.log(postgres.url)
  setInterval(() => undefined, 60_000)
`

/** The server's processes inherit the limit of the process that starts it. */
async function openServer(limit: string): Promise<Pool> {
  const module = join(projectRoot(), 'dist', 'src', 'db', 'embedded-postgres.js')
  const node = [process.execPath, '--input-type=module', '--eval', HOLD, '--', module, home]
  holder = spawn('sh', ['-c', `${limit} exec "$0" "$@"`, ...node], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [url] = (await once(holder.stdout as NonNullable<typeof holder.stdout>, 'data')) as [Buffer]
  const pool = openPool({ url: url.toString().trim(), max: 5, name: 'full disk' })
  await migrate(pool)
  return pool
}

const cipher = new Cipher(Buffer.alloc(32, 7))
const importOf = (pool: Pool, path: string): ReturnType<typeof importSnapshotFile> =>
  importSnapshotFile({
    pool,
    cipher,
    path,
    asOf: AS_OF,
    now: () => '2026-02-01T00:00:00.000Z',
    budget: { rows: 100, percent: 0 },
  })

test('a disk that fills up fails the import cleanly, and a repeat works', async () => {
  // 60 bad rows of 900,000 bytes overfill the quarantine, 450,000 good ones the snapshot.
  const badRow = `${snapshotRow({ line_id: '0' })},${'x'.repeat(900_000)}\n`
  const quarantine = join(folder, 'quarantine.csv')
  writeFileSync(quarantine, `${SNAPSHOT_HEADER},memo\n${snapshotRow()},\n${badRow.repeat(60)}`)
  const lines = join(folder, 'lines.csv')
  writeFileSync(lines, snapshotText(450_000))

  const limited = await openServer('ulimit -f 40960;')
  // The code of "file too large", which has none of its own, and of "disk full".
  const message = expect.stringMatching(/^database: error (XX000|53100)/) as string
  const failed = { code: 'DATABASE_UNAVAILABLE', exitCode: 1, message }
  for (const path of [quarantine, lines]) {
    await expect(importOf(limited, path)).rejects.toMatchObject(failed)
    const { rows } = await limited.query(
      `select (select count(*)::int from import) as imports,
              (select count(*)::int from quarantined_row) as quarantined,
              (select count(*)::int from snapshot) as snapshots,
              (select count(*)::int from pg_class where relname ~ '^snapshot_line_') as tables`,
    )
    expect(rows).toEqual([{ imports: 0, quarantined: 0, snapshots: 0, tables: 0 }])
  }
  await limited.end()
  holder?.kill('SIGKILL')
  await endServer(home)

  const unlimited = await openServer('')
  expect(await importOf(unlimited, quarantine)).toMatchObject({ accepted: 1, quarantined: 60 })
  await unlimited.end()
})
