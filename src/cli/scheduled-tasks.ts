/** Which function does which task of the schedule. */
import { RedressError } from '../errors.js'
import type { Task } from '../rules/schedule/schedule.js'
import { verifyLedger } from '../runs/verify-ledger.js'
import type { PerformTask, Tasks } from '../schedule/task.js'
import { payoutExportTask, payoutPrepareTask } from './scheduled-payouts.js'
import type { PayoutParts } from './scheduled-payouts.js'
import { dailyRunTask, forecastTask, runTask } from './scheduled-runs.js'
import type { RunParts } from './scheduled-runs.js'

/** How rounds and campaigns are told; an occurrence names its round, campaign or date. */
export interface NoticeTasks {
  readonly prepareRound: PerformTask
  readonly sendRound: PerformTask
  readonly tellCampaign: PerformTask
  readonly tellEvents: PerformTask
}

export interface TaskParts extends RunParts, PayoutParts {
  readonly notices?: NoticeTasks
}

export function scheduledTasks(parts: TaskParts): Tasks {
  const { notices } = parts
  return {
    forecast: forecastTask(parts),
    run: runTask(parts),
    daily_run: dailyRunTask(parts),
    verify: verifyTask(parts),
    payout_prepare: payoutPrepareTask(parts),
    payout_export: payoutExportTask(parts),
    reminder_prepare: notices?.prepareRound ?? notHad('reminder_prepare'),
    reminder_send: notices?.sendRound ?? notHad('reminder_send'),
    notice: notices?.tellCampaign ?? notHad('notice'),
    event_notices: notices?.tellEvents ?? notHad('event_notices'),
  }
}

function verifyTask({ pool, lanes }: RunParts): PerformTask {
  return async (_, { signal }) => {
    const runs = await verifyLedger(pool, { replay: false, lanes, signal })
    const differences = runs.flatMap((it) => it.differences)
    if (differences.length > 0) {
      throw new RedressError('LEDGER_MISMATCH', {
        problem: `${differences.length} differences, the first: ${differences[0]}`,
        expected: 'what was posted; `redress ledger verify` tells all',
      })
    }
    const chunks = runs.reduce((sum, it) => sum + it.chunks, 0)
    return { outcome: 'done', result: { runs: runs.length, chunks } }
  }
}

function notHad(task: Task): PerformTask {
  return () =>
    Promise.reject(
      new RedressError('NOT_AVAILABLE', { what: task, expected: 'notices to be set up' }),
    )
}
