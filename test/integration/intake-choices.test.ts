/** Choices and applications into a real database: duplicates, withdrawals, ids used again. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importChoicesFile } from '../../src/intake/import-staged-file.js'
import { quarantinePlace } from '../../src/intake/quarantine.js'
import { quarantineReport, readQuarantined } from '../../src/intake/quarantine-store.js'
import { intakeSetting } from './intake-setting.js'
import type { IntakeSetting } from './intake-setting.js'

let setting: IntakeSetting
beforeAll(async () => {
  setting = await intakeSetting()
})
afterAll(async () => {
  await setting.close()
})

const HEADER =
  'choice_id,line_id,benefit,option,channel,chosen_at,guardian_consent,withdrawn_at' as const
interface Choice {
  readonly choice_id: string
  readonly line_id?: number
  readonly benefit?: string
  readonly option?: string
  readonly channel?: string
  readonly chosen_at?: string
  readonly guardian_consent?: string
  readonly withdrawn_at?: string
}
const PLAIN = {
  line_id: 101,
  benefit: 'ott_pass',
  option: 'tving',
  channel: 'app',
  chosen_at: '2026-02-03T09:00:00+09:00',
  guardian_consent: '',
  withdrawn_at: '',
}
const row = (choice: Choice): string => {
  const values: Readonly<Record<string, unknown>> = { ...PLAIN, ...choice }
  return HEADER.split(',')
    .map((it) => values[it])
    .join(',')
}
const text = (...choices: readonly Choice[]): string => [HEADER, ...choices.map(row), ''].join('\n')

interface Told {
  readonly counts: readonly number[]
  readonly importId: string
  /** Of quarantined rows: line, column and reason. */
  readonly faults: readonly string[]
}
async function imported(...choices: readonly Choice[]): Promise<Told> {
  const budget = { rows: 1_000, percent: 0 }
  const report = await importChoicesFile({ ...setting.optionsFor(text(...choices)), budget })
  const { read, accepted, quarantined, duplicate, importId } = report
  const { rows } = await quarantineReport(setting.pool, importId)
  const faults = rows.map((it) => `${it.lineNo} ${it.column} ${it.reason}`)
  return { counts: [read, accepted, quarantined, duplicate], importId, faults }
}
const countsOf = async (...choices: readonly Choice[]): Promise<readonly number[]> =>
  (await imported(...choices)).counts

const W1 = '2026-02-04T09:00:00+09:00'
const W2 = '2026-02-05T09:00:00+09:00'

test('a choice is stored as it came, with its import', async () => {
  const { importId, counts } = await imported(
    { choice_id: 'stored-1', guardian_consent: 'false', withdrawn_at: W1 },
    { choice_id: 'stored-2', benefit: 'insurance', option: '', channel: 'call_center' },
  )
  expect(counts).toEqual([2, 2, 0, 0])
  const rows = await setting.query(
    `select * from choice where choice_id like 'stored-%' order by choice_id`,
  )
  expect(rows).toEqual([
    {
      choice_id: 'stored-1',
      line_id: '101',
      benefit: 'ott_pass',
      option: 'tving',
      channel: 'app',
      chosen_at: '2026-02-03T00:00:00.000Z',
      guardian_consent: false,
      withdrawn_at: '2026-02-04T00:00:00.000Z',
      import_id: importId,
    },
    {
      choice_id: 'stored-2',
      line_id: '101',
      benefit: 'insurance',
      option: null,
      channel: 'call_center',
      chosen_at: '2026-02-03T00:00:00.000Z',
      guardian_consent: null,
      withdrawn_at: null,
      import_id: importId,
    },
  ])
})

test('the same content is a duplicate, however it is written, in any file', async () => {
  const choice = { choice_id: 'same' }
  expect(await countsOf(choice, choice)).toEqual([2, 1, 0, 1])
  const utc = { ...choice, chosen_at: '2026-02-03T00:00:00Z' }
  expect(await countsOf(utc, { ...choice, choice_id: 'same-2' })).toEqual([2, 1, 0, 1])
})

test('a first withdrawal is accepted beside the choice, the old row a duplicate', async () => {
  const choice = { choice_id: 'withdrawn' }
  expect(await countsOf(choice)).toEqual([1, 1, 0, 0])
  const later = await imported({ ...choice, withdrawn_at: W1 })
  expect(later.counts).toEqual([1, 1, 0, 0])
  expect(await countsOf(choice, { ...choice, withdrawn_at: W1 }, { choice_id: 'w-x' })).toEqual([
    3, 1, 0, 2,
  ])
  expect((await imported({ ...choice, withdrawn_at: W2 })).faults).toEqual([
    '2 withdrawn_at ID_REUSED',
  ])
  expect(
    await setting.query(`select * from choice_withdrawal where choice_id = 'withdrawn'`),
  ).toEqual([
    {
      choice_id: 'withdrawn',
      withdrawn_at: '2026-02-04T00:00:00.000Z',
      import_id: later.importId,
    },
  ])
  expect(
    await setting.query(`select withdrawn_at from choice where choice_id = 'withdrawn'`),
  ).toEqual([{ withdrawn_at: null }])
})

test('a choice that came withdrawn stays so: neither another time nor none', async () => {
  const choice = { choice_id: 'came-withdrawn', withdrawn_at: W1 }
  expect(await countsOf(choice)).toEqual([1, 1, 0, 0])
  const again = await imported(
    choice,
    { ...choice, withdrawn_at: '' },
    { ...choice, withdrawn_at: W2 },
  )
  expect(again.counts).toEqual([3, 0, 2, 1])
  expect(again.faults).toEqual(['3 withdrawn_at ID_REUSED', '4 withdrawn_at ID_REUSED'])
})

test('within a file the first row counts, and the first withdrawal', async () => {
  const choice = { choice_id: 'in-file' }
  const told = await imported(
    choice,
    { ...choice, option: 'disney_plus' },
    { ...choice, withdrawn_at: W2 },
    choice,
    { ...choice, withdrawn_at: W1 },
    { ...choice, withdrawn_at: W2 },
    { ...choice, line_id: 102, withdrawn_at: W2 },
  )
  expect(told.counts).toEqual([7, 2, 3, 2])
  expect(told.faults).toEqual([
    '3 option ID_REUSED',
    '6 withdrawn_at ID_REUSED',
    '8 line_id ID_REUSED',
  ])
})

test.each([
  ['line_id', { line_id: 102 }],
  ['benefit', { benefit: 'insurance', option: '' }],
  ['option', { option: 'disney_plus' }],
  ['channel', { channel: 'store' }],
  ['chosen_at', { chosen_at: '2026-02-03T09:00:00.000001+09:00' }],
  ['guardian_consent', { guardian_consent: 'false' }],
  ['channel', { channel: 'store', chosen_at: '2026-02-02T09:00:00+09:00', withdrawn_at: W1 }],
])('of a known id another %s is the first difference', async (column, changes) => {
  const choice = {
    choice_id: `differs ${JSON.stringify(changes)}`.replaceAll(/[",]/g, '').slice(0, 64),
  }
  expect(await countsOf(choice)).toEqual([1, 1, 0, 0])
  const told = await imported({ ...choice, ...changes })
  expect(told.counts).toEqual([1, 0, 1, 0])
  expect(told.faults).toEqual([`2 ${column} ID_REUSED`])
  const [sealed] = await readQuarantined(setting.pool, told.importId)
  const raw = setting.cipher.open(sealed!.rawSealed, quarantinePlace(told.importId, 2))
  expect(raw.toString()).toBe(row({ ...choice, ...changes }))
})

test('a bad row is no first row', async () => {
  const told = await imported(
    { choice_id: 'after-bad', option: 'netflix' },
    { choice_id: 'after-bad', option: 'disney_plus' },
    { choice_id: 'after-bad', withdrawn_at: '2026-02-03T08:59:59+09:00' },
  )
  expect(told.counts).toEqual([3, 1, 2, 0])
  expect(told.faults).toEqual(['2 option NOT_IN_LIST', '4 withdrawn_at INSTANT_TOO_EARLY'])
})

test('more ids used again than the budget hold the import, nothing is stored', async () => {
  const choices = Array.from({ length: 12 }, (_, it) => ({ choice_id: `held-${it}` }))
  const again = choices.map((it) => ({ ...it, channel: 'web' }))
  const options = setting.optionsFor(text(...choices, ...again))
  const refusal = await importChoicesFile(options).catch((it: unknown) => it)
  expect(refusal).toMatchObject({
    code: 'QUARANTINE_BUDGET',
    exitCode: 3,
    details: { quarantined: 12, read: 24 },
  })
  expect(await setting.query(`select 1 from choice where choice_id like 'held-%'`)).toEqual([])
  expect(await setting.query(`select 1 from import where state = 'held'`)).toHaveLength(1)
  expect(await setting.leftovers()).toEqual([])
  const allowed = { ...options, budget: { rows: 12, percent: 0 } }
  expect(await importChoicesFile(allowed)).toMatchObject({ accepted: 12, quarantined: 12 })
  expect(await importChoicesFile(allowed)).toMatchObject({ already: true, accepted: 12 })
})

test('two imports at a time do not both take their row for the first', async () => {
  const files = ['app', 'web'].map((channel) =>
    setting.optionsFor(text({ choice_id: 'at-once', channel })),
  )
  const reports = await Promise.all(files.map(importChoicesFile))
  expect(reports.map((it) => it.accepted + it.quarantined)).toEqual([1, 1])
  expect(reports.reduce((sum, it) => sum + it.accepted, 0)).toBe(1)
})

test('an abort leaves nothing, whether rows are still read or all were', async () => {
  const choices = Array.from({ length: 30_000 }, (_, it) => ({ choice_id: `abort-${it}` }))
  const file = text(...choices, ...choices.map((it) => ({ ...it, line_id: 7 })))
  for (const stopAt of [1, 60_000]) {
    const options = { ...setting.optionsFor(file), budget: { rows: 0, percent: 100 } }
    const stop = new AbortController()
    const onProgress = ({ rows }: { readonly rows: number }): void => {
      if (rows >= stopAt) stop.abort()
    }
    const aborted = importChoicesFile({ ...options, signal: stop.signal, onProgress })
    await expect(aborted).rejects.toMatchObject({
      code: 'INTERRUPTED',
      message: `interrupted; go on with \`redress choices import ${options.path}\``,
    })
    expect(await setting.leftovers()).toEqual([])
    expect(await setting.query(`select 1 from choice where choice_id like 'abort-%'`)).toEqual([])
  }
  const options = { ...setting.optionsFor(file), budget: { rows: 0, percent: 100 } }
  expect(await importChoicesFile(options)).toMatchObject({
    read: 60_000,
    accepted: 30_000,
    quarantined: 30_000,
    duplicate: 0,
  })
})

/** What a clerk with a card index would do, row by row. */
class CardIndex {
  readonly #cards = new Map<string, { core: string; first: string; later: string }>()

  take(choice: Required<Pick<Choice, 'choice_id' | 'channel' | 'withdrawn_at'>>): string {
    const { choice_id: id, channel: core, withdrawn_at: withdrawn } = choice
    const card = this.#cards.get(id)
    if (card === undefined) {
      this.#cards.set(id, { core, first: withdrawn, later: '' })
      return 'accepted'
    }
    if (card.core !== core) return 'channel'
    if (withdrawn === card.first) return 'duplicate'
    if (card.first !== '') return 'withdrawn_at'
    if (card.later === '') {
      card.later = withdrawn
      return 'accepted'
    }
    return withdrawn === card.later ? 'duplicate' : 'withdrawn_at'
  }
}

test('random files in a row end as row by row', async () => {
  let history = 0
  const drawn = fc.record({
    choice_id: fc.constantFrom('a', 'b', 'c'),
    channel: fc.constantFrom('app', 'app', 'app', 'web'),
    withdrawn_at: fc.constantFrom('', '', W1, W2),
  })
  const files = fc.array(fc.array(drawn, { minLength: 1, maxLength: 8 }), {
    minLength: 1,
    maxLength: 3,
  })
  await fc.assert(
    fc.asyncProperty(files, async (drafts) => {
      history += 1
      const index = new CardIndex()
      for (const [file, draft] of drafts.entries()) {
        const choices = draft.map((it) => ({ ...it, choice_id: `${history}-${it.choice_id}` }))
        const verdicts = choices.map((it) => index.take(it))
        // A last row of its own, so that no two files are the same bytes.
        const told = await imported(...choices, { choice_id: `${history}-file-${file}` })
        const count = (verdict: string): number => verdicts.filter((it) => it === verdict).length
        const reused = verdicts.flatMap((it, at) =>
          it === 'channel' || it === 'withdrawn_at' ? [`${at + 2} ${it} ID_REUSED`] : [],
        )
        const accepted = count('accepted') + 1
        const counts = [choices.length + 1, accepted, reused.length, count('duplicate')]
        expect({ counts: told.counts, faults: told.faults }).toEqual({ counts, faults: reused })
      }
    }),
    { numRuns: 60 },
  )
})
