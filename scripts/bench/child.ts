/** A measured process: takes its order as its only argument, does it, answers by message, ends. */
import { assert } from '../../src/assert.js'
import { openPool } from '../../src/db/database.js'
import { benchChanges, benchImport, benchPlan, benchRun } from './redress-tasks.js'
import type { Bench } from './redress-tasks.js'
import { benchPlainCopy } from './plain-copy.js'
import * as notices from './notice-tasks.js'
import { benchPlainNotices } from './plain-notices.js'
import { benchPlainExport, benchPlainPrepare } from './plain-payout.js'
import * as refunds from './refund-tasks.js'
import { benchChunkedSql, benchQueryBuilder, benchRawCopy } from './rivals.js'
import { LANES } from './task.js'
import type { Order, Outcome, Task } from './task.js'

async function perform(bench: Bench, task: Task): Promise<Outcome> {
  switch (task.kind) {
    case 'import':
      return await benchImport(bench, task.file)
    case 'plain_copy':
      return await benchPlainCopy(bench, task.file)
    case 'changes':
      return await benchChanges(bench, task.files)
    case 'plan':
      return await benchPlan(bench)
    case 'run':
      return await benchRun(bench)
    case 'chunked_sql':
      return await benchChunkedSql(bench)
    case 'raw_copy':
      return await benchRawCopy(bench, task.rows)
    case 'query_builder':
      return await benchQueryBuilder(bench, task.rows, task.mostLines)
    case 'refund_files':
      return await refunds.benchRefundFiles(bench, task.files)
    case 'assess':
      return await refunds.benchAssess(bench)
    case 'prepare':
      return await refunds.benchPrepare(bench)
    case 'approve':
      return await refunds.benchApprove(bench)
    case 'export':
      return await refunds.benchExport(bench, task.file)
    case 'answers':
      return await refunds.benchAnswers(bench, task.file)
    case 'reconcile':
      return await refunds.benchReconcile(bench)
    case 'plain_prepare':
      return await benchPlainPrepare(bench)
    case 'plain_export':
      return await benchPlainExport(bench, task.file)
    case 'notice_files':
      return await notices.benchNoticeFiles(bench, task.files)
    case 'prepare_notices':
      return await notices.benchPrepareNotices(bench)
    case 'plain_notices':
      return await benchPlainNotices(bench)
    case 'send_notices':
      return await notices.benchSendNotices(bench, task)
  }
}

const order = JSON.parse(process.argv[2] ?? '') as Order
const { databaseUrl, postmaster } = order
// As a command has it: its lanes, and a handful for what else goes on at the same time.
const pool = openPool({ url: databaseUrl, max: LANES + 6, name: 'redress bench' })
try {
  const outcome = await perform({ pool, databaseUrl, postmaster }, order.task)
  assert(process.send !== undefined, 'a parent that listens')
  process.send(outcome)
} finally {
  await pool.end()
  if (process.connected) process.disconnect()
}
