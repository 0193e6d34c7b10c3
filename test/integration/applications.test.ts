/**
 * Applications for insurance through plan and run, edge by edge (contracts §2.3 and §3). Where a
 * table lists cases, each is one customer and all of them go through one run.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SealedSnapshot } from '../../src/snapshot/snapshot.js'
import { COMPANY, LedgerSetting, OLD } from '../support/builders.js'
import type { ChoiceDraft, RowDraft } from '../support/builders.js'
import { answersOf, expectSound, historyOf } from './answers.js'

let setting: LedgerSetting
beforeEach(async () => {
  setting = await LedgerSetting.open()
})
afterEach(async () => {
  await setting.close()
})

type LineDraft = Readonly<Record<string, string>>

/** Of one customer each, with one plain line unless others are said; `of` is the line's index. */
interface InsuranceCase {
  readonly name: string
  readonly lines?: readonly LineDraft[]
  readonly choices: readonly (Omit<ChoiceDraft, 'line' | 'option'> & { readonly of?: number })[]
  readonly answer: string
}

const lineOf = (customer: number, index: number): number => customer * 10 + index

async function answersTo(
  cases: readonly InsuranceCase[],
  period: string,
  now: string,
): Promise<Readonly<Record<string, string>>> {
  const drafts = cases.flatMap(({ lines = [{}] }, index) =>
    lines.map((line, of): RowDraft => ({
      line_id: lineOf(index + 1, of),
      customer_id: index + 1,
      ...line,
    })),
  )
  const snapshot = await setting.importLines(drafts)
  await setting.importChoices(
    ...cases.flatMap((it, index) =>
      it.choices.map(({ of = 0, ...choice }) => ({ ...choice, line: lineOf(index + 1, of) })),
    ),
  )
  const run = await setting.planAndExecute(period, { now })
  expect(run.balance?.['insurance']).toMatchObject({ subjects: cases.length, ok: true })
  const lines = cases.map((_, index) => lineOf(index + 1, 0))
  const answers = await answersOf(setting, snapshot, period, 'insurance', lines)
  return Object.fromEntries(cases.map((it, index) => [it.name, answers[lines[index]!]!]))
}

const named = (cases: readonly InsuranceCase[]): Readonly<Record<string, string>> =>
  Object.fromEntries(cases.map((it) => [it.name, it.answer]))

const born = (birthDate: string): readonly LineDraft[] => [{ birth_date: birthDate }]

const FROM_MARCH = '2026-03-01 … 2028-02-29'
const FROM_APRIL = '2026-04-01 … 2028-03-31'

describe('insurance on application', () => {
  it('starts with the month after the application, counted in Seoul', async () => {
    const cases: readonly InsuranceCase[] = [
      { name: 'none', choices: [], answer: 'NO_APPLICATION' },
      { name: 'early', choices: [{ at: '2026-02-01T00:00:00+09:00' }], answer: FROM_MARCH },
      {
        name: 'last second of February',
        choices: [{ at: '2026-02-28T23:59:59+09:00' }],
        answer: FROM_MARCH,
      },
      {
        name: 'the same told in UTC',
        choices: [{ at: '2026-02-28T14:59:59Z' }],
        answer: FROM_MARCH,
      },
      {
        name: 'first of March',
        choices: [{ at: '2026-03-01T00:00:00+09:00' }],
        answer: FROM_APRIL,
      },
      { name: 'the same in UTC', choices: [{ at: '2026-02-28T15:00:00Z' }], answer: FROM_APRIL },
      {
        name: 'twice: the earlier counts',
        choices: [{ at: '2026-03-01T00:00:00+09:00' }, { at: '2026-02-27T00:00:00+09:00' }],
        answer: FROM_MARCH,
      },
      {
        name: 'the earlier one withdrawn',
        choices: [
          { at: '2026-02-27T00:00:00+09:00', withdrawnAt: '2026-03-10T00:00:00+09:00' },
          { at: '2026-03-05T00:00:00+09:00' },
        ],
        answer: FROM_APRIL,
      },
      {
        name: 'withdrawn',
        choices: [{ at: '2026-02-27T00:00:00+09:00', withdrawnAt: '2026-03-19T23:59:59+09:00' }],
        answer: 'NO_APPLICATION',
      },
      {
        name: 'before the window',
        choices: [{ at: '2026-01-31T23:59:59+09:00' }],
        answer: 'NO_APPLICATION',
      },
      { name: 'at now', choices: [{ at: '2026-03-20T00:00:00+09:00' }], answer: 'NO_APPLICATION' },
      {
        name: 'a second before now',
        choices: [{ at: '2026-03-19T23:59:59+09:00' }],
        answer: FROM_APRIL,
      },
      {
        name: 'consent not needed',
        choices: [{ at: '2026-02-03T00:00:00+09:00', consent: false }],
        answer: FROM_MARCH,
      },
    ]
    expect(await answersTo(cases, '2026-03', '2026-03-20T00:00:00+09:00')).toEqual(named(cases))
    await expectSound(setting)
  })

  it('takes applications to the last second of July', async () => {
    const cases: readonly InsuranceCase[] = [
      {
        name: 'last',
        choices: [{ at: '2026-07-31T23:59:59+09:00' }],
        answer: '2026-08-01 … 2028-07-31',
      },
      {
        name: 'too late',
        choices: [{ at: '2026-08-01T00:00:00+09:00' }],
        answer: 'NO_APPLICATION',
      },
    ]
    expect(await answersTo(cases, '2026-07', '2026-08-03T00:00:00+09:00')).toEqual(named(cases))
  })

  it('asks for a guardian under 14, by the day of the application', async () => {
    const at = '2026-02-10T12:00:00+09:00'
    const cases: readonly InsuranceCase[] = [
      {
        name: 'child',
        lines: born('2015-05-05'),
        choices: [{ at }],
        answer: 'GUARDIAN_CONSENT_MISSING',
      },
      {
        name: 'refused',
        lines: born('2015-05-05'),
        choices: [{ at, consent: false }],
        answer: 'GUARDIAN_CONSENT_MISSING',
      },
      {
        name: 'allowed',
        lines: born('2015-05-05'),
        choices: [{ at, consent: true }],
        answer: FROM_MARCH,
      },
      { name: '14 on the day', lines: born('2012-02-10'), choices: [{ at }], answer: FROM_MARCH },
      {
        name: '14 on the next',
        lines: born('2012-02-11'),
        choices: [{ at }],
        answer: 'GUARDIAN_CONSENT_MISSING',
      },
      {
        name: '14 at midnight in Seoul',
        lines: born('2012-02-11'),
        choices: [{ at: '2026-02-10T15:00:00Z' }],
        answer: FROM_MARCH,
      },
      {
        name: 'leap day, 28 February',
        lines: born('2012-02-29'),
        choices: [{ at: '2026-02-28T23:59:59+09:00' }],
        answer: 'GUARDIAN_CONSENT_MISSING',
      },
      {
        name: 'leap day, 1 March',
        lines: born('2012-02-29'),
        choices: [{ at: '2026-03-01T00:00:00+09:00' }],
        answer: FROM_APRIL,
      },
      {
        name: 'without, then with',
        lines: born('2015-05-05'),
        choices: [{ at }, { at: '2026-03-02T00:00:00+09:00', consent: true }],
        answer: FROM_APRIL,
      },
      {
        name: 'without, then older',
        lines: born('2012-03-02'),
        choices: [{ at }, { at: '2026-03-02T00:00:00+09:00' }],
        answer: FROM_APRIL,
      },
      {
        name: 'the one with consent withdrawn',
        lines: born('2015-05-05'),
        choices: [
          { at, consent: true, withdrawnAt: '2026-02-12T00:00:00+09:00' },
          { at: '2026-02-11T00:00:00+09:00' },
        ],
        answer: 'GUARDIAN_CONSENT_MISSING',
      },
    ]
    expect(await answersTo(cases, '2026-03', '2026-03-20T00:00:00+09:00')).toEqual(named(cases))
  })

  it('is one policy a person over all lines, whichever line applied', async () => {
    const applied = { at: '2026-02-10T12:00:00+09:00' } as const
    const cases: readonly InsuranceCase[] = [
      {
        name: 'second line',
        lines: [{}, {}],
        choices: [{ ...applied, of: 1 }],
        answer: FROM_MARCH,
      },
      {
        name: 'both lines',
        lines: [{}, {}],
        choices: [{ ...applied, of: 1 }, { at: '2026-02-09T12:00:00+09:00' }],
        answer: FROM_MARCH,
      },
      {
        name: 'on its iot line',
        lines: [{}, { line_kind: 'iot' }],
        choices: [{ ...applied, of: 1 }],
        answer: FROM_MARCH,
      },
      { name: 'iot alone', lines: [{ line_kind: 'iot' }], choices: [applied], answer: 'IOT' },
      { name: 'mvno alone', lines: [{ network: 'mvno' }], choices: [applied], answer: 'MVNO' },
      { name: 'company', lines: [COMPANY], choices: [applied], answer: 'CORPORATE' },
      {
        name: 'suspended',
        lines: [{ status: 'suspended' }],
        choices: [applied],
        answer: FROM_MARCH,
      },
      { name: 'gone', choices: [applied], answer: 'TERMINATED' },
      { name: 'first line gone', lines: [{}, {}], choices: [applied], answer: FROM_MARCH },
      { name: 'automatic', lines: [OLD], choices: [applied], answer: FROM_MARCH },
    ]
    await setting.importStatuses(
      `${lineOf(8, 0)},terminated,2026-02-01T00:00:00+09:00`,
      `${lineOf(9, 0)},terminated,2026-02-01T00:00:00+09:00`,
    )
    expect(await answersTo(cases, '2026-02', '2026-02-20T00:00:00+09:00')).toEqual(named(cases))
    expect(await historyOf(setting, '2026-02', 'insurance')).toEqual([
      '10 grant APPLIED 2026-03-01',
      '20 grant APPLIED 2026-03-01',
      '30 grant APPLIED 2026-03-01',
      '70 grant APPLIED 2026-03-01',
      '91 grant APPLIED 2026-03-01',
      '100 grant AGE_65 2026-03-01',
    ])
    await expectSound(setting)
  })
})

describe('insurance that was given', () => {
  const at = '2026-02-05T10:00:00+09:00'
  const APPLICATION = { line: 10, at }

  async function given(): Promise<SealedSnapshot> {
    const snapshot = await setting.importLines([
      { line_id: 10, customer_id: 1 },
      { line_id: 20, customer_id: 2, ...OLD },
      { line_id: 30, customer_id: 3, birth_date: '1961-01-14' },
    ])
    await setting.importChoices(APPLICATION)
    await setting.planAndExecute('2026-02', { now: '2026-02-10T09:00:00+09:00' })
    expect(await historyOf(setting, '2026-02', 'insurance')).toEqual([
      '10 grant APPLIED 2026-03-01',
      '20 grant AGE_65 2026-03-01',
    ])
    return snapshot
  }

  it('is not given again in a later month, to whoever applies once more', async () => {
    const snapshot = await given()
    await setting.importChoices(
      { line: 10, at: '2026-03-05T10:00:00+09:00' },
      { line: 20, at: '2026-03-05T10:00:00+09:00' },
      // Sixty-five a day after the base date: has to apply (A36).
      { line: 30, at: '2026-03-05T10:00:00+09:00' },
    )
    await setting.planAndExecute('2026-03', { now: '2026-03-10T09:00:00+09:00' })
    expect(await answersOf(setting, snapshot, '2026-03', 'insurance', [10, 20, 30])).toEqual({
      10: 'ALREADY_GRANTED',
      20: 'ALREADY_GRANTED',
      30: FROM_APRIL,
    })
    // Planned again, February finds an application of line 30 that it did not know.
    await setting.importChoices({ line: 30, at: '2026-02-20T10:00:00+09:00' })
    await setting.planAndExecute('2026-02', { now: '2026-04-10T09:00:00+09:00' })
    expect(await answersOf(setting, snapshot, '2026-02', 'insurance', [10, 20, 30])).toEqual({
      10: FROM_MARCH,
      20: FROM_MARCH,
      30: 'ALREADY_GRANTED',
    })
    await expectSound(setting)
  })

  it('stays when the application is withdrawn after the issue, not before it', async () => {
    const snapshot = await given()
    await setting.importChoices({ ...APPLICATION, withdrawnAt: '2026-02-10T09:00:00+09:00' })
    const again = await setting.planAndExecute('2026-02', { now: '2026-02-20T09:00:00+09:00' })
    expect(again.balance?.['insurance']).toMatchObject({ granted: 0, reversed: 0, unchanged: 2 })
    expect(await answersOf(setting, snapshot, '2026-02', 'insurance', [10])).toEqual({
      10: FROM_MARCH,
    })
    await setting.importStatuses('10,suspended,2026-02-01T00:00:00+09:00')
    await setting.planAndExecute('2026-02', { now: '2026-02-21T09:00:00+09:00' })
    expect((await historyOf(setting, '2026-02', 'insurance')).length).toBe(2)
  })

  it('is reversed when a withdrawal before the issue becomes known after it', async () => {
    const snapshot = await given()
    await setting.importChoices({ ...APPLICATION, withdrawnAt: '2026-02-10T08:59:59+09:00' })
    await setting.planAndExecute('2026-02', { now: '2026-02-20T09:00:00+09:00' })
    expect(await historyOf(setting, '2026-02', 'insurance')).toEqual([
      '10 grant APPLIED 2026-03-01',
      '20 grant AGE_65 2026-03-01',
      '10 reversal NO_APPLICATION 2026-03-01',
    ])
    expect(await answersOf(setting, snapshot, '2026-02', 'insurance', [10])).toEqual({
      10: 'NO_APPLICATION',
    })
    await expectSound(setting)
  })

  it('goes over to a later application in the same correction', async () => {
    await given()
    await setting.importChoices(
      { ...APPLICATION, withdrawnAt: '2026-02-10T08:59:59+09:00' },
      { line: 10, at: '2026-02-15T10:00:00+09:00' },
    )
    const now = '2026-02-20T09:00:00+09:00'
    const first = await setting.planAndExecute('2026-02', { now })
    expect(first.balance?.['insurance']).toMatchObject({ granted: 0, reversed: 0, unchanged: 2 })
    const second = await setting.planAndExecute('2026-02', { now })
    expect(second.balance?.['insurance']).toMatchObject({ granted: 0, reversed: 0, unchanged: 2 })
    await expectSound(setting)
  })

  it('moves to the month of an earlier application that becomes known', async () => {
    await setting.importLines([{ line_id: 10, customer_id: 1 }])
    await setting.importChoices({ line: 10, at: '2026-03-05T10:00:00+09:00' })
    await setting.planAndExecute('2026-03', { now: '2026-03-10T09:00:00+09:00' })
    await setting.importChoices({ line: 10, at: '2026-02-25T10:00:00+09:00' })
    for (const now of ['2026-03-20T09:00:00+09:00', '2026-03-21T09:00:00+09:00'])
      await setting.planAndExecute('2026-03', { now })
    expect(await historyOf(setting, '2026-03', 'insurance')).toEqual([
      '10 grant APPLIED 2026-04-01',
      '10 reversal GRANT_CHANGED 2026-04-01',
      '10 grant APPLIED 2026-03-01',
    ])
    await expectSound(setting)
  })
})
