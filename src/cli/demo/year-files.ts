/**
 * The files of the demo's year: a population of its own, and what is told of it later, dealt to the
 * hours at which it comes in.
 */
import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { dealRows } from '../../generate/deal-rows.js'
import type { DealtRow } from '../../generate/deal-rows.js'
import { generateSnapshot } from '../../generate/generate-snapshot.js'
import { OutFile } from '../../generate/out-file.js'
import { addDays } from '../../rules/calendar.js'
import { AS_OF } from './demo-days.js'
import {
  APPLICATIONS_TAKEN,
  applicationsAt,
  dealApplications,
  terminationsIn,
  writeRestrictions,
} from './refund-files.js'

export type ArrivalKind =
  | 'snapshot'
  | 'status'
  | 'consents'
  | 'choices'
  | 'vouchers'
  | 'terminations'
  | 'applications'
  | 'restrictions'

/** A file that comes in at an instant of the year, in Korea's civil time with its offset. */
export interface Arrival {
  readonly at: string
  readonly kind: ArrivalKind
  readonly path: string
}

const MONTHS = ['2026-02', '2026-03', '2026-04', '2026-05', '2026-06', '2026-07'] as const

/** Before the forecast, before the month's run, and ten days later what came late. */
const STATUS_TAKEN = MONTHS.flatMap((month) => [
  korean(`${addDays(`${month}-01`, -7)}T20:00`),
  korean(`${month}-01T01:30`),
  korean(`${month}-10T20:00`),
])
const CONSENTS_TAKEN = MONTHS.map((month) => korean(`${month}-01T01:30`))
/** Every Monday, and what was chosen last before the last daily run. */
const CHOICES_TAKEN = [...mondays('2026-02-02', '2026-07-27'), korean('2026-08-01T04:30')]
const VOUCHERS_TAKEN = [korean('2026-02-01T20:00'), korean('2026-02-20T16:00')]
const TERMINATIONS_TAKEN = [
  korean('2025-12-30T15:30'),
  korean('2026-01-14T07:00'),
  korean('2026-03-30T20:00'),
]

/** One line in ten is told of late. */
const LATE_LINES = /7$/
const LATE_DAY = '-10T'

export async function generateYear(
  folder: string,
  { lines, seed }: { readonly lines: number; readonly seed: number },
): Promise<readonly Arrival[]> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const whole = (kind: ArrivalKind): string => join(folder, `${kind}.csv`)
  await generateSnapshot({
    size: { lines },
    seed,
    asOf: AS_OF,
    badRows: 0,
    order: 'shuffled',
    out: whole('snapshot'),
    statusOut: whole('status'),
    consentsOut: whole('consents'),
    choicesOut: whole('choices'),
    vouchersOut: whole('vouchers'),
    terminationsOut: terminationsIn(folder),
    terminations: Math.max(1_000, Math.ceil(lines / 10)),
    applicationsOut: whole('applications'),
  })
  await writeRestrictions(whole('restrictions'), terminationsIn(folder))
  await addAdvertisingConsents(whole('restrictions'), whole('snapshot'))
  await dealApplications(folder, whole('applications'))
  const dealt = await dealAll(folder)
  return [
    { at: korean('2026-01-14T09:00'), kind: 'snapshot', path: whole('snapshot') },
    { at: korean('2025-12-30T15:40'), kind: 'restrictions', path: whole('restrictions') },
    ...APPLICATIONS_TAKEN.map((at) => {
      return { at, kind: 'applications' as const, path: applicationsAt(folder, at) }
    }),
    ...dealt,
  ]
}

type Deal = (fields: readonly string[], row: string) => readonly DealtRow<string>[]

async function dealAll(folder: string): Promise<readonly Arrival[]> {
  const all: readonly (readonly [ArrivalKind, readonly string[], Deal])[] = [
    ['status', STATUS_TAKEN, dealStatus],
    ['consents', CONSENTS_TAKEN, dealConsent],
    ['choices', CHOICES_TAKEN, dealChoice],
    ['vouchers', VOUCHERS_TAKEN, voucherDealer()],
    ['terminations', TERMINATIONS_TAKEN, terminationDealer()],
  ]
  const arrivals: Arrival[] = []
  for (const [kind, taken, deal] of all) {
    const to = new Map(taken.map((at) => [at, join(folder, `${kind}-${nameOf(at)}.csv`)]))
    await dealRows(join(folder, `${kind}.csv`), to, deal)
    for (const [at, path] of to) arrivals.push({ at, kind, path })
  }
  return arrivals
}

function dealStatus([lineId = '', , effectiveAt = '']: readonly string[], row: string): Dealt {
  const days = STATUS_TAKEN.filter((it) => it.includes(LATE_DAY) === LATE_LINES.test(lineId))
  return [{ to: after(days, effectiveAt), row }]
}

type Dealt = readonly DealtRow<string>[]

function dealConsent([, consentOn = '']: readonly string[], row: string): Dealt {
  return [{ to: after(CONSENTS_TAKEN, `${consentOn}T23:59:59+09:00`), row }]
}

/** A withdrawal comes after its choice. */
function dealChoice(fields: readonly string[], row: string): Dealt {
  const [, , , , , chosenAt = '', , withdrawnAt = ''] = fields
  const chosen = after(CHOICES_TAKEN, chosenAt)
  const withdrawn = withdrawnAt === '' ? chosen : after(CHOICES_TAKEN, withdrawnAt)
  if (withdrawn === chosen) return [{ to: chosen, row }]
  return [
    { to: chosen, row: `${fields.slice(0, -1).join(',')},` },
    { to: withdrawn, row },
  ]
}

/** Of a hundred codes; the others come when the first do not suffice any more. */
const FIRST_CODES = 30

function voucherDealer(): Deal {
  let codes = 0
  return (_, row) => {
    codes += 1
    return [{ to: VOUCHERS_TAKEN[codes % 100 < FIRST_CODES ? 0 : 1] ?? '', row }]
  }
}

/** A line that is told of again was told of before: its penalty is paid by then. */
function terminationDealer(): Deal {
  const told = new Map<string, number>()
  return ([lineId = '', , , , , , , , terminatedAt = ''], row) => {
    const before = told.get(lineId)
    const first = TERMINATIONS_TAKEN.indexOf(after(TERMINATIONS_TAKEN, terminatedAt))
    const index = before === undefined ? first : Math.min(before + 1, TERMINATIONS_TAKEN.length - 1)
    told.set(lineId, index)
    return [{ to: TERMINATIONS_TAKEN[index] ?? '', row }]
  }
}

/** Three customers in ten let themselves be advertised to. */
async function addAdvertisingConsents(out: string, snapshot: string): Promise<void> {
  const rows = new Set<string>()
  for await (const row of rowsOf(out)) rows.add(row)
  for await (const row of rowsOf(snapshot)) {
    const [, customerId = ''] = row.split(',', 2)
    if (!/[0-2]$/.test(customerId)) continue
    rows.add(`,${customerId},advertising_consent,2025-06-01T09:00:00+09:00,`)
  }
  const file = await OutFile.open(out)
  for (const row of rows) {
    file.addText(`${row}\n`)
    if (file.isFull) await file.flush()
  }
  await file.finish()
}

function rowsOf(path: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(path, 'utf8') })
}

/** The first of them after the instant, else the last. */
function after(taken: readonly string[], instant: string): string {
  return taken.find((it) => instant < it) ?? taken.at(-1) ?? ''
}

function mondays(from: string, to: string): readonly string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDays(day, 7)) days.push(korean(`${day}T04:30`))
  return days
}

function korean(civil: string): string {
  return `${civil}:00+09:00`
}

function nameOf(instant: string): string {
  return instant.slice(0, 16).replace('T', '-').replace(':', '')
}
