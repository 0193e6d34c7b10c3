/**
 * The files of the demo: one generated population, and what is told of it later, dealt to the days
 * on which it comes in. Some comes late: that is what the correction is about.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { dealRows } from '../../generate/deal-rows.js'
import type { DealtRow } from '../../generate/deal-rows.js'
import { generateSnapshot } from '../../generate/generate-snapshot.js'
import type { GeneratedSnapshot } from '../../generate/generate-snapshot.js'
import { AS_OF, DAYS } from './demo-days.js'
import type { DemoDay } from './demo-days.js'
import { dealApplications, terminationsIn } from './refund-files.js'

export type DemoKind = 'status' | 'consents' | 'choices' | 'vouchers'

/** `later` comes after the story has ended: what to try next begins with it. */
type Delivery = DemoDay | 'later'

export interface DemoFiles {
  readonly folder: string
  readonly snapshot: string
}

/** The days on which files of a kind come in, in their order; those that come late come last. */
const DELIVERIES: Readonly<Record<DemoKind, readonly Delivery[]>> = {
  status: ['forecast', 'february', 'march', 'later', 'correction'],
  consents: ['february', 'march', 'later'],
  choices: ['passes', 'codes', 'march', 'later', 'correction'],
  vouchers: ['passes', 'codes'],
}

export function filesIn(home: string): DemoFiles {
  const folder = join(home, 'files')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return { folder, snapshot: join(folder, 'snapshot.csv') }
}

/** `status-2026-02-01.csv` */
export function fileOf({ folder }: DemoFiles, kind: DemoKind, delivery: Delivery): string {
  const day = delivery === 'later' ? delivery : DAYS[delivery].slice(0, 10)
  return join(folder, `${kind}-${day}.csv`)
}

export async function generateFiles(
  files: DemoFiles,
  { lines, seed }: { readonly lines: number; readonly seed: number },
): Promise<GeneratedSnapshot> {
  const whole = (kind: DemoKind): string => join(files.folder, `${kind}.csv`)
  // One bad row in five thousand: enough to see quarantine at work, below the budget of 0.1 %.
  const population = await generateSnapshot({
    size: { lines },
    seed,
    asOf: AS_OF,
    badRows: 0.0002,
    order: 'shuffled',
    out: files.snapshot,
    statusOut: whole('status'),
    consentsOut: whole('consents'),
    choicesOut: whole('choices'),
    vouchersOut: whole('vouchers'),
    terminationsOut: terminationsIn(files.folder),
    // Some hundred bounce, and the smallest demo still has one of each kind.
    terminations: Math.min(660_000, Math.max(2_000, Math.ceil(lines / 10))),
    applicationsOut: join(files.folder, 'applications.csv'),
  })
  const deals = { status: dealStatus, consents: dealConsent, choices: dealChoice }
  const all: Readonly<Record<DemoKind, Deal>> = { ...deals, vouchers: voucherDealer() }
  for (const kind of Object.keys(all) as DemoKind[]) {
    const to = new Map(DELIVERIES[kind].map((it) => [it, fileOf(files, kind, it)]))
    await dealRows(whole(kind), to, all[kind])
  }
  await dealApplications(files.folder, join(files.folder, 'applications.csv'))
  return population
}

type Deal = (fields: readonly string[], row: string) => readonly DealtRow<Delivery>[]

/** The first delivery after the instant; a late one is never the first. */
function deliveryAfter(kind: DemoKind, instant: string): Delivery {
  const days = DELIVERIES[kind].filter((it) => it !== 'correction')
  return days.find((it) => it === 'later' || instant < DAYS[it]) ?? 'later'
}

/** One line in ten is told of late, by what happened to it up to March. */
function dealStatus([lineId = '', , effectiveAt = '']: readonly string[], row: string): Dealt {
  const isLate = lineId.endsWith('7') && effectiveAt < DAYS.march
  return [{ to: isLate ? 'correction' : deliveryAfter('status', effectiveAt), row }]
}

type Dealt = readonly DealtRow<Delivery>[]

function dealConsent([, consentOn = '']: readonly string[], row: string): Dealt {
  return [{ to: deliveryAfter('consents', `${consentOn}T00:00:00+09:00`), row }]
}

/** A withdrawal comes after its choice; of every other line's those up to March come late. */
function dealChoice(fields: readonly string[], row: string): Dealt {
  const [, lineId = '', , , , chosenAt = '', , withdrawnAt = ''] = fields
  const chosen = deliveryAfter('choices', chosenAt)
  if (withdrawnAt === '') return [{ to: chosen, row }]
  const isLate = /[13579]$/.test(lineId) && withdrawnAt < DAYS.march
  const withdrawn = isLate ? 'correction' : deliveryAfter('choices', withdrawnAt)
  if (withdrawn === chosen) return [{ to: chosen, row }]
  return [
    { to: chosen, row: `${fields.slice(0, -1).join(',')},` },
    { to: withdrawn, row },
  ]
}

/** Of Tving's codes few come at first, so that they do not suffice for the first two weeks. */
const FIRST_OF_A_HUNDRED = 36

function voucherDealer(): Deal {
  let tving = 0
  return ([option], row) => {
    if (option !== 'tving') return [{ to: 'passes', row }]
    tving += 1
    return [{ to: tving % 100 < FIRST_OF_A_HUNDRED ? 'passes' : 'codes', row }]
  }
}
