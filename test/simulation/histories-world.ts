/**
 * Random customers, the snapshots that show them, and what happens to them: each event has a time
 * at which it takes effect and a moment at which the engine is told.
 */
import { DateTime } from 'luxon'
import { chanceOf } from '../support/processes.js'
import type { Chance } from '../support/processes.js'
import { iso, LAST_MOMENT, LAST_SNAPSHOT, millis, PERIODS, scriptOf } from './histories-script.js'
import { startOf } from './histories-script.js'
import type { Moment } from './histories-script.js'

export interface Person {
  readonly kind: 'individual' | 'corporate'
  /** Null for a company. */
  readonly birthDate: string | null
}

export interface Line {
  readonly lineId: number
  readonly customerId: number
  readonly network: 'kt' | 'mvno'
  readonly lineKind: 'handset' | 'tablet' | 'watch' | 'iot'
  readonly payment: 'postpaid' | 'prepaid'
  readonly status: 'active' | 'suspended'
  readonly restriction: 'none' | 'minor'
  readonly consentOn: string | null
  readonly promotionEndsOn: string | null
}

export interface Snapshot {
  readonly people: ReadonlyMap<number, Person>
  readonly lines: readonly Line[]
}

export interface StatusChange {
  readonly lineId: number
  readonly status: 'active' | 'suspended' | 'terminated'
  readonly at: string
  readonly imported: number
}

export interface Consent {
  readonly lineId: number
  readonly on: string
  readonly imported: number
}

export interface Choice {
  readonly choiceId: string
  readonly lineId: number
  readonly benefit: 'ott_pass' | 'insurance'
  readonly option: string | null
  readonly at: string
  readonly consent: boolean | null
  readonly withdrawnAt: string | null
  readonly imported: number
  /** Later than `imported` where a second row tells of the withdrawal. */
  readonly withdrawalImported: number
}

export interface CodeBatch {
  readonly option: string
  readonly expiresOn: string
  readonly codes: number
  readonly imported: number
}

export interface World {
  readonly seed: number
  readonly script: readonly Moment[]
  readonly snapshots: readonly Snapshot[]
  readonly changes: readonly StatusChange[]
  readonly consents: readonly Consent[]
  readonly choices: readonly Choice[]
  readonly codes: readonly CodeBatch[]
}

const OPTIONS = ['tving', 'disney_plus'] as const
/** Around 65 at either base date, around 14 at an application, and others. */
const BIRTH_DATES = [
  ['1961-01-13', '1961-01-14', '1961-01-31', '1961-02-01', '1950-07-07', '1944-02-29'],
  ['2012-02-01', '2012-02-29', '2012-03-15', '2012-04-20', '2012-06-01', '2012-07-31'],
  ['2015-05-05', '2018-09-09', '1980-05-05', '1990-10-10', '1999-12-31'],
].flat()
const CONSENT_DAYS = ['2026-01-20', '2026-01-21', '2026-02-20', '2026-02-21', '2026-04-20']
const PROMOTION_ENDS = ['2026-01-31', '2026-02-01', '2026-06-30']

/** `codes`: whether there is one for everybody who wants a pass. */
export function worldOf(seed: number, customers: number, codes: 'plenty' | 'short'): World {
  const chance = chanceOf(seed)
  const script = scriptOf(chance)
  const snapshots = [firstSnapshot(chance, customers)]
  while (snapshots.length <= LAST_SNAPSHOT) snapshots.push(corrected(chance, snapshots.at(-1)!))
  const lineIds = new Set(snapshots.flatMap((it) => it.lines.map((line) => line.lineId)))
  const teller = new Teller(chance, script)
  for (const lineId of lineIds) teller.tellOf(lineId)
  const { changes, consents, choices } = teller
  const batches = codes === 'plenty' ? manyCodes(customers) : fewCodes(customers)
  return { seed, script, snapshots, changes, consents, choices, codes: batches }
}

/** Line ids are no order of customers, so that lines of one lie between those of others. */
function lineIdOf(customerId: number, place: number): number {
  return 10_000 + ((customerId * 7_919) % 9_973) * 10 + place
}

function firstSnapshot(chance: Chance, customers: number): Snapshot {
  const people = new Map<number, Person>()
  const lines: Line[] = []
  for (let customerId = 1; customerId <= customers; customerId += 1) {
    people.set(customerId, personOf(chance))
    const count = chance.pick([1, 1, 2, 3])
    for (let place = 0; place < count; place += 1)
      lines.push(lineOf(chance, lineIdOf(customerId, place), customerId))
  }
  return { people, lines }
}

function personOf(chance: Chance): Person {
  if (chance.next() < 0.08) return { kind: 'corporate', birthDate: null }
  return { kind: 'individual', birthDate: chance.pick(BIRTH_DATES) }
}

function lineOf(chance: Chance, lineId: number, customerId: number): Line {
  const isMinor = chance.next() < 0.2
  return {
    lineId,
    customerId,
    network: chance.next() < 0.08 ? 'mvno' : 'kt',
    lineKind:
      chance.next() < 0.8 ? 'handset' : chance.pick(['tablet', 'watch', 'iot', 'iot'] as const),
    payment: chance.next() < 0.08 ? 'prepaid' : 'postpaid',
    status: chance.next() < 0.08 ? 'suspended' : 'active',
    restriction: isMinor ? 'minor' : 'none',
    consentOn: isMinor && chance.next() < 0.4 ? chance.pick(CONSENT_DAYS) : null,
    promotionEndsOn: chance.next() < 0.3 ? chance.pick(PROMOTION_ENDS) : null,
  }
}

/** Lines leave, come (back), move to another customer or are told otherwise; so are people. */
function corrected(chance: Chance, before: Snapshot): Snapshot {
  const people = new Map(before.people)
  for (const customerId of people.keys())
    if (chance.next() < 0.03) people.set(customerId, personOf(chance))
  const lines: Line[] = []
  const kept = new Set<number>()
  for (const line of before.lines) {
    kept.add(line.lineId)
    const fate = chance.next()
    if (fate < 0.05) continue
    if (fate < 0.09)
      lines.push({ ...line, customerId: 1 + Math.floor(chance.next() * people.size) })
    else if (fate < 0.16) lines.push(lineOf(chance, line.lineId, line.customerId))
    else lines.push(line)
  }
  for (const customerId of people.keys()) {
    const lineId = lineIdOf(customerId, Math.floor(chance.next() * 4))
    if (!kept.has(lineId) && chance.next() < 0.06) lines.push(lineOf(chance, lineId, customerId))
  }
  return { people, lines }
}

class Teller {
  readonly changes: StatusChange[] = []
  readonly consents: Consent[] = []
  readonly choices: Choice[] = []
  readonly #chance: Chance
  readonly #moments: readonly number[]
  /** Instants at which something turns: months, the window, the plans themselves. */
  readonly #edges: readonly number[]

  constructor(chance: Chance, script: readonly Moment[]) {
    this.#chance = chance
    this.#moments = script.map((it) => millis(it.at))
    const starts = [...PERIODS, '2026-08'].map((it) => millis(startOf(it)))
    const hours = ['2026-02-10T08:30:00+09:00', '2026-05-19T09:15:00+09:00'].map(millis)
    const plans = script.flatMap((it) => it.runs.map((run) => millis(run.now)))
    this.#edges = [...starts, ...starts.map((it) => it - 1_000), ...hours, ...plans]
  }

  tellOf(lineId: number): void {
    const chance = this.#chance
    for (let left = chance.pick([0, 0, 0, 1, 2, 3]); left > 0; left -= 1) this.#change(lineId)
    if (chance.next() < 0.1) this.#consent(lineId)
    const taken = new Set<number>()
    for (let left = chance.pick([0, 0, 1, 1, 2, 3]); left > 0; left -= 1)
      this.#choose(lineId, 'ott_pass', taken)
    for (let left = chance.pick([0, 0, 0, 1, 1, 2]); left > 0; left -= 1)
      this.#choose(lineId, 'insurance', taken)
  }

  #change(lineId: number): void {
    const at = this.#instant()
    const status = this.#chance.pick(['active', 'suspended', 'terminated'] as const)
    // A change can be known before it takes effect.
    const ahead = this.#chance.next() < 0.15 ? 3 : 0
    const imported = Math.max(0, this.#toldAfter(at) - ahead)
    this.changes.push({ lineId, status, at: textOf(at), imported })
  }

  #consent(lineId: number): void {
    const on = this.#chance.pick(CONSENT_DAYS)
    this.consents.push({ lineId, on, imported: this.#toldAfter(millis(`${on}T12:00:00+09:00`)) })
  }

  #choose(lineId: number, benefit: Choice['benefit'], taken: Set<number>): void {
    const chance = this.#chance
    const last = [...taken].at(-1)
    // Minds change within hours.
    const at = last !== undefined && chance.next() < 0.4 ? this.#soonAfter(last) : this.#instant()
    // Of two at one instant the papers do not say which is the last.
    if (taken.has(at)) return
    taken.add(at)
    const imported = this.#toldAfter(at)
    const withdrawnAt = chance.next() < 0.25 ? this.#instantAfter(at) : undefined
    this.choices.push({
      choiceId: `h-${this.choices.length}`,
      lineId,
      benefit,
      option: benefit === 'ott_pass' ? chance.pick(OPTIONS) : null,
      at: textOf(at),
      consent: chance.pick([null, true, false]),
      withdrawnAt: withdrawnAt === undefined ? null : textOf(withdrawnAt),
      imported,
      withdrawalImported:
        withdrawnAt === undefined ? imported : Math.max(imported, this.#toldAfter(withdrawnAt)),
    })
  }

  #instant(): number {
    const [from, to] = [millis('2026-01-10T00:00:00+09:00'), millis('2026-08-02T00:00:00+09:00')]
    if (this.#chance.next() < 0.3) return this.#chance.pick(this.#edges)
    return from + Math.floor((this.#chance.next() * (to - from)) / 1_000) * 1_000
  }

  #soonAfter(at: number): number {
    return at + Math.floor(this.#chance.next() * 12 * 3_600) * 1_000
  }

  #instantAfter(at: number): number {
    if (this.#chance.next() < 0.4) return this.#soonAfter(at)
    const later = this.#edges.filter((it) => it >= at && it < at + 40 * 86_400_000)
    if (later.length > 0 && this.#chance.next() < 0.3) return this.#chance.pick(later)
    return at + Math.floor(this.#chance.next() * 40 * 86_400) * 1_000
  }

  /** The next moment, or one of those that follow: news comes late. */
  #toldAfter(at: number): number {
    const next = this.#moments.findIndex((it) => it > at)
    const late = this.#chance.next() < 0.25 ? 1 + Math.floor(this.#chance.next() * 8) : 0
    return next < 0 ? LAST_MOMENT : Math.min(LAST_MOMENT, next + late)
  }
}

function textOf(at: number): string {
  return iso(DateTime.fromMillis(at))
}

function manyCodes(customers: number): readonly CodeBatch[] {
  return OPTIONS.flatMap((option) => [
    { option, expiresOn: '2026-02-10', codes: Math.ceil(customers / 10), imported: 0 },
    { option, expiresOn: '2026-12-31', codes: customers * 2, imported: 0 },
  ])
}

/** Some for a third of those who want one, and later ones for others; some expire unused. */
function fewCodes(customers: number): readonly CodeBatch[] {
  const share = Math.ceil(customers / 25)
  return OPTIONS.flatMap((option) => [
    { option, expiresOn: '2026-02-10', codes: share, imported: 0 },
    { option, expiresOn: '2026-12-31', codes: share, imported: 0 },
    { option, expiresOn: '2026-03-12', codes: share, imported: 5 },
    { option, expiresOn: '2026-03-01', codes: share, imported: 6 },
    { option, expiresOn: '2026-05-19', codes: 2 * share, imported: 9 },
    { option, expiresOn: '2026-12-31', codes: share, imported: 13 },
  ])
}
