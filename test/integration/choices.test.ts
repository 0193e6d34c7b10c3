/**
 * Choices of a pass through plan and run, edge by edge (contracts §2.3 and §3). Where a table lists
 * cases, each is one line and all of them go through one run.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { COMPANY, LedgerSetting } from '../support/builders.js'
import type { ChoiceDraft } from '../support/builders.js'
import { answersOf, expectSound, historyOf } from './answers.js'

let setting: LedgerSetting
beforeEach(async () => {
  setting = await LedgerSetting.open()
})
afterEach(async () => {
  await setting.close()
})

/** Of one line each, named by it. */
interface PassCase {
  readonly name: string
  readonly line?: Readonly<Record<string, string>>
  readonly choices: readonly Omit<ChoiceDraft, 'line'>[]
  readonly answer: string
}

const TVING = 'tving'
const DISNEY = 'disney_plus'

/** Runs one case a line and tells what each was answered, by name. */
async function passAnswers(
  cases: readonly PassCase[],
  period: string,
  now: string,
): Promise<Readonly<Record<string, string>>> {
  const snapshot = await setting.importLines(
    cases.map((it, index) => ({ line_id: index + 1, customer_id: index + 1, ...it.line })),
  )
  await setting.importVouchers({ option: TVING, codes: 99 }, { option: DISNEY, codes: 99 })
  await setting.importChoices(
    ...cases.flatMap((it, index) =>
      it.choices.map((choice) => ({ option: TVING, ...choice, line: index + 1 }) as const),
    ),
  )
  const run = await setting.planAndExecute(period, { now })
  expect(run.heldBecause).toBeNull()
  const lines = cases.map((_, index) => index + 1)
  const answers = await answersOf(setting, snapshot, period, 'ott_pass', lines)
  return Object.fromEntries(cases.map((it, index) => [it.name, answers[index + 1]!]))
}

const named = (cases: readonly PassCase[]): Readonly<Record<string, string>> =>
  Object.fromEntries(cases.map((it) => [it.name, it.answer]))

const NOW = '2026-02-10T09:00:00+09:00'
const TVING_PASS = 'tving 2026-02-10 … 2026-08-09'
const DISNEY_PASS = 'disney_plus 2026-02-10 … 2026-08-09'
const FEBRUARY: readonly PassCase[] = [
  { name: 'none', choices: [], answer: 'NO_CHOICE' },
  { name: 'one', choices: [{ at: '2026-02-03T10:00:00+09:00' }], answer: TVING_PASS },
  {
    name: 'changed',
    choices: [
      { at: '2026-02-05T10:00:00+09:00', option: DISNEY },
      { at: '2026-02-03T10:00:00+09:00' },
    ],
    answer: DISNEY_PASS,
  },
  {
    name: 'changed back',
    choices: [
      { at: '2026-02-03T10:00:00+09:00' },
      { at: '2026-02-04T10:00:00+09:00', option: DISNEY },
      { at: '2026-02-04T10:00:01+09:00' },
    ],
    answer: TVING_PASS,
  },
  {
    name: 'last one withdrawn',
    choices: [
      { at: '2026-02-03T10:00:00+09:00' },
      {
        at: '2026-02-05T10:00:00+09:00',
        option: DISNEY,
        withdrawnAt: '2026-02-06T00:00:00+09:00',
      },
    ],
    answer: TVING_PASS,
  },
  {
    name: 'the only one withdrawn',
    choices: [{ at: '2026-02-03T10:00:00+09:00', withdrawnAt: '2026-02-10T08:59:59+09:00' }],
    answer: 'NO_CHOICE',
  },
  {
    name: 'withdrawn at now',
    choices: [{ at: '2026-02-03T10:00:00+09:00', withdrawnAt: NOW }],
    answer: TVING_PASS,
  },
  {
    name: 'a second before the window',
    choices: [{ at: '2026-01-31T23:59:59+09:00' }],
    answer: 'NO_CHOICE',
  },
  {
    name: 'as the window opens',
    choices: [{ at: '2026-02-01T00:00:00+09:00' }],
    answer: TVING_PASS,
  },
  {
    name: 'as it opens, told in UTC',
    choices: [{ at: '2026-01-31T15:00:00Z' }],
    answer: TVING_PASS,
  },
  {
    name: 'a second before now',
    choices: [{ at: '2026-02-10T08:59:59+09:00' }],
    answer: TVING_PASS,
  },
  { name: 'at now', choices: [{ at: NOW }], answer: 'NO_CHOICE' },
  {
    name: 'the later one at now',
    choices: [{ at: '2026-02-03T10:00:00+09:00' }, { at: NOW, option: DISNEY }],
    answer: TVING_PASS,
  },
]

describe('a pass', () => {
  it('goes by the last choice in its window that is not withdrawn before now', async () => {
    expect(await passAnswers(FEBRUARY, '2026-02', NOW)).toEqual(named(FEBRUARY))
    await expectSound(setting)
  })

  it('takes choices up to the end of the period, and of the window', async () => {
    const now = '2026-08-31T12:00:00+09:00'
    const pass = 'tving 2026-08-31 … 2027-02-28'
    const cases: readonly PassCase[] = [
      { name: 'the last second', choices: [{ at: '2026-07-31T23:59:59+09:00' }], answer: pass },
      {
        name: 'midnight after',
        choices: [{ at: '2026-08-01T00:00:00+09:00' }],
        answer: 'NO_CHOICE',
      },
      {
        name: 'changed too late',
        choices: [
          { at: '2026-07-31T23:59:59+09:00' },
          { at: '2026-08-01T00:00:00+09:00', option: DISNEY },
        ],
        answer: pass,
      },
      {
        name: 'withdrawn after the window',
        choices: [{ at: '2026-07-01T00:00:00+09:00', withdrawnAt: '2026-08-20T00:00:00+09:00' }],
        answer: 'NO_CHOICE',
      },
      { name: 'early in the window', choices: [{ at: '2026-02-01T00:00:00+09:00' }], answer: pass },
    ]
    expect(await passAnswers(cases, '2026-07', now)).toEqual(named(cases))
  })

  it('leaves what was chosen after the end of its period to the next one', async () => {
    const cases: readonly PassCase[] = [
      {
        name: 'the last second',
        choices: [{ at: '2026-02-28T23:59:59+09:00' }],
        answer: 'tving 2026-03-15 … 2026-09-14',
      },
      {
        name: 'midnight after',
        choices: [{ at: '2026-03-01T00:00:00+09:00' }],
        answer: 'NO_CHOICE',
      },
      {
        name: 'changed after it',
        choices: [
          { at: '2026-02-28T23:59:59+09:00' },
          { at: '2026-03-01T00:00:00+09:00', option: DISNEY },
        ],
        answer: 'tving 2026-03-15 … 2026-09-14',
      },
    ]
    expect(await passAnswers(cases, '2026-02', '2026-03-15T00:00:00+09:00')).toEqual(named(cases))
    const march = await setting.planAndExecute('2026-03', { now: '2026-03-16T00:00:00+09:00' })
    expect(march.balance?.['ott_pass']).toMatchObject({ granted: 1, refused: 2 })
    expect(await historyOf(setting, '2026-03', 'ott_pass')).toEqual([
      '2 grant CHOSEN tving 2026-03-16',
    ])
    await expectSound(setting)
  })

  it('is for lines that can have one and are in service as the period starts', async () => {
    const choices = [{ at: '2026-02-03T10:00:00+09:00' }] as const
    const pass = 'tving 2026-03-31 … 2026-09-30'
    const cases: readonly PassCase[] = [
      { name: 'mvno', line: { network: 'mvno' }, choices, answer: 'MVNO' },
      { name: 'iot', line: { line_kind: 'iot' }, choices, answer: 'IOT' },
      { name: 'tablet', line: { line_kind: 'tablet' }, choices, answer: 'SECOND_DEVICE' },
      { name: 'watch', line: { line_kind: 'watch' }, choices, answer: 'SECOND_DEVICE' },
      { name: 'prepaid', line: { payment: 'prepaid' }, choices, answer: pass },
      { name: 'suspended', line: { status: 'suspended' }, choices, answer: pass },
      { name: 'company', line: COMPANY, choices, answer: pass },
      { name: 'gone at the start', choices, answer: 'TERMINATED' },
      { name: 'gone a second later', choices, answer: pass },
      { name: 'gone and back', choices, answer: pass },
    ]
    await setting.importStatuses(
      '8,terminated,2026-03-01T00:00:00+09:00',
      '9,terminated,2026-03-01T00:00:01+09:00',
      '10,terminated,2026-02-10T00:00:00+09:00',
      '10,active,2026-03-01T00:00:00+09:00',
    )
    // A choice of a line that no snapshot knows is accepted and stays without effect.
    await setting.importChoices({ line: 999, at: '2026-02-03T10:00:00+09:00', option: TVING })
    expect(await passAnswers(cases, '2026-03', '2026-03-31T00:00:00+09:00')).toEqual(named(cases))
    await expectSound(setting)
  })
})

const LINES = [1, 2, 3, 4, 5, 6] as const

/** Six lines that chose tving on 3 February and got their pass on the 10th. */
async function issued(): Promise<SealedSnapshot> {
  const snapshot = await setting.importLines(
    LINES.map((line) => ({ line_id: line, customer_id: line })),
  )
  await setting.importVouchers({ option: TVING, codes: 20 }, { option: DISNEY, codes: 20 })
  await setting.importChoices(
    ...LINES.map((line) => ({ line, at: '2026-02-03T10:00:00+09:00', option: TVING }) as const),
  )
  const run = await setting.planAndExecute('2026-02', { now: '2026-02-10T09:00:00+09:00' })
  expect(run.balance?.['ott_pass']).toMatchObject({ granted: 6, refused: 0 })
  return snapshot
}

/** Runs February again; what is run once more after it finds nothing to do. */
async function runAgain(now: string): Promise<readonly string[]> {
  const before = await historyOf(setting, '2026-02', 'ott_pass')
  const run = await setting.planAndExecute('2026-02', { now })
  expect({ state: run.state, heldBecause: run.heldBecause }).toEqual({
    state: 'closed',
    heldBecause: null,
  })
  const after = await historyOf(setting, '2026-02', 'ott_pass')
  const settled = await setting.planAndExecute('2026-02', { now })
  expect(settled.balance?.['ott_pass']).toMatchObject({ granted: 0, reversed: 0 })
  await expectSound(setting)
  return after.slice(before.length)
}

describe('a pass that was issued', () => {
  it('stays as it is, whatever is chosen or withdrawn after its issue', async () => {
    await issued()
    const [first] = LINES.map((line) => ({ line, at: '2026-02-03T10:00:00+09:00', option: TVING }))
    await setting.importChoices(
      { ...first!, option: TVING, withdrawnAt: '2026-02-10T09:00:00+09:00' },
      { line: 2, at: '2026-02-10T09:00:00+09:00', option: DISNEY },
      { line: 3, at: '2026-02-20T09:00:00+09:00', option: DISNEY },
    )
    expect(await runAgain('2026-02-25T09:00:00+09:00')).toEqual([])
    const march = await setting.planAndExecute('2026-03', { now: '2026-03-05T09:00:00+09:00' })
    expect(march.balance?.['ott_pass']).toMatchObject({ granted: 0, reversed: 0, refused: 6 })
    expect(await historyOf(setting, '2026-03', 'ott_pass')).toEqual([])
  })

  it('is reversed when a withdrawal before its issue becomes known after it', async () => {
    const snapshot = await issued()
    const at = '2026-02-03T10:00:00+09:00'
    await setting.importChoices(
      { line: 1, at, option: TVING, withdrawnAt: '2026-02-10T08:59:59+09:00' },
      // Withdrawn, and chosen anew before the issue or after it.
      { line: 2, at, option: TVING, withdrawnAt: '2026-02-08T00:00:00+09:00' },
      { line: 2, at: '2026-02-09T00:00:00+09:00', option: TVING },
      { line: 3, at, option: TVING, withdrawnAt: '2026-02-08T00:00:00+09:00' },
      { line: 3, at: '2026-02-20T00:00:00+09:00', option: DISNEY },
      { line: 4, at, option: TVING, withdrawnAt: '2026-02-08T00:00:00+09:00' },
      { line: 4, at: '2026-02-20T00:00:00+09:00', option: TVING },
    )
    expect(await runAgain('2026-02-25T09:00:00+09:00')).toEqual([
      '1 reversal NO_CHOICE tving 2026-02-10',
      '3 reversal GRANT_CHANGED tving 2026-02-10',
      '3 grant CHOSEN disney_plus 2026-02-25',
      '4 reversal GRANT_CHANGED tving 2026-02-10',
      '4 grant CHOSEN tving 2026-02-25',
    ])
    expect(await answersOf(setting, snapshot, '2026-02', 'ott_pass', LINES)).toEqual({
      1: 'NO_CHOICE',
      2: 'tving 2026-02-10 … 2026-08-09',
      3: 'disney_plus 2026-02-25 … 2026-08-24',
      4: 'tving 2026-02-25 … 2026-08-24',
      5: 'tving 2026-02-10 … 2026-08-09',
      6: 'tving 2026-02-10 … 2026-08-09',
    })
  })

  it('is exchanged when another choice before its issue becomes known after it', async () => {
    await issued()
    await setting.importChoices(
      { line: 1, at: '2026-02-10T08:59:59+09:00', option: DISNEY },
      { line: 2, at: '2026-02-02T00:00:00+09:00', option: DISNEY },
      { line: 3, at: '2026-02-05T00:00:00+09:00', option: TVING },
    )
    expect(await runAgain('2026-02-25T09:00:00+09:00')).toEqual([
      '1 reversal GRANT_CHANGED tving 2026-02-10',
      '1 grant CHOSEN disney_plus 2026-02-25',
    ])
  })

  it('is given once, whichever months are planned and in whatever order', async () => {
    const snapshot = await setting.importLines(
      LINES.map((line) => ({ line_id: line, customer_id: line })),
    )
    await setting.importVouchers({ option: TVING, codes: 20 }, { option: DISNEY, codes: 20 })
    await setting.planAndExecute('2026-02', { now: '2026-02-28T09:00:00+09:00' })
    await setting.importChoices({ line: 1, at: '2026-03-02T00:00:00+09:00', option: TVING })
    await setting.planAndExecute('2026-03', { now: '2026-03-10T09:00:00+09:00' })
    // In April it comes to light that the lines 1 and 2 had chosen in February.
    await setting.importChoices(
      { line: 1, at: '2026-02-20T00:00:00+09:00', option: DISNEY },
      { line: 2, at: '2026-02-20T00:00:00+09:00', option: DISNEY },
    )
    await setting.planAndExecute('2026-02', { now: '2026-04-10T09:00:00+09:00' })
    await setting.planAndExecute('2026-04', { now: '2026-04-10T09:00:00+09:00' })
    await setting.planAndExecute('2026-03', { now: '2026-04-11T09:00:00+09:00' })
    const told = async (period: string): Promise<unknown> =>
      answersOf(setting, snapshot, period, 'ott_pass', [1, 2, 3])
    expect(await told('2026-02')).toEqual({
      1: 'ALREADY_GRANTED',
      2: 'disney_plus 2026-04-10 … 2026-10-09',
      3: 'NO_CHOICE',
    })
    expect(await told('2026-03')).toEqual({
      1: 'tving 2026-03-10 … 2026-09-09',
      2: 'ALREADY_GRANTED',
      3: 'NO_CHOICE',
    })
    expect(await told('2026-04')).toEqual({
      1: 'ALREADY_GRANTED',
      2: 'ALREADY_GRANTED',
      3: 'NO_CHOICE',
    })
    await expectSound(setting)
  })

  it('is reversed with its line, and free again for a later month', async () => {
    const snapshot = await issued()
    await setting.importStatuses(
      '1,terminated,2026-01-20T00:00:00+09:00',
      '1,active,2026-02-15T00:00:00+09:00',
    )
    expect(await runAgain('2026-02-25T09:00:00+09:00')).toEqual([
      '1 reversal TERMINATED tving 2026-02-10',
    ])
    await setting.planAndExecute('2026-03', { now: '2026-03-05T09:00:00+09:00' })
    expect(await answersOf(setting, snapshot, '2026-03', 'ott_pass', [1, 2])).toEqual({
      1: 'tving 2026-03-05 … 2026-09-04',
      2: 'ALREADY_GRANTED',
    })
    await expectSound(setting)
  })
})
