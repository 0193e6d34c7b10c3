/** Services that send notices hear of deliveries at /reports, from who has the secret alone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signedHeaders } from '../../src/gateways/http-signature.js'
import { spawnRedress } from '../support/cli.js'
import type { RunningCli } from '../support/cli.js'
import { until } from '../support/processes.js'
import { setting } from './setting.js'
import type { Setting } from './setting.js'

const SECRET = 'a-secret-for-this-test'
const REPORT = {
  key: 'refund_reminder.1.0',
  reference: 'of-nobody',
  state: 'delivered',
  code: null,
  at: '2026-01-20T10:00:05+09:00',
}
const BODY = JSON.stringify({ reports: [REPORT] })

let here: Setting

beforeAll(async () => {
  here = await setting()
})
afterAll(async () => {
  await here.drop()
})

async function post(url: string, headers: Record<string, string>): Promise<number> {
  return (await fetch(`${url}/reports`, { method: 'POST', headers, body: BODY })).status
}

describe.each([
  ['worker', ['worker', '--notices']],
  ['scheduler', ['scheduler']],
])('a %s', (_, args) => {
  let service: RunningCli
  let url: string

  beforeAll(async () => {
    service = spawnRedress(args, {
      ...here.environment,
      REDRESS_HTTP_PORT: '0',
      REDRESS_GATEWAY: 'http',
      REDRESS_GATEWAY_URL: 'http://127.0.0.1:9',
      REDRESS_GATEWAY_SECRET: SECRET,
    })
    url = await until('the service tells its address', () => {
      return /metrics on (http:\S+)/.exec(service.stderr())?.[1]
    })
  })
  afterAll(async () => {
    if (service.isRunning()) await service.kill('SIGKILL')
  })

  it('takes signed reports, and is ready', async () => {
    expect(await post(url, {})).toBe(401)
    const at = new Date().toISOString()
    expect(await post(url, signedHeaders('another-secret-is-refused', at, 'reports', BODY))).toBe(
      401,
    )
    expect(await post(url, signedHeaders(SECRET, at, 'reports', BODY))).toBe(204)
    await until('readiness', async () => (await fetch(`${url}/readyz`)).status === 200)
  })

  it('stops in order', async () => {
    expect((await service.kill('SIGTERM')).exitCode).toBe(0)
  })
})
