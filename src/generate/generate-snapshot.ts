/**
 * START HERE: writes a synthetic line snapshot of any size, and on request the status changes,
 * consents and choices that follow it, voucher codes, and the terminations and applications for a
 * refund of those who left. The same options give the same bytes.
 */
import { RedressError } from '../errors.js'
import { BadRows } from './bad-rows.js'
import { ChoiceFeed } from './choice-feed.js'
import { dayOf } from './civil-day.js'
import { ConsentFeed } from './consent-feed.js'
import { OutFile } from './out-file.js'
import { Population } from './population.js'
import { openRowSink } from './row-order.js'
import type { RowOrder } from './row-order.js'
import { SNAPSHOT_COLUMNS } from './snapshot-row.js'
import { SnapshotWriter } from './snapshot-writer.js'
import type { SnapshotCounts } from './snapshot-tally.js'
import { StatusFeed } from './status-feed.js'
import { Timelines } from './timeline.js'
import { writeApplications } from './write-applications.js'
import { writeTerminations } from './write-terminations.js'
import { writeVouchers } from './write-vouchers.js'

/**
 * Lines in service on 2026-01-13, or customers; another `asOf` changes the file's rows by who came
 * and left.
 */
export type PopulationSize = { readonly lines: number } | { readonly customers: number }

export interface GenerateOptions {
  readonly size: PopulationSize
  readonly seed: number
  /** YYYY-MM-DD. */
  readonly asOf: string
  /** Rows to be quarantined, as a share of the good ones, 0 to 0.5. */
  readonly badRows: number
  readonly order: RowOrder
  readonly out: string
  readonly statusOut?: string | undefined
  readonly consentsOut?: string | undefined
  readonly choicesOut?: string | undefined
  /** Of KT's handset lines, those that choose a pass, 0 to 1; 0.3 when not given. */
  readonly choiceShare?: number | undefined
  readonly vouchersOut?: string | undefined
  /** When not given, as many as `choiceShare` of all lines: some more than are asked for. */
  readonly voucherCodes?: number | undefined
  readonly terminationsOut?: string | undefined
  /** Lines that left; when not given, 660,000 to 17.9 million lines of the population. */
  readonly terminations?: number | undefined
  /** Applications of those who left, whether or not their terminations are written. */
  readonly applicationsOut?: string | undefined
}

export interface GeneratedSnapshot extends SnapshotCounts {
  readonly as_of: string
  readonly seed: number
  /** Good and bad rows together, without the header. */
  readonly rows: number
  readonly bytes: number
  readonly bad_rows: number
  readonly bad_rows_by_fault: Readonly<Record<string, number>>
  readonly status_changes: Readonly<Record<string, number>> | null
  readonly consents: Readonly<Record<string, number>> | null
  readonly choices: Readonly<Record<string, number>> | null
  readonly vouchers: Readonly<Record<string, number>> | null
  readonly terminations: Readonly<Record<string, number>> | null
  readonly applications: Readonly<Record<string, number>> | null
}

/** @throws RedressError USAGE for options out of range, OUTPUT_UNWRITABLE for a file that fails. */
export async function generateSnapshot(options: GenerateOptions): Promise<GeneratedSnapshot> {
  checkOptions(options)
  const asOfDay = dayOf(options.asOf)
  const expected = expectedLines(options.size)
  const population = new Population(options.seed, expected)
  const timelines = new Timelines(options.seed)
  const file = await OutFile.open(options.out)
  file.addText(`${SNAPSHOT_COLUMNS.join(',')}\n`)
  const sink = openRowSink(options.order, file, expected * (1 + options.badRows), options.seed)
  try {
    const feeds = await openFeeds(options, asOfDay, timelines)
    const badRows = new BadRows(options.badRows, asOfDay, (it) => population.spareLineId(it))
    const writer = new SnapshotWriter({
      population,
      timelines,
      asOfDay,
      sink,
      feeds: Object.values(feeds).filter((it) => it !== undefined),
      badRows,
    })
    await drawAll(options.size, population, writer)
    await sink.finish()
    await file.finish()
    return {
      as_of: options.asOf,
      seed: options.seed,
      ...writer.tally.counts(),
      rows: writer.tally.lines + badRows.count,
      bytes: file.bytes,
      bad_rows: badRows.count,
      bad_rows_by_fault: Object.fromEntries(badRows.byFault),
      status_changes: (await feeds.status?.finish()) ?? null,
      consents: (await feeds.consents?.finish()) ?? null,
      choices: (await feeds.choices?.finish()) ?? null,
      vouchers: await vouchersFor(options, expected),
      ...(await refundsFor(options, expected)),
    }
  } finally {
    sink.dispose()
  }
}

async function drawAll(
  size: PopulationSize,
  population: Population,
  writer: SnapshotWriter,
): Promise<void> {
  const lines = 'lines' in size ? size.lines : Number.POSITIVE_INFINITY
  const customers = 'customers' in size ? size.customers : Number.POSITIVE_INFINITY
  let drawn = 0
  for (let customer = 0; customer < customers && drawn < lines; customer += 1) {
    writer.beginCustomer(customer)
    drawn += population.drawCustomer(customer, lines - drawn, writer.visit)
    const newcomer = writer.wantsNewcomers ? population.drawNewcomer(customer) : undefined
    if (newcomer !== undefined) {
      writer.beginCustomer(customer)
      writer.visit(newcomer)
    }
    if ((customer & 1023) === 0) await writer.flush()
  }
}

interface Feeds {
  readonly status: StatusFeed | undefined
  readonly consents: ConsentFeed | undefined
  readonly choices: ChoiceFeed | undefined
}

async function openFeeds(
  options: GenerateOptions,
  asOfDay: number,
  timelines: Timelines,
): Promise<Feeds> {
  const status = options.statusOut === undefined ? undefined : await OutFile.open(options.statusOut)
  const { consentsOut, choicesOut } = options
  const consents = consentsOut === undefined ? undefined : await OutFile.open(consentsOut)
  const choices = choicesOut === undefined ? undefined : await OutFile.open(choicesOut)
  return {
    status: status && new StatusFeed(status, options.seed, asOfDay, timelines),
    consents: consents && new ConsentFeed(consents, options.seed),
    choices: choices && new ChoiceFeed(choices, options.seed, shareOf(options)),
  }
}

const CHOICE_SHARE = 0.3

function shareOf(options: GenerateOptions): number {
  return options.choiceShare ?? CHOICE_SHARE
}

async function vouchersFor(
  options: GenerateOptions,
  lines: number,
): Promise<Readonly<Record<string, number>> | null> {
  if (options.vouchersOut === undefined) return null
  const codes = options.voucherCodes ?? Math.ceil(lines * shareOf(options))
  return await writeVouchers(await OutFile.open(options.vouchersOut), options.seed, codes)
}

/** Facts §10 and A41: candidates for a refund, beside all lines of the population. */
const TERMINATIONS_PER_LINE = 660 / 17_900

async function refundsFor(
  options: GenerateOptions,
  lines: number,
): Promise<Pick<GeneratedSnapshot, 'terminations' | 'applications'>> {
  const { seed, terminationsOut, applicationsOut } = options
  const count = options.terminations ?? Math.ceil(lines * TERMINATIONS_PER_LINE)
  return {
    terminations:
      terminationsOut === undefined
        ? null
        : await writeTerminations(await OutFile.open(terminationsOut), seed, count),
    applications:
      applicationsOut === undefined
        ? null
        : await writeApplications(await OutFile.open(applicationsOut), seed, count),
  }
}

/** Ids leave room for a billion customers; no carrier has more. */
const LARGEST = 1_000_000_000
/** Measured over the whole population; companies with many lines weigh more than second devices. */
const LINES_PER_CUSTOMER = 1.4

function expectedLines(size: PopulationSize): number {
  return 'lines' in size ? size.lines : Math.ceil(size.customers * LINES_PER_CUSTOMER)
}

function checkOptions(options: GenerateOptions): void {
  const size = 'lines' in options.size ? options.size.lines : options.size.customers
  check(Number.isInteger(size) && size >= 1 && size <= LARGEST, 'size: expected 1 to 1,000,000,000')
  const { seed, badRows } = options
  check(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32, 'seed: expected 0 to 4,294,967,295')
  check(badRows >= 0 && badRows <= 0.5, 'bad rows: expected a share of 0 to 0.5')
  const share = shareOf(options)
  check(share >= 0 && share <= 1, 'choice share: expected a share of 0 to 1')
  const codes = options.voucherCodes ?? 0
  check(
    Number.isInteger(codes) && codes >= 0 && codes <= LARGEST,
    'voucher codes: expected 0 to 1,000,000,000',
  )
  const left = options.terminations ?? 0
  check(
    Number.isInteger(left) && left >= 0 && left <= LARGEST,
    'terminations: expected 0 to 1,000,000,000',
  )
}

function check(holds: boolean, problem: string): void {
  if (!holds) throw new RedressError('USAGE', { problem })
}
