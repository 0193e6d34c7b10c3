/**
 * Two plans subject by subject: whose answer changed, from which reason to which, and why. Plans of
 * one snapshot and one version can only differ in what they settled, so the rest is not even read.
 */
import type { Pool } from '../db/database.js'
import { ChangeCounter } from './change-counter.js'
import { DecisionMemo } from './decision-memo.js'
import { EntrySets } from './entry-sets.js'
import { CUSTOMER_FACT_BYTES, LINE_FACT_BYTES } from './fact-pack.js'
import type { FactPack } from './fact-pack.js'
import type { PeriodContext } from './period-context.js'
import { customersIn, readPlannedChunk } from './plan-customers.js'
import type { PlannedCustomer } from './plan-customers.js'
import type { PlanComparison } from './reason-migration.js'

export interface CompareOptions {
  /** Changed subjects to name. */
  readonly sample: number
  readonly signal?: AbortSignal | undefined
  /** Told after each chunk. */
  readonly onProgress?: ((chunks: number) => void) | undefined
}

export async function comparePlans(
  pool: Pool,
  was: PeriodContext,
  is: PeriodContext,
  options: CompareOptions,
): Promise<PlanComparison> {
  const counter = new ChangeCounter(options.sample, was.plan.period === is.plan.period)
  const memoOf = (it: PeriodContext): DecisionMemo =>
    new DecisionMemo(it.rules, new EntrySets([], 'growing'))
  const memo = memoOf(is)
  const sameRules =
    was.version === is.version &&
    was.plan.period === is.plan.period &&
    was.plan.rulesVersion === is.plan.rulesVersion
  if (sameRules && was.plan.snapshotId === is.plan.snapshotId) {
    await compareSettled(pool, { was, is, memo, counter }, options)
  } else {
    await compareAll(pool, { was, is, memo, counter }, sameRules ? memo : memoOf(was), options)
  }
  return counter.comparison()
}

interface Comparing {
  readonly was: PeriodContext
  readonly is: PeriodContext
  readonly memo: DecisionMemo
  readonly counter: ChangeCounter
}

async function compareSettled(
  pool: Pool,
  { was, is, memo, counter }: Comparing,
  options: CompareOptions,
): Promise<void> {
  const { chunks } = is
  for (let chunkNo = 0; chunkNo < chunks; chunkNo += 1) {
    options.signal?.throwIfAborted()
    const after = await readPlannedChunk(pool, is, chunkNo)
    const before = await readPlannedChunk(pool, was, chunkNo)
    const differing = differingCustomers(before.facts, after.facts)
    if (differing.size > 0) {
      const isWanted = (id: bigint): boolean => differing.has(id)
      const old = customersIn(before, memo, isWanted)
      for (const customer of customersIn(after, memo, isWanted)) {
        const earlier = old.next().value as PlannedCustomer
        counter.count({ customer: earlier, memo }, { customer, memo })
      }
    }
    options.onProgress?.(chunkNo + 1)
  }
}

function differingCustomers(before: FactPack, after: FactPack): ReadonlySet<bigint> {
  const differing = new Set<bigint>()
  const textOf = (kind: object): string => JSON.stringify(kind)
  addDiffering(
    differing,
    { records: before.customers, kinds: before.customerKinds.map(textOf) },
    { records: after.customers, kinds: after.customerKinds.map(textOf) },
    CUSTOMER_FACT_BYTES,
  )
  addDiffering(
    differing,
    { records: before.lines, kinds: before.lineKinds.map(textOf) },
    { records: after.lines, kinds: after.lineKinds.map(textOf) },
    LINE_FACT_BYTES,
  )
  return differing
}

interface Side {
  readonly records: Buffer
  readonly kinds: readonly string[]
}

/** Walks two lists of records, both in order of their ids, which stand before the kind. */
function addDiffering(into: Set<bigint>, left: Side, right: Side, size: number): void {
  const ids = size - 4
  let [a, b] = [0, 0]
  while (a < left.records.length || b < right.records.length) {
    const order = orderOf(left.records, a, right.records, b, ids)
    const isSame =
      order === 0 &&
      left.kinds[left.records.readUInt32BE(a + ids)] ===
        right.kinds[right.records.readUInt32BE(b + ids)]
    if (!isSame)
      into.add(order <= 0 ? left.records.readBigInt64BE(a) : right.records.readBigInt64BE(b))
    if (order <= 0) a += size
    if (order >= 0) b += size
  }
}

function orderOf(left: Buffer, a: number, right: Buffer, b: number, ids: number): number {
  if (a >= left.length) return 1
  if (b >= right.length) return -1
  return left.compare(right, b, b + ids, a, a + ids)
}

async function compareAll(
  pool: Pool,
  { was, is, memo, counter }: Comparing,
  memoBefore: DecisionMemo,
  options: CompareOptions,
): Promise<void> {
  const old = allCustomers(pool, was, memoBefore)
  const now = allCustomers(pool, is, memo, options)
  let before = (await old.next()).value
  let after = (await now.next()).value
  while (before !== undefined || after !== undefined) {
    const left = before?.customerId
    const right = after?.customerId
    const takeLeft = left !== undefined && (right === undefined || left <= right)
    const takeRight = right !== undefined && (left === undefined || right <= left)
    counter.count(
      takeLeft ? { customer: before!, memo: memoBefore } : undefined,
      takeRight ? { customer: after!, memo } : undefined,
    )
    if (takeLeft) before = (await old.next()).value
    if (takeRight) after = (await now.next()).value
  }
}

async function* allCustomers(
  pool: Pool,
  context: PeriodContext,
  memo: DecisionMemo,
  options?: CompareOptions,
): AsyncGenerator<PlannedCustomer, undefined> {
  const { chunks } = context
  for (let chunkNo = 0; chunkNo < chunks; chunkNo += 1) {
    options?.signal?.throwIfAborted()
    yield* customersIn(await readPlannedChunk(pool, context, chunkNo), memo)
    options?.onProgress?.(chunkNo + 1)
  }
  return undefined
}
