/**
 * Random histories against a plain model: customers with all that can happen to them are told to
 * the engine file by file, periods are run, run again and corrected in between, and after each run
 * the ledger has to say what the model says. REDRESS_SIMULATION_SEED replays them.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { verifyLedger } from '../../src/runs/verify-ledger.js'
import { simulationSeed } from '../support/processes.js'
import { entryText, HistoriesLedger } from './histories-ledger.js'
import type { Told } from './histories-ledger.js'
import { PlainModel } from './histories-model.js'
import type { ModelOutcome } from './histories-model.js'
import { LAST_MOMENT, lastSweep, PERIODS, SNAPSHOTS } from './histories-script.js'
import type { RunStep } from './histories-script.js'
import { storyOf } from './histories-story.js'
import { worldOf } from './histories-world.js'
import type { World } from './histories-world.js'

const CUSTOMERS = 1_000
const SEED = simulationSeed()

/** Between them every reason of contracts §3, and every cause of a reversal, has to come up. */
const REASONS =
  'MVNO IOT SECOND_DEVICE PREPAID SUSPENDED_AT_BASE GUARDIAN_CONSENT_MISSING TERMINATED ' +
  'SUSPENDED CORPORATE ALREADY_GRANTED NO_CHOICE NO_APPLICATION ' +
  'ELIGIBLE PROMOTION_EXTENDED CHOSEN AGE_65 APPLIED'
const CAUSES = 'GRANT_CHANGED NOT_IN_SNAPSHOT NO_CHOICE NO_APPLICATION TERMINATED'
const EXPECTED = [REASONS.split(' '), CAUSES.split(' ').map((it) => `reversal ${it}`)].flat()

describe.each([
  { seed: SEED, codes: 'plenty' },
  { seed: SEED + 1, codes: 'short' },
] as const)(`${CUSTOMERS} histories of seed $seed where codes are $codes`, ({ seed, codes }) => {
  const world = worldOf(seed, CUSTOMERS, codes)
  const opened: HistoriesLedger[] = []
  let corrected: HistoriesLedger

  afterAll(async () => {
    for (const ledger of opened) await ledger.close()
  })

  async function live(runs: readonly (readonly RunStep[])[]): Promise<Life> {
    const ledger = await HistoriesLedger.open(world)
    opened.push(ledger)
    return await lifeOf(world, ledger, runs)
  }

  it('stand in the ledger as the plain model has them, after every run', async () => {
    const startedAt = performance.now()
    const life = await live(world.script.map((it) => it.runs))
    corrected = life.ledger
    tell(seed, life, startedAt)
    const verified = await verifyLedger(corrected.setting.pool, { replay: true, lanes: 2 })
    expect(verified.flatMap((it) => it.differences)).toEqual([])
    const expected = [...EXPECTED, ...(codes === 'short' ? ['NO_CODE_LEFT'] : [])]
    expect(expected.filter((it) => !life.reasons.has(it))).toEqual([])
  })

  it('end where the last corrections alone would have ended', async () => {
    const alone = await live(
      world.script.map((_, moment) => (moment === LAST_MOMENT ? lastSweep() : [])),
    )
    for (const benefit of ['data', 'roaming_bonus', 'membership'])
      expect(await netOfBenefit(corrected, benefit)).toEqual(
        await netOfBenefit(alone.ledger, benefit),
      )
    const apart = momentsMatterIn(world, codes)
    const [both, only] = [await heldOnce(corrected, apart), await heldOnce(alone.ledger, apart)]
    expect(both).toEqual(only)
    // Whose answer does not depend on a moment is no small part of all.
    expect(both.filter((it) => it.startsWith('insurance')).length).toBeGreaterThan(CUSTOMERS / 10)
    expect(both.filter((it) => it.startsWith('ott_pass')).length).toBeGreaterThan(
      codes === 'plenty' ? CUSTOMERS / 10 : -1,
    )
  })
})

interface Life {
  readonly ledger: HistoriesLedger
  /** Those that came up, of reversals with the word before them. */
  readonly reasons: ReadonlySet<string>
  readonly runs: number
  readonly entries: number
}

function tell(seed: number, { runs, entries }: Life, startedAt: number): void {
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
  process.stderr.write(
    `histories of seed ${seed}: ${runs} runs wrote ${entries} entries in ${seconds} s\n`,
  )
}

/** Imports and runs in order, ledger and model side by side. */
async function lifeOf(
  world: World,
  ledger: HistoriesLedger,
  runs: readonly (readonly RunStep[])[],
): Promise<Life> {
  const model = new PlainModel(world)
  const reasons = new Set<string>()
  let [written, done] = [0, 0]
  for (const [moment, steps] of runs.entries()) {
    await ledger.importMoment(moment)
    for (const [index, step] of steps.entries()) {
      const expected = model.run(moment, step)
      const told = await ledger.run(step)
      expectTold(world, step, told, expected)
      // Run again with nothing new, a period has nothing to write.
      if (step === steps[index - 1]) expect(told.entries, runText(step)).toEqual([])
      written += told.entries.length
      done += 1
      expect(ledger.faults).toEqual([])
      for (const tally of Object.values(expected.tallies))
        for (const reason of Object.keys(tally.reasons)) reasons.add(reason)
      for (const { type, reason } of expected.entries)
        if (type === 'reversal') reasons.add(`reversal ${reason}`)
    }
  }
  for (const period of PERIODS)
    expect(await ledger.setting.netEntitlement(period)).toEqual(netOf(model, period))
  return { ledger, reasons, runs: done, entries: written }
}

/** Fails with the histories of the first subjects that ledger and model tell otherwise. */
function expectTold(world: World, step: RunStep, told: Told, expected: ModelOutcome): void {
  const texts = expected.entries.map(entryText)
  const [inModel, inLedger] = [new Set(texts), new Set(told.entries)]
  const differences = [
    ...texts.filter((it) => !inLedger.has(it)).map((it) => `model alone: ${it}`),
    ...told.entries.filter((it) => !inModel.has(it)).map((it) => `ledger alone: ${it}`),
  ].toSorted((a, b) => subjectIn(a).localeCompare(subjectIn(b)))
  if (differences.length > 0) {
    const subjects = [...new Set(differences.map(subjectIn))].slice(0, 3)
    throw new Error(
      [
        `seed ${world.seed}, ${runText(step)}, run ${told.run.runId} is ${told.run.state}`,
        told.run.heldBecause ?? '',
        `${differences.length} differences, among them`,
        ...differences.filter((it) => subjects.includes(subjectIn(it))),
        ...subjects.flatMap((it) => storyOf(world, it)),
      ].join('\n'),
    )
  }
  expect(told.run, runText(step)).toMatchObject({ state: 'closed', heldBecause: null })
  expect(told.entries.length, runText(step)).toBe(texts.length)
  expect(told.plan.result?.benefits, runText(step)).toEqual(expected.tallies)
  expect(told.plan.result?.codes, runText(step)).toEqual(expected.demand)
}

function runText({ period, snapshot, now }: RunStep): string {
  return `${period} by version ${SNAPSHOTS[snapshot]!.version}, snapshot ${snapshot}, at ${now}`
}

function subjectIn(difference: string): string {
  return /(line|customer) \d+/.exec(difference)?.[0] ?? ''
}

/** As `netEntitlement` tells it. */
function netOf(model: PlainModel, period: string): readonly string[] {
  return [...model.standing.get(period)!]
    .map(([key, it]) => {
      const [benefit, subject, id] = key.split(' ')
      const option = it.option === null ? [] : [it.option]
      return [subject, id, benefit, it.quantity, it.unit, ...option, it.validFrom, it.validTo]
    })
    .map((it) => it.join(' '))
    .toSorted()
}

async function netOfBenefit(ledger: HistoriesLedger, benefit: string): Promise<readonly string[]> {
  const held: string[] = []
  for (const period of PERIODS) {
    const all = await ledger.setting.netEntitlement(period)
    held.push(...all.filter((it) => it.split(' ')[2] === benefit).map((it) => `${period} ${it}`))
  }
  expect(held.length).toBeGreaterThan(CUSTOMERS / 2)
  return held
}

/**
 * Which period gives a pass or an insurance, and from which day a pass runs, depends on when plans
 * are made; who has one does not, nor the service of a pass, nor the term of an insurance: but for
 * those whose events make the moment of issue matter.
 */
async function heldOnce(
  ledger: HistoriesLedger,
  momentsMatter: ReadonlySet<string>,
): Promise<readonly string[]> {
  const held: string[] = []
  for (const period of PERIODS) {
    for (const text of await ledger.setting.netEntitlement(period)) {
      const [kind, id, benefit, quantity, unit, ...terms] = text.split(' ')
      if (momentsMatter.has(`${benefit} ${id}`)) continue
      if (benefit === 'ott_pass')
        held.push(`${benefit} ${kind} ${id} ${quantity} ${unit} ${terms[0]}`)
      if (benefit === 'insurance') held.push(`${benefit} ${kind} ${id} ${terms.join(' ')}`)
    }
  }
  return held.toSorted()
}

/**
 * Passes of lines that withdrew or chose several services, since an issue fixes what was chosen by
 * then, and all of them where the order of issue says who gets a code. Insurances of customers that
 * withdrew, and of those old enough in February, who are insured from another month when they apply
 * than when they are found to be of age.
 */
function momentsMatterIn(world: World, codes: 'plenty' | 'short'): ReadonlySet<string> {
  const matter = new Set<string>()
  const { lines, people } = world.snapshots.at(-1)!
  for (const { lineId, customerId } of lines) {
    const choices = world.choices.filter((it) => it.lineId === lineId)
    const passes = choices.filter((it) => it.benefit === 'ott_pass')
    const options = new Set(passes.map((it) => it.option))
    if (codes === 'short' || options.size > 1 || passes.some((it) => it.withdrawnAt !== null))
      matter.add(`ott_pass ${lineId}`)
    const applications = choices.filter((it) => it.benefit === 'insurance')
    const { birthDate } = people.get(customerId)!
    const isOld = birthDate !== null && birthDate <= '1961-01-31'
    if (isOld || applications.some((it) => it.withdrawnAt !== null))
      matter.add(`insurance ${customerId}`)
  }
  return matter
}
