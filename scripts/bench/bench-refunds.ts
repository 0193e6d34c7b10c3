/** The way of refunds through all stages, and two of them beside SQL that makes the same rows. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { assert } from '../../src/assert.js'
import { openPool } from '../../src/db/database.js'
import { answerPayments } from '../../src/generate/bank-answers.js'
import { contest } from './contest.js'
import type { Contestant, Standing } from './contest.js'
import type { BenchOptions } from './options.js'
import { PLAIN_TRANSFER } from './plain-payout.js'
import { workFolder } from './population.js'
import { analyze, makeRefundPopulation } from './refund-population.js'
import type { RefundSize } from './refund-population.js'
import { SameContent } from './same-content.js'
import { spawnTask } from './spawn-task.js'
import type { Outcome, Task } from './task.js'

export const PREPARE = 'prepare'
export const EXPORT = 'export'
const PLAIN_PREPARE = 'insert … select'
const PLAIN_EXPORT = 'copy to file'

export interface RefundBench {
  readonly terminations: number
  readonly applications: number
  readonly transfers: number
  /** Repetitions whose transfers or file were compared with the first one's, and found equal. */
  readonly equalContents: number
  readonly standings: readonly Standing[]
  /** Prepare and export by the seconds of the SQL and COPY beside them. */
  readonly priceOfPayout: number
}

const SEED = 1

export async function benchRefunds(options: BenchOptions, size: RefundSize): Promise<RefundBench> {
  const { note, repeats } = options
  note(`refunds: ${size.terminations} terminations`)
  const { terminations, applications, database } = await makeRefundPopulation(options, size)
  const fileOf = (name: string): string => join(workFolder(), `${name}-${terminations}`)
  const [sent, answers, plain] = [fileOf('sent.xml'), fileOf('answers.xml'), fileOf('plain.csv')]
  const way = new Way(options, database)
  const same = new SameContent()
  const transfersIn =
    (table: string): Check =>
    async (url) =>
      same.expect('transfers', await transfersOf(url, table))
  const sentIn =
    (file: string, line: RegExp): Check =>
    async () =>
      same.expect('file', await contentOf(file, line))
  // A rival stands before the stage whose work it does, on copies of what that finds.
  const rounds: readonly (readonly Contestant[])[] = [
    [way.stage('assess', { kind: 'assess' })],
    [
      way.rival(PLAIN_PREPARE, { kind: 'plain_prepare' }, transfersIn(PLAIN_TRANSFER)),
      way.stage(PREPARE, { kind: 'prepare' }, transfersIn('payout_transfer')),
    ],
    [way.stage('approve', { kind: 'approve' })],
    [
      way.rival(PLAIN_EXPORT, { kind: 'plain_export', file: plain }, sentIn(plain, COPIED)),
      way.stage(EXPORT, { kind: 'export', file: sent }, sentIn(sent, SENT)),
    ],
    [way.stage('import-status', { kind: 'answers', file: answers })],
    [way.stage('reconcile', { kind: 'reconcile' })],
  ]
  const standings: Standing[] = []
  for (const contestants of rounds) {
    standings.push(...(await contest(contestants, repeats, note)))
    await way.goOn()
    if (contestants.some(({ name }) => name === EXPORT)) {
      await answerPayments({ sent, seed: SEED, reports: { results: answers } })
    }
  }
  await way.end()
  const transfers = standings.find(({ name }) => name === PREPARE)?.written ?? 0
  const priceOfPayout = secondsOf(standings, PAYOUT) / secondsOf(standings, PLAIN_PAYOUT)
  const equalContents = same.found
  return { terminations, applications, transfers, equalContents, standings, priceOfPayout }
}

/** Checks what was written to the database at `url`, or beside it. */
type Check = (url: string) => Promise<void>

/** Stages one after the other, each repeated on copies: the next begins with the last of them. */
class Way {
  readonly #options: BenchOptions
  #database: string
  #copies = 0
  #newest: string | undefined

  constructor(options: BenchOptions, database: string) {
    this.#options = options
    this.#database = database
  }

  stage(name: string, task: Task, check?: Check): Contestant {
    return { name, run: async () => await this.#run(task, check, true) }
  }

  rival(name: string, task: Task, check: Check): Contestant {
    return { name, run: async () => await this.#run(task, check, false) }
  }

  async goOn(): Promise<void> {
    assert(this.#newest !== undefined, 'a stage of the round')
    await this.#options.server.drop(this.#database)
    this.#database = this.#newest
    this.#newest = undefined
    await analyze(this.#options.server.urlOf(this.#database))
  }

  async end(): Promise<void> {
    await this.#options.server.drop(this.#database)
  }

  async #run(task: Task, check: Check | undefined, keep: boolean): Promise<Outcome> {
    const { server } = this.#options
    this.#copies += 1
    const copy = `refunds_copy_${this.#copies}`
    await server.clone(this.#database, copy)
    const outcome = await spawnTask(this.#options, copy, task)
    await check?.(server.urlOf(copy))
    const done = keep ? this.#newest : copy
    if (keep) this.#newest = copy
    if (done !== undefined) await server.drop(done)
    return outcome
  }
}

const PAYOUT: readonly string[] = [PREPARE, EXPORT]
export const PLAIN_PAYOUT: readonly string[] = [PLAIN_PREPARE, PLAIN_EXPORT]

function secondsOf(standings: readonly Standing[], names: readonly string[]): number {
  return standings.reduce((sum, it) => sum + (names.includes(it.name) ? it.seconds : 0), 0)
}

/** Number and sum of its transfers, and a hash of what each says that does not know their order. */
async function transfersOf(url: string, table: string): Promise<string> {
  const pool = openPool({ url, max: 1, name: 'redress bench' })
  try {
    const { rows } = await pool.query(
      `select count(*), sum(amount_krw), sum(hash_record_extended(row(batch_id, seq, line_id,
         attempt_no, application_id, application_no, amount_krw::bigint, end_to_end_id), 0)::numeric
       ) as hash
       from ${table}`,
    )
    return JSON.stringify(rows)
  } finally {
    await pool.end()
  }
}

/** Name, amount and bank of a transfer in a line of the file for the bank, and of the rival's. */
const SENT = /<EndToEndId>(.*?)<.*<InstdAmt Ccy="KRW">(\d+)<.*?<MmbId>(\d+)</
const COPIED = /^([^,]+),(\d+),(\d+),/

async function contentOf(file: string, line: RegExp): Promise<string> {
  const hash = createHash('sha256')
  let [count, totalKrw] = [0, 0]
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const [, endToEndId, amount, bank] = line.exec(text) ?? []
    if (endToEndId === undefined) continue
    count += 1
    totalKrw += Number(amount)
    hash.update(`${endToEndId} ${amount} ${bank}\n`)
  }
  return `${count} ${totalKrw} ${hash.digest('hex')}`
}
