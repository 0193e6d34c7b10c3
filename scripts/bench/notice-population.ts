/** Lines that are owed a refund, of which some have applied or opted out: a template to remind. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OutFile } from '../../src/generate/out-file.js'
import { formerLineId } from '../../src/generate/population.js'
import { writeApplications } from '../../src/generate/write-applications.js'
import { writeTerminations } from '../../src/generate/write-terminations.js'
import type { BenchOptions } from './options.js'
import { workFolder } from './population.js'
import { analyze, owed } from './refund-population.js'
import { spawnTask } from './spawn-task.js'

export interface NoticePopulation {
  /** All that are owed a refund. */
  readonly lines: number
  /** Name of the template that holds them, assessed. */
  readonly database: string
}

const SEED = 1
/** So many lines more than are reminded at least: most of these apply, some opt out. */
const MORE = 1 / 4
const OPTED_OUT_EVERY = 50

/** @param audience lines that have a number and no reason not to be reminded, at least */
export async function makeNoticePopulation(
  options: BenchOptions,
  audience: number,
): Promise<NoticePopulation> {
  const fileOf = (name: string): string => join(workFolder(), `${name}-to-remind-${audience}.csv`)
  const files = {
    terminations: fileOf('terminations'),
    applications: fileOf('applications'),
    restrictions: fileOf('restrictions'),
  }
  const more = Math.ceil(audience * MORE)
  const lines = audience + more
  await writeTerminations(await OutFile.open(files.terminations), SEED, lines, (it) => {
    const noticeNumber = it.noticeNumber === '' ? numberOf(it.lineId) : it.noticeNumber
    return { ...owed(it), noticeNumber }
  })
  await writeApplications(await OutFile.open(files.applications), SEED, more)
  writeFileSync(files.restrictions, restrictions(more))
  const database = `notices_${audience}`
  await options.server.create(database)
  await spawnTask(options, database, { kind: 'notice_files', files })
  await analyze(options.server.urlOf(database))
  return { lines, database }
}

function numberOf(lineId: number): string {
  return `010${String(lineId % 1e8).padStart(8, '0')}`
}

function restrictions(lines: number): string {
  const rows = ['line_id,customer_id,kind,since,until']
  for (let index = 0; index < lines; index += OPTED_OUT_EVERY) {
    rows.push(`${formerLineId(index, SEED)},,opted_out,2026-01-01T00:00:00+09:00,`)
  }
  return `${rows.join('\n')}\n`
}
