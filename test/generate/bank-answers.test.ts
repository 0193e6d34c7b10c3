/** The made-up bank: its reports are valid, tell of every transfer, and are the same each time. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { answerPayments } from '../../src/generate/bank-answers.js'
import type { BankHour, BankTold } from '../../src/generate/bank-answers.js'
import { PAIN_001 } from '../../src/payouts/pain001.js'
import { transfersOf, written } from '../payouts/bank-messages.js'
import { readValid } from '../payouts/schema.js'

const COUNT = 4_000
let folder: string
let sent: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'redress-bank-'))
  sent = join(folder, 'sent.xml')
  writeFileSync(sent, (await written(PAIN_001, transfersOf(COUNT))).content)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

type Reports = Readonly<Record<BankHour, string>>

async function ask(name: string, seed: number): Promise<{ told: BankTold; reports: Reports }> {
  const file = (hour: BankHour): string => join(folder, `${name}-${hour}.xml`)
  const reports = { taken: file('taken'), results: file('results'), nextDay: file('nextDay') }
  return { told: await answerPayments({ sent, seed, reports }), reports }
}

function statuses(path: string): ReadonlyMap<string, string> {
  const [ids = [], states = []] = readValid(readFileSync(path), 'pain.002.001.14', [
    '//d:TxInfAndSts/d:OrgnlEndToEndId',
    '//d:TxInfAndSts/d:TxSts',
  ])
  return new Map(ids.map((id, index) => [id, states[index] ?? '']))
}

test('takes all, refuses some, settles what was open, takes a few back', async () => {
  const { told, reports } = await ask('a', 1)
  expect(told.transfers).toBe(COUNT)
  const [taken, results, nextDay] = [reports.taken, reports.results, reports.nextDay].map(statuses)
  expect([taken?.size, results?.size]).toEqual([COUNT, COUNT])
  expect(new Set(taken?.values())).toEqual(new Set(['ACSP']))
  expect(new Set(results?.values())).toEqual(new Set(['ACSC', 'RJCT', 'PDNG']))
  const kinds = new Set([...(nextDay ?? [])].map(([id, is]) => `${results?.get(id)} ${is}`))
  expect(kinds).toEqual(new Set(['PDNG ACSC', 'ACSC ACSC', 'ACSC RJCT', 'RJCT RJCT']))
  const open = [...(results ?? [])].filter(([, is]) => is === 'PDNG')
  expect(open.map(([id]) => nextDay?.get(id))).toEqual(open.map(() => 'ACSC'))

  const last = new Map([...(results ?? []), ...(nextDay ?? [])])
  const refused = [...last].filter(([, is]) => is === 'RJCT').map(([id]) => id)
  expect(told.bounced.map((it) => it.endToEndId).toSorted()).toEqual(refused.toSorted())
  expect(new Set(told.bounced.map((it) => it.reason)).size).toBe(4)
})

test('the same file and seed give the same bytes, another seed others', async () => {
  const [first, again, other] = [await ask('b', 7), await ask('c', 7), await ask('d', 8)]
  const bytes = ({ reports }: typeof first): readonly string[] =>
    Object.values(reports).map((it) => readFileSync(it, 'utf8'))
  expect(bytes(again)).toEqual(bytes(first))
  expect(bytes(other)).not.toEqual(bytes(first))
})

test('a file without transfers is refused', async () => {
  const empty = join(folder, 'empty.xml')
  writeFileSync(empty, '<Document/>\n')
  const out = join(folder, 'never.xml')
  await expect(
    answerPayments({ sent: empty, seed: 1, reports: { results: out } }),
  ).rejects.toMatchObject({ code: 'FILE_UNUSABLE' })
})
