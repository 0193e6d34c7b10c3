/**
 * Commands of payouts killed at seeded moments and given again: the books, the answers and the
 * bank's file end equal to those of an undisturbed run.
 */
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payoutSetting, reportOf } from '../integration/payout-setting.js'
import type { PayoutSetting } from '../integration/payout-setting.js'
import { spawnRedress } from '../support/cli.js'
import type { RunningCli } from '../support/cli.js'
import { chanceOf, simulationSeed } from '../support/processes.js'

const LINES = 120
const settings: PayoutSetting[] = []
beforeAll(async () => {
  for (let index = 0; index < 2; index += 1) {
    const it = await payoutSetting()
    settings.push(it)
    for (let line = 1; line <= LINES; line += 1) await it.apply(line)
    await it.assess(Array.from({ length: LINES }, (_, index_) => ({ line: index_ + 1 })))
    const answers = Array.from({ length: LINES }, (_, index_) => {
      const status = index_ % 10 === 0 ? 'RJCT' : 'ACSC'
      return { id: `kt-2026-${index_ + 1}-1`, status, reason: 'AC01' }
    })
    const report = reportOf(answers, { at: '2026-01-22T18:00:00+09:00' })
    writeFileSync(join(it.folder, 'answer.xml'), report)
  }
})
afterAll(async () => {
  for (const it of settings) await it.close()
})

function started(it: PayoutSetting, person: string, args: readonly string[]): RunningCli {
  const url = new URL(it.database.url)
  // The login may claim to be anybody, as in a rehearsal on the embedded database.
  url.searchParams.set('options', `-c redress.actor=${person}`)
  return spawnRedress(['payouts', ...args, '--json', '--now', '2026-01-20T10:00:00Z'], {
    DATABASE_URL: url.href,
    REDRESS_HOME: it.folder,
    REDRESS_DATA_KEY: Buffer.alloc(32, 7).toString('base64'),
    REDRESS_PAYER: '020:10000000000001:주식회사 케이티',
  })
}

const stepsIn = (it: PayoutSetting): readonly (readonly [string, readonly string[]])[] => [
  ['maker', ['prepare', '2026-01-22']],
  ['checker', ['approve', '1']],
  ['maker', ['export', '1', '--out', join(it.folder, 'bank.xml')]],
  ['maker', ['import-status', join(it.folder, 'answer.xml')]],
]

async function endOf(it: PayoutSetting): Promise<unknown> {
  const file = readFileSync(join(it.folder, 'bank.xml'))
  return {
    file: createHash('sha256').update(file).digest('hex'),
    journal: await it.query(
      `select event_key, debit, credit, amount_krw from journal order by event_key`,
    ),
    states: await it.query('select end_to_end_id, state from transfer_state order by 1'),
    answers: await it.query('select seq, outcome from bank_status order by seq'),
  }
}

test('killed and given again, all ends as undisturbed', { timeout: 400_000 }, async () => {
  const chance = chanceOf(simulationSeed())
  const [calm, killed] = settings as [PayoutSetting, PayoutSetting]
  let kills = 0
  for (const [index, [person, args]] of stepsIn(calm).entries()) {
    const undisturbed = await started(calm, person, args).ended
    expect(undisturbed.exitCode, undisturbed.stderr).toBe(0)
    const [, ownArgs] = stepsIn(killed)[index]!
    for (let times = 0; times < 3; times += 1) {
      const running = started(killed, person, ownArgs)
      // The first half is Node.js starting; the work is in the second.
      await sleep(undisturbed.durationMs * (0.5 + chance.next() * 0.5))
      if (running.isRunning()) kills += 1
      await running.kill('SIGKILL')
    }
    const again = await started(killed, person, ownArgs).ended
    expect(again.exitCode, `seed ${chance.seed}: ${again.stderr}`).toBe(0)
  }
  expect(kills).toBeGreaterThan(0)
  const [calmEnd, killedEnd] = [await endOf(calm), await endOf(killed)]
  expect(killedEnd, `seed ${chance.seed}`).toEqual(calmEnd)
})
