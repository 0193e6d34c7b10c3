/**
 * Why a line gets what it gets: the rules' own answer, made again from the sealed snapshot and the
 * facts that the period's last run had settled; where none has run, from what is known now. With a
 * moment given, from what was known then.
 */
import { assert } from '../assert.js'
import { withClient, withTransaction } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { entriesOfLine } from '../ledger/ledger-store.js'
import type { ToldEntry } from '../ledger/ledger-store.js'
import type { Case, Period } from '../rules/case.js'
import { explainLine } from '../rules/explain.js'
import type { Explanation } from '../rules/explain.js'
import { versionName } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { findVersion } from '../rules/programmes/registry.js'
import type { SealedSnapshot } from '../snapshot/snapshot.js'
import { listChunks } from '../snapshot/snapshot-store.js'
import { customerOf } from './decision-memo.js'
import { findFacts, openFactPack } from './fact-pack.js'
import type { CustomerFacts } from './fact-pack.js'
import { readFactPack } from './fact-store.js'
import { withFact } from './history-case.js'
import { LinePlaces } from './line-places.js'
import type { LinePlace } from './line-places.js'
import { inputsKnownAt, readPlan } from './plan-store.js'
import { readLedgerNo } from './posting-store.js'
import { closedRuns } from './run-store.js'
import { settle, settledPacks } from './settle-facts.js'
import { settleQuery } from './settle-query.js'

export interface ExplainRequest {
  /** Answers for periods that no run has closed. */
  readonly version: ProgrammeVersion
  readonly snapshot: SealedSnapshot
  readonly lineId: string
  readonly periods: readonly Period[]
  /** What was imported or closed later is left out; ISO 8601 instant. */
  readonly asKnownAt: string
}

export interface ExplainedPeriod {
  readonly period: Period
  readonly version: ProgrammeVersion
  readonly snapshotId: number
  /** The run whose knowledge was used; undefined where none has closed. */
  readonly runId: string | undefined
  /** Empty when the run's snapshot does not hold the line. */
  readonly explanations: readonly Explanation[]
  readonly entries: readonly ToldEntry[]
}

/** @throws RedressError LINE_UNKNOWN */
export async function explainPeriods(
  pool: Pool,
  request: ExplainRequest,
): Promise<readonly ExplainedPeriod[]> {
  const places = new LinePlaces(pool, request.lineId)
  const known = await places.in(request.snapshot.snapshotId)
  if (known === undefined) {
    const programme = versionName(request.version)
    throw new RedressError('LINE_UNKNOWN', { line: request.lineId, programme })
  }
  const explained: ExplainedPeriod[] = []
  for (const period of request.periods) {
    const basis = await basisOf(pool, request, period)
    const place = await places.in(basis.snapshotId)
    const facts = place && (await factsOf(pool, request, basis, place))
    explained.push({
      period,
      version: basis.version,
      snapshotId: basis.snapshotId,
      runId: basis.runIds.at(-1),
      explanations:
        place && facts ? explainLine(basis.version, period, caseOf(place, facts), place.index) : [],
      entries: await entriesKnown(pool, request, basis, (place ?? known).customerId),
    })
  }
  return explained
}

/** What the answer for a period stands on. */
interface Basis {
  readonly period: Period
  readonly version: ProgrammeVersion
  readonly snapshotId: number
  /** Of the plan that the last run posted; undefined where none has closed. */
  readonly planId: string | undefined
  /** Runs of the period that had closed. */
  readonly runIds: readonly string[]
}

async function basisOf(pool: Pool, request: ExplainRequest, period: Period): Promise<Basis> {
  const { version, snapshot, asKnownAt } = request
  const runs = (await closedRuns(pool, version.programme, period)).filter(
    (it) => it.closedAt !== null && Date.parse(it.closedAt) <= Date.parse(asKnownAt),
  )
  const runIds = runs.map((it) => it.runId)
  const last = runs.at(-1)
  if (last === undefined) {
    return { period, version, snapshotId: snapshot.snapshotId, planId: undefined, runIds }
  }
  const plan = await readPlan(pool, last.planId)
  const ranBy = findVersion(`${plan.programme}@${plan.version}`)
  assert(ranBy !== undefined, 'the programme version of a stored plan')
  return { period, version: ranBy, snapshotId: plan.snapshotId, planId: plan.planId, runIds }
}

async function factsOf(
  pool: Pool,
  request: ExplainRequest,
  basis: Basis,
  place: LinePlace,
): Promise<CustomerFacts> {
  const customerId = BigInt(place.customerId)
  const pack =
    basis.planId === undefined
      ? await settleNow(pool, request, basis, place)
      : await withClient(pool, (client) => readFactPack(client, basis.planId!, place.chunkNo))
  assert(pack !== undefined, 'settled facts of every chunk of a plan that ran')
  return findFacts(openFactPack(pack), customerId)
}

/** What a plan made at that moment would settle about this customer alone. */
async function settleNow(
  pool: Pool,
  { asKnownAt }: ExplainRequest,
  { version, snapshotId, period }: Basis,
  place: LinePlace,
): Promise<Buffer | undefined> {
  const inputs = await inputsKnownAt(pool, version.programme, asKnownAt)
  const query = {
    ...settleQuery(version, { snapshotId, period, now: asKnownAt, ...inputs }),
    only: {
      customerId: place.customerId,
      lineIds: place.customer.lines.map((it) => String(it.lineId)),
    },
  }
  const chunks = await listChunks(pool, snapshotId)
  return await withTransaction(pool, async ({ client }) => {
    const settled = await settle(client, query, version)
    let found: Buffer | undefined
    for await (const { chunkNo, pack } of settledPacks(client, query, settled, chunks)) {
      if (chunkNo === place.chunkNo) found = pack
    }
    return found
  })
}

function caseOf({ customer }: LinePlace, facts: CustomerFacts): Case {
  return {
    customer: customerOf(customer.birthDay, customer.corporate, facts.insurance),
    lines: customer.lines.map((it) => {
      const line = { facts: it.facts, statusAtStart: it.facts.statusAtBase, pass: null }
      const fact = facts.lines.get(it.lineId)
      return fact === undefined ? line : withFact(line, fact)
    }),
  }
}

async function entriesKnown(
  pool: Pool,
  { lineId }: ExplainRequest,
  { version, period, runIds }: Basis,
  customerId: string,
): Promise<readonly ToldEntry[]> {
  const ledgerNo = await readLedgerNo(pool, version.programme, period)
  if (ledgerNo === undefined || runIds.length === 0) return []
  const entries = await entriesOfLine(pool, ledgerNo, customerId, lineId)
  return entries.filter((it) => runIds.includes(it.run_id))
}
