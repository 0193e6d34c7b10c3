/**
 * Earlier postings of a chunk, each line's under the customer that holds it in the plan's snapshot:
 * entries of the line go with a line that moved, entries of the customer stay with the customer.
 */
import type { Client } from '../db/database.js'
import type { EntrySet } from '../ledger/entry.js'
import {
  CUSTOMER_AT,
  LINE_AT,
  numberAt,
  postedBytes,
  POSTED_BYTES,
  PostedRows,
  setIdAt,
} from './posted-rows.js'
import { readMoves, readPostings } from './posting-store.js'
import type { CustomerRange, Move } from './posting-store.js'

export async function readPosted(
  client: Client,
  ledgerNo: number,
  planId: string,
  range: CustomerRange,
  sets: ReadonlyMap<number, EntrySet>,
): Promise<PostedRows> {
  const setIds = [...sets.keys()]
  const rows = await readPostings(client, ledgerNo, range, setIds)
  const moves = await readMoves(client, ledgerNo, planId, range, setIds)
  if (moves.length === 0) return new PostedRows(rows, sets)
  return new PostedRows(withMoves(rows, moves, range), withParts(sets))
}

// Numbers of real sets are positive: their two parts get numbers below zero.
const customerPartOf = (setId: number): number => -2 * setId
const linePartOf = (setId: number): number => -2 * setId - 1

function withParts(sets: ReadonlyMap<number, EntrySet>): ReadonlyMap<number, EntrySet> {
  const all = new Map(sets)
  for (const [id, entries] of sets) {
    all.set(
      customerPartOf(id),
      entries.filter((it) => it.subject === 'customer'),
    )
    all.set(
      linePartOf(id),
      entries.filter((it) => it.subject === 'line'),
    )
  }
  return all
}

function withMoves(rows: Buffer, moves: readonly Move[], range: CustomerRange): Buffer {
  const left = new Set(moves.map((it) => `${it.from} ${it.lineId}`))
  const isHere = (id: bigint): boolean =>
    id >= BigInt(range.firstCustomerId) && id <= BigInt(range.lastCustomerId)
  const kept: Buffer[] = []
  for (let at = 0; at < rows.length; at += POSTED_BYTES) {
    const customerId = rows.readBigInt64BE(at + CUSTOMER_AT)
    const lineId = rows.readBigInt64BE(at + LINE_AT)
    const whole = rows.subarray(at, at + POSTED_BYTES)
    kept.push(
      left.has(`${customerId} ${lineId}`)
        ? postedBytes({
            customerId,
            lineId,
            postingNo: numberAt(rows, at),
            setId: customerPartOf(setIdAt(rows, at)),
          })
        : whole,
    )
  }
  const arrived = moves
    .filter((it) => isHere(it.to))
    .map((it) =>
      postedBytes({
        customerId: it.to,
        lineId: it.lineId,
        postingNo: it.postingNo,
        setId: linePartOf(it.setId),
      }),
    )
  return Buffer.concat([...kept, ...arrived].toSorted(inPostingOrder))
}

function inPostingOrder(a: Buffer, b: Buffer): number {
  return (
    a.compare(b, CUSTOMER_AT, CUSTOMER_AT + 8, CUSTOMER_AT, CUSTOMER_AT + 8) ||
    a.compare(b, LINE_AT, LINE_AT + 8, LINE_AT, LINE_AT + 8) ||
    numberAt(a, 0) - numberAt(b, 0)
  )
}
