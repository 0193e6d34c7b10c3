/**
 * What a plan settles in one pass before its chunks: statuses and consents known since the base
 * date, the choices and applications that count, the passes and insurances that other periods gave,
 * and who gets one of the codes that are left. The rules say who may have a code, for each kind of
 * line once; SQL puts those who may in order.
 */
import { isoOfPostgresDay } from '../db/day.js'
import type { Client } from '../db/database.js'
import type { Application, InsuranceFacts, IsoDate, LineStatus } from '../rules/case.js'
import type { CaseLine } from '../rules/case.js'
import { passNeedsCode } from '../rules/decide.js'
import type { ProgrammeVersion } from '../rules/programme.js'
import { readInt32, RowCutter } from '../snapshot/row-stream.js'
import type { SnapshotChunk } from '../snapshot/snapshot.js'
import { FactPackBuilder } from './fact-pack.js'
import type { LineFact } from './fact-pack.js'
import { settleHeldGrants } from './held-grants-store.js'
import type { SettleQuery } from './settle-query.js'
import * as store from './settle-store.js'
import type { ChoosingKind, Settled } from './settle-store.js'
import * as voucherStore from './settle-vouchers-store.js'
import type { CodeDemand } from './settle-vouchers-store.js'
import { forgetUnfoundedPasses } from './unfounded-passes-store.js'

/** Facts that are settled and lie in the client's temporary tables until its transaction ends. */
export interface SettledFacts extends Settled {
  /** By option; empty where nobody wants a code. */
  readonly demand: readonly CodeDemand[]
}

export async function settle(
  client: Client,
  query: SettleQuery,
  version: ProgrammeVersion,
): Promise<SettledFacts> {
  await store.settleChanges(client, query)
  await settleHeldGrants(client, query)
  const none = { choices: false, customers: false, vouchers: false, demand: [] }
  if (!(await store.isAnythingOnce(client, query))) return none
  await store.prepareWholeJoins(client, query)
  await forgetUnfoundedPasses(client, query)
  const choices = await store.settleChoices(client, query)
  const customers = await store.settleCustomers(client, query)
  if (!choices) return { choices, customers, vouchers: false, demand: [] }
  await store.settleLines(client, query)
  const needsCode = passNeedsCode(version, query.period)
  const issuedOn = await store.dayOf(client, query.now, query.zone)
  const kinds = (await store.choosingKinds(client)).filter((it) => needsCode(lineOf(it, issuedOn)))
  if (kinds.length === 0) return { choices, customers, vouchers: false, demand: [] }
  await voucherStore.settleVouchers(client, query, kinds)
  return { choices, customers, vouchers: true, demand: await voucherStore.codeDemand(client) }
}

/** What a pass depends on; the other facts of a line are never asked for it. */
function lineOf(kind: ChoosingKind, issuedOn: IsoDate): CaseLine {
  return {
    facts: {
      network: kind.network,
      lineKind: kind.lineKind,
      payment: kind.payment,
      statusAtBase: kind.statusAtBase,
      planRestriction: 'none',
      guardianConsentOn: null,
      roamingPromotionEndsOn: null,
    },
    statusAtStart: kind.statusAtStart,
    pass: { choice: 'any', hasCode: false, issuedOn, grantedIn: null },
  }
}

export interface SettledPack {
  readonly chunkNo: number
  readonly pack: Buffer
}

/** The settled facts of each chunk, in order; one pack for each of `chunks`. */
export async function* settledPacks(
  client: Client,
  query: SettleQuery,
  settled: Settled,
  chunks: readonly SnapshotChunk[],
): AsyncGenerator<SettledPack> {
  const ends = chunks.map((it) => BigInt(it.lastCustomerId))
  const builder = new FactPackBuilder()
  const cutter = new RowCutter(store.SETTLED_FIELDS)
  const full: SettledPack[] = []
  let chunk = 0
  let [endHigh, endLow] = halvesOf(ends[0])
  const take = (bytes: Buffer, start: number, end: number): void => {
    while (isAfter(bytes, start + CUSTOMER_AT, endHigh, endLow)) {
      full.push({ chunkNo: chunks[chunk]!.chunkNo, pack: builder.take() })
      chunk += 1
      ;[endHigh, endLow] = halvesOf(ends[chunk])
    }
    addRow(builder, bytes, start, end)
  }
  for await (const piece of store.settledRows(client, query, settled)) {
    cutter.push(piece, take)
    yield* full.splice(0)
  }
  for (; chunk < chunks.length; chunk += 1)
    yield { chunkNo: chunks[chunk]!.chunkNo, pack: builder.take() }
}

// A row of binary COPY: field count, then each field after its length.
const CUSTOMER_AT = 6
const LINE_AT = 18
const FACTS_AT = 26

function addRow(builder: FactPackBuilder, bytes: Buffer, start: number, end: number): void {
  const key = bytes.toString('latin1', start + FACTS_AT, end)
  const isOfCustomer =
    readInt32(bytes, start + LINE_AT) === 0 && readInt32(bytes, start + LINE_AT + 4) === 0
  if (isOfCustomer) {
    builder.addCustomer(bytes, start + CUSTOMER_AT, key, () => insuranceOf(fieldsOf(bytes, start)))
  } else {
    const [customerAt, lineAt] = [start + CUSTOMER_AT, start + LINE_AT]
    builder.addLine(bytes, customerAt, lineAt, key, () => lineFactOf(fieldsOf(bytes, start)))
  }
}

type Fields = readonly (Buffer | null)[]

/** After the two ids, in the order of the statement in settle-store.ts. */
function fieldsOf(bytes: Buffer, start: number): Fields {
  const fields: (Buffer | null)[] = []
  let at = start + FACTS_AT
  for (let field = 2; field < store.SETTLED_FIELDS; field += 1) {
    const length = readInt32(bytes, at)
    at += 4
    fields.push(length < 0 ? null : bytes.subarray(at, at + length))
    at += Math.max(0, length)
  }
  return fields
}

function lineFactOf([status, consentOn, option, hasCode, issuedOn, grantedIn]: Fields): LineFact {
  return {
    statusAtStart: textOf(status) as LineStatus | null,
    guardianConsentOn: isoOf(consentOn),
    pass:
      issuedOn === null || issuedOn === undefined
        ? null
        : {
            choice: textOf(option),
            hasCode: hasCode?.[0] === 1,
            issuedOn: isoOfPostgresDay(issuedOn.readInt32BE(0)),
            grantedIn: textOf(grantedIn),
          },
  }
}

function insuranceOf([, , , , , grantedIn, applications]: Fields): InsuranceFacts {
  return {
    applications: (textOf(applications) ?? '')
      .split(' ')
      .filter((it) => it !== '')
      .map(applicationOf),
    grantedIn: textOf(grantedIn),
  }
}

/** As `2026-02-03+` with a guardian's consent, `2026-02-03-` without. */
function applicationOf(text: string): Application {
  return { appliedOn: text.slice(0, -1), guardianConsent: text.endsWith('+') }
}

function textOf(field: Buffer | null | undefined): string | null {
  return field?.toString('utf8') ?? null
}

function isoOf(field: Buffer | null | undefined): IsoDate | null {
  return field === null || field === undefined ? null : isoOfPostgresDay(field.readInt32BE(0))
}

function halvesOf(id: bigint | undefined): [number, number] {
  return id === undefined ? [Infinity, 0] : [Number(id >> 32n), Number(id & 0xffff_ffffn)]
}

/** Ids are positive: their halves compare as unsigned numbers. */
function isAfter(bytes: Buffer, at: number, high: number, low: number): boolean {
  const idHigh = readInt32(bytes, at)
  return idHigh > high || (idHigh === high && readInt32(bytes, at + 4) >>> 0 > low)
}
