/** Terminations and applications of some size as files, and the template database made of them. */
import { join } from 'node:path'
import { openPool } from '../../src/db/database.js'
import { Applications } from '../../src/generate/drawn-application.js'
import type { DrawnTermination } from '../../src/generate/drawn-termination.js'
import { NO_DAY, dayOf } from '../../src/generate/civil-day.js'
import { OutFile } from '../../src/generate/out-file.js'
import { writeApplications } from '../../src/generate/write-applications.js'
import { writeTerminations } from '../../src/generate/write-terminations.js'
import type { BenchOptions } from './options.js'
import { workFolder } from './population.js'
import { spawnTask } from './spawn-task.js'
import type { RefundFiles } from './task.js'

export interface RefundSize {
  readonly terminations: number
  /** Null for as many as come of so many terminations. */
  readonly applications: number | null
}

export interface RefundPopulation {
  readonly terminations: number
  readonly applications: number
  /** Name of the template that holds both, as the commands import them. */
  readonly database: string
}

const SEED = 1

export async function makeRefundPopulation(
  options: BenchOptions,
  { terminations, applications: wanted }: RefundSize,
): Promise<RefundPopulation> {
  const fileOf = (name: string): string => join(workFolder(), `${name}-${terminations}.csv`)
  const files = { terminations: fileOf('terminations'), applications: fileOf('applications') }
  await writeTerminations(await OutFile.open(files.terminations), SEED, terminations, owed)
  const applicants = wanted === null ? terminations : applicantsFor(wanted, terminations)
  const made = await writeApplications(await OutFile.open(files.applications), SEED, applicants)
  const database = `refunds_${terminations}`
  await options.server.create(database)
  await importFiles(options, database, files)
  return { terminations, applications: made['applications'] ?? 0, database }
}

/**
 * As drawn, two lines in three are owed nothing, and the payouts would be measured on a third. So
 * each line is made one that is owed its penalty; who applies, when and how stays as it is drawn.
 */
export function owed(it: DrawnTermination): DrawnTermination {
  const [subsidy, discount] = [it.subsidy + MEDIAN_PENALTY, it.discount]
  return {
    ...it,
    mvno: false,
    lineKind: 'handset',
    kind: 'port_out',
    activatedDay: Math.min(it.activatedDay, ACTIVATED_DAY),
    contractEvent: '',
    contractEventDay: NO_DAY,
    day: Math.min(Math.max(it.day, FIRST_DAY), LAST_DAY),
    subsidy,
    paid: subsidy + discount,
    alreadyWaived: 0,
    paidLater: 0,
    resubscribedDay: NO_DAY,
    hardship: '',
    hardshipEndedDay: NO_DAY,
  }
}

const MEDIAN_PENALTY = 110_000
const ACTIVATED_DAY = dayOf('2025-08-31')
const [FIRST_DAY, LAST_DAY] = [dayOf('2025-09-01'), dayOf('2026-01-13')]

/** The first so many terminations of which come as many applications; all, if they are too few. */
function applicantsFor(wanted: number, terminations: number): number {
  const drawn = new Applications(SEED)
  let index = 0
  for (let made = 0; made < wanted && index < terminations; index += 1) {
    made += drawn.draw(index).rows.length
  }
  return index
}

async function importFiles(
  options: BenchOptions,
  database: string,
  files: RefundFiles,
): Promise<void> {
  await spawnTask(options, database, { kind: 'refund_files', files })
  await analyze(options.server.urlOf(database))
}

/** Autovacuum would come to it within a minute; so all copies have the same statistics. */
export async function analyze(url: string): Promise<void> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  await pool.query(
    `vacuum (analyze) termination, refund_application, refund_decision, application_state,
       payout_transfer, bank_status, journal`,
  )
  await pool.end()
}
