/** `redress worker` with a port: it tells where, works, and stops in order. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { redress, spawnRedress } from '../support/cli.js'
import type { RunningCli } from '../support/cli.js'
import { parseExposition, valueIn } from '../support/exposition.js'
import { scanForPersonalData } from '../support/personal-data.js'
import { until } from '../support/processes.js'
import { AS_OF, complaintOf, setting } from './setting.js'
import type { Setting } from './setting.js'

const HEADER =
  'line_id,customer_id,customer_kind,birth_date,network,line_kind,payment,status,activated_on,' +
  'contract_event,contract_event_on,plan_restriction,guardian_consent_on,' +
  'roaming_promotion_ends_on,notice_number'
const BIRTH = '1961-04-09'
const NUMBERS = ['01023456789', '01098765432', '01055557777']

let here: Setting
let worker: RunningCli
let url: string

beforeAll(async () => {
  here = await setting()
  const row = (line: number, customer: number, network: string, number: string): string =>
    `${line},${customer},individual,${BIRTH},${network},handset,postpaid,active,2020-01-01` +
    `,,,none,,,${number}`
  const file = here.file('lines.csv', [
    HEADER,
    row(7_000_001, 8_000_001, 'kt', NUMBERS[0]!),
    row(7_000_002, 8_000_002, 'kt', NUMBERS[1]!),
    row(7_000_003, 8_000_003, 'unknown', NUMBERS[2]!),
  ])
  await here.ok('snapshot', 'import', file, '--as-of', AS_OF)
  worker = spawnRedress(['worker'], {
    ...here.environment,
    REDRESS_HTTP_PORT: '0',
    REDRESS_LOG_LEVEL: 'trace',
  })
  url = await until('the worker tells its address', () => {
    return /metrics on (http:\S+)/.exec(worker.stderr())?.[1]
  })
})
afterAll(async () => {
  if (worker.isRunning()) await worker.kill('SIGKILL')
  await here.drop()
})

describe('a worker with a port', () => {
  it('becomes ready, and tells of the run it works on', async () => {
    await until('readiness', async () => (await fetch(`${url}/readyz`)).status === 200)
    await here.ok('run', '2026-02', '--yes', '--detach')
    const families = await until(
      'the run in the figures',
      async () => {
        const found = parseExposition(await (await fetch(`${url}/metrics`)).text())
        return valueIn(found, 'redress_runs', { state: 'closed' }) === 1 && found
      },
      { timeoutMs: 60_000, everyMs: 250 },
    )
    expect(valueIn(families, 'redress_lines_posted_total')).toBe(2)
    expect(valueIn(families, 'redress_quarantined_rows', { import: 'snapshot' })).toBe(1)
    expect(valueIn(families, 'redress_up')).toBe(1)
  })

  it('stops in order, with a client still connected', async () => {
    const kept = await fetch(`${url}/metrics`)
    const text = await kept.text()
    const { exitCode, stderr } = await worker.kill('SIGTERM')
    expect(exitCode).toBe(0)
    const values = [BIRTH, ...NUMBERS]
    const texts = [
      { name: 'metrics', text },
      { name: 'log', text: stderr },
    ]
    expect(scanForPersonalData({ values, texts })).toEqual([])
  })

  it.each([
    ['REDRESS_HTTP_PORT', '65536'],
    ['REDRESS_HTTP_PORT', 'http'],
    ['REDRESS_HTTP_HOST', 'a b'],
  ])('refuses %s=%s', async (name, value) => {
    const environment = { ...here.environment, REDRESS_HTTP_PORT: '0', [name]: value }
    const refused = await redress(['worker'], environment)
    expect(refused.exitCode).toBe(2)
    expect(complaintOf(refused)).toContain(`setting ${name}`)
  })
})
