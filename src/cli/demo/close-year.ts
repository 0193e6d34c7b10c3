/** The demo's year is counted and proved: by what stands in the database and in the spool. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { payoutReport } from '../../payouts/payout-report.js'
import { reconcile } from '../../payouts/reconcile.js'
import { roundNumberOf } from '../../reminders/notice-round.js'
import { findRound } from '../../reminders/prepare-store.js'
import { countRound, effectOf } from '../../reminders/show-store.js'
import type { ProgrammeVersion } from '../../rules/programme.js'
import type { Task } from '../../rules/schedule/schedule.js'
import { listRuns } from '../../runs/run-store.js'
import type { Run } from '../../runs/run.js'
import { verifyLedger } from '../../runs/verify-ledger.js'
import { readTasks } from '../../schedule/schedule-store.js'
import type { ScheduledTask } from '../../schedule/task.js'
import type { Context } from '../context.js'
import type { CampaignFigures, MonthFigures, TaskFigures, YearFigures } from './year-figures.js'
import { YEAR } from './year-story.js'
import type { PlayedYear } from './year-story.js'

export async function closeYear(
  context: Context,
  played: PlayedYear,
  measured: { readonly lines: number; readonly seconds: number },
): Promise<YearFigures> {
  const { pool, settings, signal } = context
  const tasks = await readTasks(pool, played.schedule.programme, 'all')
  const runs = await listRuns(pool)
  const campaigns = await campaignsOf(context, played.version)
  const proof = await verifyLedger(pool, { replay: true, lanes: settings.lanes, signal })
  const done = played.done.flat()
  return {
    ...YEAR,
    ...measured,
    schedulers: played.done.length,
    looks: played.looks,
    tasks: tasksOf(tasks, played),
    doubled: done.length - new Set(done).size,
    shares: played.done.map((it) => it.length),
    months: monthsOf(runs),
    payouts: await payoutReport(pool, YEAR.to),
    campaigns,
    sent: campaigns.reduce((sum, it) => sum + it.counts.sent, 0),
    spooled: await countFiles(join(settings.gateway.spoolFolder, 'new')),
    outage: played.outage,
    booksOk: (await reconcile(pool, null)).ok,
    verified: proof.length === runs.length && proof.every((it) => it.differences.length === 0),
    errors: played.errors,
    home: settings.home,
  }
}

function tasksOf(
  tasks: readonly ScheduledTask[],
  { waits, seconds }: PlayedYear,
): readonly TaskFigures[] {
  const names: readonly Task[] = [...new Set(tasks.map((it) => it.task))]
  return names.map((task) => {
    const same = tasks.filter((it) => it.task === task)
    const count = (state: ScheduledTask['state']): number =>
      same.filter((it) => it.state === state).length
    const minutes = same.flatMap(({ key }) => {
      const wait = waits.get(key)
      return wait === undefined ? [] : [(Date.parse(wait.to) - Date.parse(wait.from)) / 60_000]
    })
    const [done, skipped, merged] = [count('done'), count('skipped'), count('merged')]
    return {
      task,
      due: same.length,
      done,
      skipped,
      merged,
      missed: same.filter((it) => it.resolution !== null).length,
      open: same.length - done - skipped - merged,
      waited: minutes.length,
      waitedMinutes: minutes.reduce((sum, it) => sum + it, 0),
      longestWaitMinutes: Math.max(0, ...minutes),
      seconds: seconds.get(task) ?? 0,
    }
  })
}

function monthsOf(runs: readonly Run[]): readonly MonthFigures[] {
  const periods = [...new Set(runs.map((it) => it.period))].toSorted()
  return periods.map((period) => {
    const same = runs.filter((it) => it.period === period)
    const balances = same.flatMap((it) => Object.values(it.balance ?? {}))
    return {
      period,
      runs: same.length,
      granted: balances.reduce((sum, it) => sum + it.granted, 0),
      reversed: balances.reduce((sum, it) => sum + it.reversed, 0),
    }
  })
}

/** Those whose messages were prepared. */
async function campaignsOf(
  { pool }: Context,
  { programme, notices }: ProgrammeVersion,
): Promise<readonly CampaignFigures[]> {
  const figures: CampaignFigures[] = []
  for (const { campaign, rounds } of notices?.campaigns ?? []) {
    const numbers =
      rounds.length === 0 ? [roundNumberOf({ round: undefined })] : rounds.map(roundOf)
    for (const round of numbers) {
      const stored = await findRound(pool, programme, campaign, round)
      if (stored?.result === null || stored === undefined) continue
      const counts = await countRound(pool, stored.roundId)
      const effect = await effectOf(pool, stored.roundId)
      figures.push({ campaign, round, result: stored.result, counts, effect })
    }
  }
  return figures
}

function roundOf({ round }: { readonly round: number }): number {
  return round
}

/** On the shelves of a folder; none where nothing was ever put. */
async function countFiles(folder: string): Promise<number> {
  const shelves = await readdir(folder).catch(() => [])
  let files = 0
  for (const shelf of shelves) files += (await readdir(join(folder, shelf))).length
  return files
}
