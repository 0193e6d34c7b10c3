/** Sealing and verifying on a real PostgreSQL, whose binary COPY the walk has to read rightly. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withClient } from '../../src/db/database.js'
import { CORPORATE_BIT, CUSTOMER_BYTES, LINE_BYTES, openPack } from '../../src/snapshot/pack.js'
import { LINE_FIELDS, RowCutter, RowView } from '../../src/snapshot/row-stream.js'
import { sortedRows } from '../../src/snapshot/snapshot-store.js'
import { sealSnapshot } from '../../src/snapshot/seal-snapshot.js'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import {
  listChunks,
  listSnapshots,
  newestSnapshotOf,
  readChunk,
  readSnapshot,
} from '../../src/snapshot/snapshot-store.js'
import { verifySnapshot } from '../../src/snapshot/verify-snapshot.js'
import { COMPANY, LedgerSetting, OLD } from '../support/builders.js'
import type { RowDraft } from '../support/builders.js'

const now = (): string => '2026-02-01T00:00:00.000Z'

let setting: LedgerSetting
let generated: SealedSnapshot

beforeAll(async () => {
  setting = await LedgerSetting.open()
  generated = await setting.importGenerated({ lines: 6_000, seed: 21 })
})
afterAll(async () => {
  await setting.close()
})

/** Of a row, all that chunks and packs are made of, as text of PostgreSQL's own making. */
const FACTS = (table: string): string => `
  select line_id::text, customer_id::text, birth_date::text, customer_kind::text, network::text,
    line_kind::text, payment::text, status::text, plan_restriction::text,
    guardian_consent_on::text, roaming_promotion_ends_on::text
  from ${table} order by snapshot_line.customer_id, snapshot_line.line_id`
const tableOf = (it: SealedSnapshot): string => `snapshot_line_${it.snapshotId} snapshot_line`
const dayText = (day: number): string =>
  new Date(Date.UTC(2000, 0, 1 + day)).toISOString().slice(0, 10)

interface FactRow extends Record<string, unknown> {
  readonly line_id: string
  readonly customer_id: string
}

describe('rows of PostgreSQL', () => {
  it('are read by the view as SQL tells them', async () => {
    const expected = await setting.query<FactRow>(FACTS(tableOf(generated)))
    const found: object[] = []
    await withClient(setting.pool, async (client) => {
      const view = new RowView()
      const cutter = new RowCutter(LINE_FIELDS)
      for await (const piece of sortedRows(client, `snapshot_line_${generated.snapshotId}`)) {
        cutter.push(piece, (bytes, start) => {
          view.read(bytes, start)
          const it = view.facts()
          found.push({
            line_id: String(bytes.readBigInt64BE(view.lineIdAt)),
            customer_id: String(bytes.readBigInt64BE(view.customerIdAt)),
            birth_date: view.birthDay === null ? null : dayText(view.birthDay),
            customer_kind: view.corporate ? 'corporate' : 'individual',
            network: it.network,
            line_kind: it.lineKind,
            payment: it.payment,
            status: it.statusAtBase,
            plan_restriction: it.planRestriction,
            guardian_consent_on: it.guardianConsentOn,
            roaming_promotion_ends_on: it.roamingPromotionEndsOn,
          })
        })
      }
    })
    expect(found.length).toBe(6_000)
    expect(found).toEqual(expected)
  })

  it('are all in the packs of the chunks, each under its customer', async () => {
    const expected = await setting.query<FactRow>(FACTS(tableOf(generated)))
    const chunks = await listChunks(setting.pool, generated.snapshotId)
    expect(chunks.length).toBe(generated.chunks)
    expect(chunks.length).toBeGreaterThan(2)
    const found: object[] = []
    for (const { chunkNo, lines, customers } of chunks) {
      const stored = await withClient(setting.pool, (it) =>
        readChunk(it, generated.snapshotId, chunkNo),
      )
      const pack = openPack(stored.pack)
      expect([pack.lines, pack.customers]).toEqual([lines, customers])
      found.push(...unpacked(stored.pack))
    }
    expect(found).toEqual(
      expected.map((it) => ({
        customer_id: it.customer_id,
        line_id: it.line_id,
        corporate: it['customer_kind'] === 'corporate',
        facts: {
          network: it['network'],
          lineKind: it['line_kind'],
          payment: it['payment'],
          statusAtBase: it['status'],
          planRestriction: it['plan_restriction'],
          guardianConsentOn: it['guardian_consent_on'],
          roamingPromotionEndsOn: it['roaming_promotion_ends_on'],
        },
      })),
    )
  })
})

function unpacked(bytes: Buffer): readonly object[] {
  const { facts, records } = openPack(bytes)
  const found: object[] = []
  for (let at = 0; at < records.length;) {
    const lines = records.readUInt32BE(at + 12)
    const customer = {
      customer_id: String(records.readBigInt64BE(at)),
      corporate: lines >= CORPORATE_BIT,
    }
    at += CUSTOMER_BYTES
    for (let line = 0; line < lines % CORPORATE_BIT; line += 1, at += LINE_BYTES) {
      found.push({
        ...customer,
        line_id: String(records.readBigInt64BE(at)),
        facts: facts[records.readUInt32BE(at + 8)],
      })
    }
  }
  return found
}

const rows: readonly RowDraft[] = Array.from({ length: 3_000 }, (_, index) => ({
  line_id: 1_000 + ((index * 7) % 3_000),
  customer_id: 1 + (index % 1_900),
  ...((index % 1_900) % 5 === 0 ? COMPANY : OLD),
  notice_number: `010${String(index).padStart(8, '0')}`,
  guardian_consent_on: index % 11 === 0 ? '9999-12-31' : '',
  roaming_promotion_ends_on: index % 3 === 0 ? '1899-12-31' : '',
}))

describe('the content hash', () => {
  it('does not depend on the order of the file', async () => {
    const first = await setting.importLines(rows)
    const turned = await setting.importLines(rows.toReversed())
    expect(turned.snapshotId).not.toBe(first.snapshotId)
    expect(turned.contentHash).toBe(first.contentHash)
    expect(await chunksOf(turned)).toEqual(await chunksOf(first))
  })

  it.each([
    ['a birth date', 1, { birth_date: '1951-01-01' }],
    ['a notice number', 3, { notice_number: '' }],
    ['the day a line was activated', 4, { activated_on: '2020-01-02' }],
    ['a contract event', 6, { contract_event: 'renewal', contract_event_on: '2025-09-01' }],
    ['a line id', 7, { line_id: 77_777 }],
  ])('depends on %s', async (_, at, change) => {
    const changed = rows
      .map((row, index) => (index === at || index === at + 1_900 ? { ...row, ...change } : row))
      .filter((row, index, all) => all.findIndex((it) => it.line_id === row.line_id) === index)
    const same = rows.filter(
      (_row, index) => changed.length === rows.length || index !== at + 1_900,
    )
    const [one, other] = [await setting.importLines(same), await setting.importLines(changed)]
    expect(other.lines).toBe(one.lines)
    expect(other.contentHash).not.toBe(one.contentHash)
  })
})

async function chunksOf(it: SealedSnapshot): Promise<readonly object[]> {
  return await setting.query(
    `select chunk_no, first_customer_id, last_customer_id, lines, customers, digest, pack
     from snapshot_chunk where snapshot_id = $1 order by chunk_no`,
    [it.snapshotId],
  )
}

describe('a sealed snapshot', () => {
  it('is verified as it is, counts its lines and customers, and is found', async () => {
    const [counted] = await setting.query<object>(
      `select count(*)::int as lines, count(distinct customer_id)::int as customers
       from ${tableOf(generated)}`,
    )
    expect(counted).toEqual({ lines: generated.lines, customers: generated.customers })
    expect(await verifySnapshot(setting.pool, generated)).toEqual({
      ok: true,
      contentHash: generated.contentHash,
      alteredChunks: [],
    })
    expect(await readSnapshot(setting.pool, generated.snapshotId)).toEqual(generated)
    const newest = (await listSnapshots(setting.pool)).at(-1)
    expect(await newestSnapshotOf(setting.pool, '2026-01-13')).toEqual(newest)
    expect(await newestSnapshotOf(setting.pool, '2026-01-31')).toBeUndefined()
  })

  const leaf = (): string => `snapshot_line_${generated.snapshotId}`
  const someLine = (): string => `(select min(line_id) from ${leaf()})`
  const alterations: readonly (readonly [string, () => string, string, string])[] = [
    ['a row that was altered', leaf, 'update', `notice_number = '0100000000'`],
    ['a pack that was altered', () => 'snapshot_chunk', 'chunk', `pack = set_byte(pack, 100, 33)`],
    [
      'a chunk whose digest was altered',
      () => 'snapshot_chunk',
      'chunk',
      'digest = sha256(digest)',
    ],
    [
      'a chunk that begins at another customer',
      () => 'snapshot_chunk',
      'chunk',
      'first_customer_id = first_customer_id + 1',
    ],
    [
      'a chunk that ends at another customer',
      () => 'snapshot_chunk',
      'chunk',
      'last_customer_id = last_customer_id - 1',
    ],
    ['a chunk that counts other lines', () => 'snapshot_chunk', 'chunk', 'lines = lines + 1'],
    [
      'a chunk that counts other customers',
      () => 'snapshot_chunk',
      'chunk',
      'customers = customers + 1',
    ],
  ]

  it.each(alterations)('is told from %s', async (_, table, kind, change) => {
    const where =
      kind === 'update'
        ? `line_id = ${someLine()}`
        : `snapshot_id = ${generated.snapshotId} and chunk_no = 1`
    const [{ old } = { old: {} }] = await setting.query<{ old: object }>(
      `select to_jsonb(it) as old from ${table()} it where ${where}`,
    )
    expect(await setting.tamper(table(), `update ${table()} set ${change} where ${where}`)).toBe(1)
    const { ok, alteredChunks } = await verifySnapshot(setting.pool, generated)
    expect(ok).toBe(false)
    expect(alteredChunks.length).toBe(1)
    if (kind === 'chunk') expect(alteredChunks).toEqual([1])
    const columns = change.slice(0, change.indexOf(' '))
    const thatRow = where.replace(/\b(line_id|snapshot_id|chunk_no) =/g, `${table()}.$1 =`)
    await setting.tamper(
      table(),
      `update ${table()} set ${columns} = old.${columns}
      from jsonb_populate_record(null::${table()}, $1) old where ${thatRow}`,
      [old],
    )
    expect((await verifySnapshot(setting.pool, generated)).ok).toBe(true)
  })

  it('is told from one that lost a row or gained one', async () => {
    const row = `(select to_jsonb(it) from ${leaf()} it order by line_id limit 1)`
    const [{ kept } = { kept: {} }] = await setting.query<{ kept: object }>(`select ${row} as kept`)
    await setting.tamper(leaf(), `delete from ${leaf()} where line_id = ${someLine()}`)
    expect((await verifySnapshot(setting.pool, generated)).ok).toBe(false)
    await setting.tamper(
      leaf(),
      `insert into ${leaf()} select * from jsonb_populate_record(null::${leaf()}, $1)`,
      [kept],
    )
    expect((await verifySnapshot(setting.pool, generated)).ok).toBe(true)
    await setting.tamper(
      leaf(),
      `insert into ${leaf()} select * from jsonb_populate_record(null::${leaf()}, $1)`,
      [{ ...kept, line_id: 5 }],
    )
    expect((await verifySnapshot(setting.pool, generated)).ok).toBe(false)
    await setting.tamper(leaf(), `delete from ${leaf()} where line_id = 5`)
  })
})

it('a sealed snapshot is told from one that lost a chunk or gained one', async () => {
  const chunkNo = generated.chunks
  const rename = async (from: number, to: number): Promise<void> => {
    await setting.tamper(
      'snapshot_chunk',
      `update snapshot_chunk set chunk_no = ${to}
      where snapshot_id = ${generated.snapshotId} and chunk_no = ${from}`,
    )
  }
  await rename(1, chunkNo)
  expect(await verifySnapshot(setting.pool, generated)).toMatchObject({
    ok: false,
    alteredChunks: [1, chunkNo],
  })
  await rename(chunkNo, 1)
  await setting.tamper(
    'snapshot_chunk',
    `insert into snapshot_chunk select snapshot_id, ${chunkNo},
      first_customer_id, last_customer_id, lines, customers, digest, pack
    from snapshot_chunk where snapshot_id = ${generated.snapshotId} and chunk_no = 1`,
  )
  expect(await verifySnapshot(setting.pool, generated)).toMatchObject({
    ok: false,
    alteredChunks: [chunkNo],
  })
  await setting.tamper(
    'snapshot_chunk',
    `delete from snapshot_chunk where chunk_no = ${chunkNo}
    and snapshot_id = ${generated.snapshotId}`,
  )
  expect(await verifySnapshot(setting.pool, generated)).toMatchObject({ ok: true })
})

describe('a snapshot that is not sealed yet', () => {
  async function openSnapshot(
    ...lines: readonly (readonly [number, number, string])[]
  ): Promise<number> {
    const [it] = await setting.query<{ id: number }>(
      `with new as (insert into import (kind, as_of, file_name, imported_by, started_at)
         values ('snapshot', '2026-01-13', 'x', 'x', now()) returning import_id)
       insert into snapshot (import_id, as_of) select import_id, '2026-01-13' from new
       returning snapshot_id as id`,
    )
    await setting.query('select open_snapshot($1)', [it!.id])
    for (const [lineId, customerId, birthDate] of lines) {
      await setting.query(
        `insert into snapshot_line_${it!.id}
           (line_id, customer_id, activated_on, birth_date, customer_kind, network, line_kind,
           payment, status, plan_restriction)
         values ($1, $2, '2020-01-01', $3, 'individual', 'kt', 'handset', 'postpaid', 'active',
           'none')`,
        [lineId, customerId, birthDate],
      )
    }
    return it!.id
  }

  it('cannot be read as a sealed one, and an unknown one is told from it', async () => {
    const id = await openSnapshot()
    await expect(readSnapshot(setting.pool, id)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_SEALED',
    })
    await expect(readSnapshot(setting.pool, 999_999)).rejects.toMatchObject({
      code: 'SNAPSHOT_UNKNOWN',
    })
  })

  it('stays unsealed and open to change when customers are in conflict', async () => {
    const id = await openSnapshot([1, 1, '1980-01-01'], [2, 1, '1980-01-02'], [3, 2, '1980-01-01'])
    expect(await sealSnapshot(setting.pool, id, { now })).toEqual({
      outcome: 'conflicting_customers',
    })
    await expect(readSnapshot(setting.pool, id)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_SEALED',
    })
    expect(await setting.query('select from snapshot_chunk where snapshot_id = $1', [id])).toEqual(
      [],
    )
    await setting.query(`delete from snapshot_line_${id} where customer_id = 1`)
    const sealing = await sealSnapshot(setting.pool, id, { now })
    expect(sealing).toMatchObject({
      outcome: 'sealed',
      snapshot: { lines: 1, customers: 1, chunks: 1 },
    })
  })

  it('is left as it was when its sealing is aborted or what runs with it fails', async () => {
    const id = await openSnapshot([1, 1, '1980-01-01'])
    await expect(
      sealSnapshot(setting.pool, id, { now, signal: AbortSignal.abort(new Error('stop')) }),
    ).rejects.toThrow('stop')
    const failing = (): Promise<void> => Promise.reject(new Error('no acceptance'))
    await expect(sealSnapshot(setting.pool, id, { now, onSeal: failing })).rejects.toThrow(
      'no acceptance',
    )
    await expect(readSnapshot(setting.pool, id)).rejects.toMatchObject({
      code: 'SNAPSHOT_NOT_SEALED',
    })
    const progress: (readonly number[])[] = []
    const sealing = await sealSnapshot(setting.pool, id, {
      now,
      onProgress: (...it) => progress.push(it),
    })
    expect(sealing.outcome).toBe('sealed')
    expect(progress.at(-1)).toEqual([1, 1])
  })

  it('can be cut otherwise than today, and is verified by its own cut', async () => {
    const id = await openSnapshot([1, 1, '1980-01-01'], [2, 1, '1980-01-01'], [3, 2, '1980-01-02'])
    await sealSnapshot(setting.pool, id, { now, chunkLines: 1 })
    const snapshot = await readSnapshot(setting.pool, id)
    expect(snapshot.chunks).toBe(2)
    expect(await verifySnapshot(setting.pool, snapshot)).toMatchObject({ ok: true })
  })

  it('can be sealed with nobody in service: one chunk covers all who may come', async () => {
    const id = await openSnapshot()
    const sealing = await sealSnapshot(setting.pool, id, { now })
    expect(sealing).toMatchObject({
      outcome: 'sealed',
      snapshot: { lines: 0, customers: 0, chunks: 1 },
    })
    expect(await verifySnapshot(setting.pool, await readSnapshot(setting.pool, id))).toMatchObject({
      ok: true,
    })
  })
})
