/**
 * Personal data stays where it belongs: a whole path with bad rows and failures, everything logged,
 * and then every text that anybody may read is searched for what the files held.
 */
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeAt } from '../../src/db/embedded-home.js'
import { useEmbeddedPostgres } from '../../src/db/embedded-postgres.js'
import { redress } from '../support/cli.js'
import type { CliEnvironment, CliResult } from '../support/cli.js'
import { scanForPersonalData } from '../support/personal-data.js'
import type { SearchedText } from '../support/personal-data.js'
import { endServer } from '../support/postgres-command.js'
import { realRedis } from '../support/redis.js'
import type { RealRedis } from '../support/redis.js'
import { AS_OF, HEADER, nowFor, query, row } from './setting.js'

const CUSTOMERS = 1_500
/** Of years in which nothing else happens, so that each match is a leak. */
const birthDateOf = (index: number): string => {
  const [month, day] = [1 + (Math.floor(index / 28) % 12), 1 + (index % 28)]
  return `${1911 + (index % 7)}-${`${month}`.padStart(2, '0')}-${`${day}`.padStart(2, '0')}`
}
const numberOf = (index: number): string => `0107${`${1_000_000 + index * 613}`.slice(-7)}`

const GOOD = Array.from({ length: CUSTOMERS }, (_, index) =>
  row({
    line_id: `${70_000 + index}`,
    customer_id: `${50_000 + index}`,
    birth_date: birthDateOf(index),
    notice_number: numberOf(index),
  }),
)

/** Values that stand where they must not, one a row; each has to be described and never quoted. */
const MISPLACED = [
  '1911-02-30',
  '19110203x',
  'Kim Minji 900101',
  '010-7777-8888',
  'minji@example.com',
]
const BAD = [
  row({ line_id: '1', customer_id: '1', birth_date: MISPLACED[0]! }),
  row({ line_id: '2', customer_id: '2', birth_date: MISPLACED[1]! }),
  row({ line_id: '3', customer_id: '3', birth_date: MISPLACED[2]! }),
  row({ line_id: '4', customer_id: '4', notice_number: MISPLACED[3]! }),
  `${row({ line_id: '5', customer_id: '5' })},${MISPLACED[4]}`,
  row({
    line_id: '70000',
    customer_id: '50000',
    birth_date: birthDateOf(0),
    notice_number: numberOf(0),
  }),
  row({
    line_id: '6',
    customer_id: '50001',
    birth_date: '1918-09-10',
    notice_number: numberOf(9_999),
  }),
]
const codeOf = (index: number): string => `VCH-${1_000_000 + index * 7_919}-K`
const VOUCHERS = Array.from(
  { length: 500 },
  (_, index) => `${index % 2 === 0 ? 'tving' : 'disney_plus'},${codeOf(index)},2026-12-31`,
)
/** A space in it, the wrong column, a field too many, another date, two codes in one. */
const MISPLACED_CODES = ['VCH-SPACED 1', 'VCH-OPTION-2', 'VCH-FIELDS-3', 'VCH-DATED-4', 'VCH-é-5']
const BAD_VOUCHERS = [
  `tving,${MISPLACED_CODES[0]},2026-12-31`,
  `${MISPLACED_CODES[1]},tving,2026-12-31`,
  `tving,${codeOf(900)},2026-12-31,${MISPLACED_CODES[2]}`,
  `tving,${codeOf(901)},${MISPLACED_CODES[3]}`,
  `tving,${MISPLACED_CODES[4]},2026-12-31`,
  `tving,${codeOf(0)},2027-12-31`,
]
const VALUES = new Set([
  ...MISPLACED_CODES,
  ...[900, 901, ...VOUCHERS.keys()].map(codeOf),
  ...MISPLACED,
  '1918-09-10',
  numberOf(9_999),
  ...GOOD.flatMap((_, index) => [birthDateOf(index), numberOf(index)]),
])

let home: string
let redis: RealRedis
const texts: SearchedText[] = []

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'redress-personal-'))
  redis = await realRedis()
}, 120_000)

afterAll(async () => {
  await endServer(home)
  await redis?.stop()
  rmSync(home, { recursive: true, force: true })
})

/** Everything it says is searched later. */
async function say(as: string, command: string, more: CliEnvironment = {}): Promise<CliResult> {
  const environment = { REDRESS_HOME: home, REDRESS_LOG_LEVEL: 'trace', ...more }
  const now = nowFor(command.split(' '))
  const result = await redress([...command.split(' '), '--as', as, '--now', now], environment)
  texts.push({ name: `stdout of ${command}`, text: result.stdout })
  texts.push({ name: `stderr of ${command}`, text: result.stderr })
  return result
}

function place(name: string, content: string | Buffer): string {
  const path = join(home, name)
  writeFileSync(path, content)
  return path
}

function expectNoPersonalData(): void {
  expect(scanForPersonalData({ values: VALUES, texts })).toEqual([])
}

describe('what a whole path says', () => {
  it('is searched by something that would find it', () => {
    const rows = [...GOOD, ...BAD, ...VOUCHERS, ...BAD_VOUCHERS]
    const texts = [{ name: 'the files', text: [HEADER, ...rows].join('\n') }]
    expect(scanForPersonalData({ values: VALUES, texts }).length).toBe(rows.length)
  })

  it('holds none of it while files are imported, refused and held', async () => {
    const good = place('good.csv', `${[HEADER, ...GOOD, ...BAD].join('\n')}\n`)
    const imported = await say('kim', `snapshot import ${good} --as-of ${AS_OF} --json`)
    expect(imported.exitCode).toBe(0)
    // The conflict takes the customer's other row along.
    expect(imported.json).toMatchObject({ read: 1_507, accepted: 1_499, quarantined: 8 })
    expect((await say('kim', `quarantine show ${imported.json.import_id} --json`)).exitCode).toBe(0)
    expect((await say('kim', `quarantine show ${imported.json.import_id}`)).exitCode).toBe(0)
    const held = place('held.csv', `${[HEADER, ...GOOD, ...BAD].join('\n')}\n\n`)
    const importing = `snapshot import ${held} --as-of ${AS_OF} --max-quarantine 2 --json`
    expect((await say('kim', importing)).exitCode).toBe(3)
    const refused = [
      ['quote.csv', `${HEADER}\n"${GOOD.slice(0, 20).join('\n')}`],
      [
        'bytes.csv',
        Buffer.concat([Buffer.from(`${HEADER}\n${GOOD[0]}\n`), Buffer.from([0xc7, 0x20])]),
      ],
      ['header.csv', `${GOOD[0]}\n${GOOD[1]}\n`],
    ] as const
    for (const [name, content] of refused) {
      const { exitCode } = await say(
        'kim',
        `snapshot import ${place(name, content)} --as-of ${AS_OF} --json --verbose`,
      )
      expect({ name, exitCode }).toEqual({ name, exitCode: 2 })
    }
    expectNoPersonalData()
  }, 120_000)

  it('holds none of it while a period is planned, approved, run and verified', async () => {
    const plan = await say('kim', 'plan 2026-02 --snapshot 1 --json')
    expect((await say('kim', `approve ${plan.json.plan_id} --json`)).exitCode).toBe(4)
    expect((await say('lee', `approve ${plan.json.plan_id} --json`)).exitCode).toBe(0)
    expect((await say('kim', `run 2026-02 --plan ${plan.json.plan_id} --json`)).exitCode).toBe(0)
    expect((await say('kim', 'runs show 1 --json')).exitCode).toBe(0)
    expect((await say('kim', 'runs list')).exitCode).toBe(0)
    expect((await say('kim', 'ledger verify --replay')).exitCode).toBe(0)
    const out = join(home, 'entries.csv')
    expect((await say('kim', `ledger export --out ${out}`)).exitCode).toBe(0)
    texts.push({ name: 'the export', text: readFileSync(out, 'utf8') })
    expectNoPersonalData()
  }, 120_000)

  it('holds none of it while voucher codes are imported, held, shown and exported', async () => {
    const header = 'option,code,expires_on'
    const codes = place('codes.csv', [header, ...VOUCHERS, ...BAD_VOUCHERS, ''].join('\n'))
    const imported = await say('kim', `vouchers import ${codes} --json --verbose`)
    expect(imported.exitCode).toBe(0)
    expect(imported.json).toMatchObject({ read: 506, accepted: 500, quarantined: 6 })
    expect((await say('kim', `quarantine show ${imported.json.import_id} --json`)).exitCode).toBe(0)
    const bad = place('bad-codes.csv', [header, ...BAD_VOUCHERS, ''].join('\n'))
    const importing = `vouchers import ${bad} --max-quarantine 1 --verbose`
    expect((await say('kim', importing)).exitCode).toBe(3)
    const headless = place('headless.csv', VOUCHERS.join('\n'))
    expect((await say('kim', `vouchers import ${headless} --verbose`)).exitCode).toBe(2)
    expect((await say('kim', 'vouchers show --json')).exitCode).toBe(0)
    const { publicKey } = generateKeyPairSync('x25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    const key = place('sender.pem', publicKey)
    await ask(`insert into voucher_issue (code_id, line_id, run_id)
       select code_id, 70000 + code_id, 1 from voucher_code`)
    const out = join(home, 'codes.sealed')
    const exporting = `vouchers export --run 1 --to ${key} --out ${out} --verbose`
    expect((await say('kim', exporting)).exitCode).toBe(0)
    texts.push({ name: 'the sealed export', text: readFileSync(out, 'latin1') })
    const foreign = { REDRESS_DATA_KEY: Buffer.alloc(32, 3).toString('base64') }
    const more = place('more-codes.csv', [header, ...VOUCHERS.slice(0, 5), ''].join('\n'))
    expect((await say('kim', `vouchers import ${more} --verbose`, foreign)).exitCode).toBe(2)
    await ask('alter table voucher_code rename to hidden_code')
    const failed = await say('kim', `vouchers import ${more} --verbose`)
    await ask('alter table hidden_code rename to voucher_code')
    expect(failed.exitCode).toBe(1)
    const dumped = await ask('select to_jsonb(it)::text as row from voucher_code it')
    texts.push({ name: 'voucher_code', text: dumped.map((it) => it['row']).join('\n') })
    expect(dumped).toHaveLength(500)
    expectNoPersonalData()
  }, 120_000)

  it('holds none of it while rows in the database were altered and a table is gone', async () => {
    await ask(`alter table snapshot_line_1 disable trigger user;
      update snapshot_line_1 set birth_date = '1912-01-02' where line_id = 70005;
      alter table snapshot_line_1 enable trigger user`)
    expect((await say('kim', 'snapshot verify 1 --verbose')).exitCode).toBe(3)
    expect((await say('kim', 'ledger verify --replay --verbose')).exitCode).toBe(3)
    await ask('alter table quarantined_row rename to hidden_row')
    const more = place('more.csv', [HEADER, ...BAD, GOOD[3], ''].join('\n'))
    const failed = await say('kim', `snapshot import ${more} --as-of ${AS_OF} --verbose`)
    await ask('alter table hidden_row rename to quarantined_row')
    expect(failed.exitCode).toBe(1)
    expectNoPersonalData()
  }, 120_000)
})

describe('what the servers keep', () => {
  it('holds none of it in the queue of PostgreSQL', async () => {
    expect((await say('kim', 'run 2026-03 --snapshot 1 --yes --detach --json')).exitCode).toBe(0)
    const tables = await ask(`select tablename as name from pg_tables where schemaname = 'bullmq'`)
    for (const { name } of tables) {
      const rows = await ask(`select to_jsonb(it)::text as row from bullmq.${String(name)} it`)
      texts.push({ name: `bullmq.${String(name)}`, text: rows.map((it) => it['row']).join('\n') })
    }
    const messages = texts.filter((it) => it.name.startsWith('bullmq.')).map((it) => it.text)
    expect(messages.join('\n')).toMatch(/"runId": ?"2"/)
    expectNoPersonalData()
  }, 60_000)

  it('holds none of it in the keys of Redis', async () => {
    const onRedis = { REDIS_URL: redis.url }
    expect((await say('kim', 'runs resume 2 --detach --json', onRedis)).exitCode).toBe(0)
    const dumped = await dumpOf(redis.url)
    texts.push({ name: 'Redis', text: dumped })
    expect(dumped).toMatch(/"runId":"2"/)
    expect((await say('kim', 'runs resume 2 --json', onRedis)).exitCode).toBe(0)
    texts.push({ name: 'Redis after the run', text: await dumpOf(redis.url) })
    expectNoPersonalData()
  }, 60_000)

  it('holds none of it in the logs of the embedded server and its keeper', () => {
    const { folder } = homeAt(home)
    const logs = readdirSync(folder).filter((it) => it.endsWith('.log'))
    expect(logs).toContain('postgres.log')
    for (const name of logs) texts.push({ name, text: readFileSync(join(folder, name), 'utf8') })
    expectNoPersonalData()
  })
})

/** Between two commands the server would stop by itself, perhaps in the middle of a query. */
async function ask(statement: string): Promise<Awaited<ReturnType<typeof query>>> {
  const server = await useEmbeddedPostgres({ home })
  try {
    return await query(server.url, statement)
  } finally {
    await server.release()
  }
}

async function dumpOf(url: string): Promise<string> {
  const client = new Redis(url, { maxRetriesPerRequest: 1 })
  try {
    const parts: string[] = []
    for (const key of await client.keys('*')) {
      parts.push(key, JSON.stringify(await valueOf(client, key)))
    }
    return parts.join('\n').replaceAll('\\"', '"')
  } finally {
    client.disconnect()
  }
}

async function valueOf(client: Redis, key: string): Promise<unknown> {
  switch (await client.type(key)) {
    case 'string':
      return await client.get(key)
    case 'hash':
      return await client.hgetall(key)
    case 'list':
      return await client.lrange(key, 0, -1)
    case 'set':
      return await client.smembers(key)
    case 'zset':
      return await client.zrange(key, '0', '-1')
    case 'stream':
      return await client.xrange(key, '-', '+')
    default:
      throw new Error(`a type that this test does not read, at ${key}`)
  }
}
