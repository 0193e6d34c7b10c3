/**
 * Populations that change from run to run, and the plain way to decide them: case by case, with
 * `decide` and `entriesFor`, no packs, no sharing of equal facts, no binary ids.
 */
import { createHash } from 'node:crypto'
import { entriesFor } from '../../src/ledger/difference.js'
import type { EntrySet, LedgerEntry } from '../../src/ledger/entry.js'
import type { CaseLine, Customer, LineFacts, Period } from '../../src/rules/case.js'
import { decide } from '../../src/rules/decide.js'
import type { Benefit, CaseDecisions, Decision } from '../../src/rules/decision.js'
import type { ProgrammeVersion } from '../../src/rules/programme.js'
import type { ChunkInput } from '../../src/runs/chunk-input.js'
import { canonical } from '../../src/runs/entry-sets.js'
import { FactPackBuilder, openFactPack } from '../../src/runs/fact-pack.js'
import type { LineFact } from '../../src/runs/fact-pack.js'
import { postedBytes, PostedRows } from '../../src/runs/posted-rows.js'
import { NO_BIRTH_DAY, openPack, PackBuilder } from '../../src/snapshot/pack.js'

export interface ModelLine {
  readonly lineId: bigint
  readonly facts: LineFacts
}

export interface ModelCustomer {
  readonly customerId: bigint
  readonly customer: Customer
  readonly lines: readonly ModelLine[]
}

export interface SettledLine extends LineFact {
  readonly customerId: bigint
  readonly lineId: bigint
}

/** What one run sees: customers and facts in ascending order. */
export interface World {
  readonly customers: readonly ModelCustomer[]
  readonly facts: readonly SettledLine[]
}

/** A row of the ledger with what it says. */
export interface Posted {
  readonly customerId: bigint
  readonly lineId: bigint
  readonly postingNo: number
  readonly entries: EntrySet
}

export interface ModelTally {
  grants: number
  reversals: number
  unchanged: number
  refused: number
  quantity: number
  reasons: Record<string, number>
}

export interface ModelAnswer {
  readonly postings: readonly Posted[]
  readonly tallies: Readonly<Record<string, ModelTally>>
}

/** As the pack of a sealed snapshot would hold it. */
export function packOf(customers: readonly ModelCustomer[]): Buffer {
  const builder = new PackBuilder()
  const known = new Map<string, number>()
  const id = Buffer.alloc(8)
  for (const { customerId, customer, lines } of customers) {
    id.writeBigInt64BE(customerId)
    const { birthDate } = customer
    const birthDay = birthDate === null ? NO_BIRTH_DAY : postgresDay(birthDate)
    builder.addCustomer(id, 0, birthDay, customer.kind === 'corporate')
    for (const { lineId, facts } of lines) {
      const key = JSON.stringify(facts)
      const index = known.get(key) ?? builder.addFacts(facts)
      known.set(key, index)
      id.writeBigInt64BE(lineId)
      builder.addLine(id, 0, index)
    }
  }
  return builder.take()
}

/** Made anew for each walk, since the posted rows are walked once. */
export function inputOf(world: World, posted: readonly Posted[]): ChunkInput {
  const ids = new Map<string, number>()
  const sets = new Map<number, EntrySet>()
  const rows = posted.map(({ entries, ...row }) => {
    const json = canonical(entries)
    const setId = ids.get(json) ?? ids.size + 1
    ids.set(json, setId)
    sets.set(setId, entries)
    return postedBytes({ ...row, setId })
  })
  return {
    pack: openPack(packOf(world.customers)),
    facts: openFactPack(factPackOf(world)),
    posted: new PostedRows(Buffer.concat(rows), sets),
  }
}

function factPackOf({ customers, facts }: World): Buffer {
  const builder = new FactPackBuilder()
  const ids = Buffer.alloc(16)
  for (const { customerId, customer } of customers) {
    const { insurance } = customer
    if (insurance === null) continue
    ids.writeBigInt64BE(customerId)
    builder.addCustomer(ids, 0, JSON.stringify(insurance), () => insurance)
  }
  for (const { customerId, lineId, ...fact } of facts) {
    ids.writeBigInt64BE(customerId)
    ids.writeBigInt64BE(lineId, 8)
    builder.addLine(ids, 0, 8, JSON.stringify(fact), () => fact)
  }
  return builder.take()
}

function postgresDay(iso: string): number {
  return (Date.parse(`${iso}T00:00:00Z`) - Date.parse('2000-01-01T00:00:00Z')) / 86_400_000
}

export function decidePlainly(
  version: ProgrammeVersion,
  period: Period,
  world: World,
  posted: readonly Posted[],
): ModelAnswer {
  const tallies: Record<string, ModelTally> = {}
  const tallyOf = (benefit: string): ModelTally =>
    (tallies[benefit] ??= emptyTally())
  const count = (decisions: readonly Decision[], unchanged: readonly Benefit[]): void => {
    for (const it of decisions) {
      const tally = tallyOf(it.benefit)
      tally.reasons[it.reason] = (tally.reasons[it.reason] ?? 0) + 1
      if (it.outcome === 'refused') tally.refused += 1
      else if (unchanged.includes(it.benefit)) tally.unchanged += 1
      else tally.grants += 1
    }
  }
  const postings: Posted[] = []
  for (const customerId of customersOf(world, posted)) {
    const held = posted.filter((it) => it.customerId === customerId)
    const it = world.customers.find((customer) => customer.customerId === customerId)
    const lines = it?.lines ?? []
    const answers: CaseDecisions = it
      ? decide(version, period, {
          customer: it.customer,
          lines: lines.map((line) => caseLine(line, world)),
        })
      : { lines: [], customer: [] }
    const entriesOf = new Map<bigint, LedgerEntry[]>()
    const put = (lineId: bigint, entries: readonly LedgerEntry[]): void => {
      entriesOf.set(lineId, [...(entriesOf.get(lineId) ?? []), ...entries])
    }
    for (const lineId of new Set([...lines, ...held].map((line) => line.lineId))) {
      const decisions = answers.lines[lines.findIndex((line) => line.lineId === lineId)] ?? []
      const difference = entriesFor('line', decisions, heldBy(held, 'line', lineId))
      put(lineId, difference.entries)
      count(decisions, difference.unchanged)
    }
    const asked = answers.customer.map((answer) => answer.decision)
    const difference = entriesFor('customer', asked, heldBy(held, 'customer'))
    count(asked, difference.unchanged)
    for (const entry of difference.entries) {
      const carrier =
        entry.entryType === 'grant'
          ? lines[
              answers.customer.find((answer) => answer.decision.benefit === entry.benefit)!.carrier
            ]
          : held.find((line) =>
              line.entries.some(
                (earlier) =>
                  earlier.subject === 'customer' && earlier.entryNo === entry.reversesEntryNo,
              ),
            )
      put(carrier!.lineId, [entry])
    }
    postings.push(...postingsOf(customerId, entriesOf, held))
  }
  for (const entry of postings.flatMap((it) => it.entries)) {
    const sign = entry.entryType === 'reversal' ? -1 : 1
    tallyOf(entry.benefit).quantity += sign * entry.quantity
    if (sign < 0) tallyOf(entry.benefit).reversals += 1
  }
  return { postings, tallies }
}

function emptyTally(): ModelTally {
  return { grants: 0, reversals: 0, unchanged: 0, refused: 0, quantity: 0, reasons: {} }
}

function customersOf(world: World, posted: readonly Posted[]): readonly bigint[] {
  return [...new Set([...world.customers, ...posted].map((it) => it.customerId))].toSorted(byValue)
}

function postingsOf(
  customerId: bigint,
  entriesOf: ReadonlyMap<bigint, readonly LedgerEntry[]>,
  held: readonly Posted[],
): readonly Posted[] {
  return [...entriesOf.entries()]
    .filter(([, entries]) => entries.length > 0)
    .toSorted(([a], [b]) => byValue(a, b))
    .map(([lineId, entries]) => ({
      customerId,
      lineId,
      entries,
      postingNo:
        Math.max(0, ...held.filter((it) => it.lineId === lineId).map((it) => it.postingNo)) + 1,
    }))
}

function heldBy(held: readonly Posted[], subject: string, lineId?: bigint): readonly LedgerEntry[] {
  return held
    .filter((it) => lineId === undefined || it.lineId === lineId)
    .flatMap((it) => it.entries)
    .filter((it) => it.subject === subject)
    .toSorted((a, b) => a.entryNo - b.entryNo)
}

function caseLine({ lineId, facts }: ModelLine, world: World): CaseLine {
  const fact = world.facts.find((it) => it.lineId === lineId)
  const consents = [facts.guardianConsentOn, fact?.guardianConsentOn ?? null].filter(
    (it) => it !== null,
  )
  const guardianConsentOn = consents.toSorted().at(0) ?? null
  return {
    facts: { ...facts, guardianConsentOn },
    statusAtStart: fact?.statusAtStart ?? facts.statusAtBase,
    pass: fact?.pass ?? null,
  }
}

/** What the ledger holds after a run, in the order in which it is read. */
export function ledgerAfter(posted: readonly Posted[], more: readonly Posted[]): readonly Posted[] {
  return [...posted, ...more].toSorted(
    (a, b) =>
      byValue(a.customerId, b.customerId) ||
      byValue(a.lineId, b.lineId) ||
      a.postingNo - b.postingNo,
  )
}

/** The digest of a chunk by its definition: ids, posting number, set digest, then the tallies. */
export function digestPlainly(postings: readonly Posted[], tallies: string): string {
  const hash = createHash('sha256')
  for (const { customerId, lineId, postingNo, entries } of postings) {
    const head = Buffer.alloc(18)
    head.writeBigInt64BE(customerId, 0)
    head.writeBigInt64BE(lineId, 8)
    head.writeInt16BE(postingNo, 16)
    hash.update(head)
    hash.update(createHash('sha256').update(canonical(entries)).digest().subarray(0, 8))
  }
  return hash.update(tallies).digest('hex')
}

export function byValue(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b)
}
