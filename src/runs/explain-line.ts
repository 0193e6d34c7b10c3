/**
 * Why a line gets what it gets: the rules' own answer from the sealed snapshot, with the statuses
 * and consents that the period's last run knew, or, where none has run, those known now.
 */
import { assert } from '../assert.js'
import { withClient } from '../db/database.js'
import type { Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import { entriesOfLine } from '../ledger/ledger-store.js'
import type { ToldEntry } from '../ledger/ledger-store.js'
import type { Case, Period } from '../rules/case.js'
import { explainLine } from '../rules/explain.js'
import type { Explanation } from '../rules/explain.js'
import { versionName } from '../rules/programme.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { findInPack, openPack } from '../snapshot/pack.js'
import type { PackedCustomer } from '../snapshot/pack.js'
import type { SealedSnapshot } from '../snapshot/snapshot.js'
import { findLine, readChunk } from '../snapshot/snapshot-store.js'
import { customerOf } from './decision-memo.js'
import { withFact } from './history-case.js'
import * as plans from './plan-store.js'
import { factsOfLines } from './fact-store.js'
import type { KnownFact } from './fact-store.js'
import { readLedgerNo } from './posting-store.js'
import { closedRuns } from './run-store.js'

export interface ExplainedPeriod {
  readonly period: Period
  readonly snapshotId: number
  /** The run whose knowledge was used; undefined where none has closed. */
  readonly runId: string | undefined
  readonly explanations: readonly Explanation[]
  readonly entries: readonly ToldEntry[]
}

/** @throws RedressError LINE_UNKNOWN */
export async function explainPeriods(
  pool: Pool,
  version: ProgrammeVersion,
  snapshot: SealedSnapshot,
  lineId: string,
  periods: readonly Period[],
): Promise<readonly ExplainedPeriod[]> {
  const found = await findLine(pool, snapshot.snapshotId, lineId)
  if (found === undefined)
    throw new RedressError('LINE_UNKNOWN', { line: lineId, programme: versionName(version) })
  const chunk = await withClient(pool, (client) =>
    readChunk(client, snapshot.snapshotId, found.chunkNo),
  )
  const packed = findInPack(openPack(chunk.pack), BigInt(found.customerId))
  assert(packed !== undefined, 'the customer of a line in its chunk')
  const explained: ExplainedPeriod[] = []
  for (const period of periods) {
    const run = (await closedRuns(pool, version.programme, period)).at(-1)
    const inputs = run && (await plans.readInputs(pool, run.planId))
    const known = await factsOfLines(
      pool,
      {
        snapshotId: snapshot.snapshotId,
        baseDate: version.baseDate,
        period,
        zone: version.zone,
        inputs: inputs ?? (await plans.currentInputs(pool, version.programme)).inputs,
      },
      packed.lines.map((it) => String(it.lineId)),
    )
    const ledgerNo = await readLedgerNo(pool, version.programme, period)
    explained.push({
      period,
      snapshotId: snapshot.snapshotId,
      runId: run?.runId,
      explanations: explainLine(version, period, caseOf(packed, known), indexOf(packed, lineId)),
      entries:
        ledgerNo === undefined ? [] : await entriesOfLine(pool, ledgerNo, found.customerId, lineId),
    })
  }
  return explained
}

function caseOf(packed: PackedCustomer, known: readonly KnownFact[]): Case {
  const factOf = new Map(known.map((it) => [it.lineId, it]))
  return {
    customer: customerOf(packed.birthDay, packed.corporate),
    lines: packed.lines.map(({ lineId, facts }) => {
      const line = { facts, statusAtStart: facts.statusAtBase, pass: null }
      const fact = factOf.get(String(lineId))
      return fact === undefined ? line : withFact(line, fact)
    }),
  }
}

function indexOf(packed: PackedCustomer, lineId: string): number {
  const index = packed.lines.findIndex((it) => String(it.lineId) === lineId)
  assert(index >= 0, 'the line among those of its customer')
  return index
}
