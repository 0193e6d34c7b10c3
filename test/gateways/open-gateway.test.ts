/** Settings to gateways: what each kind needs, and that errors name a setting and quote nothing. */
import { describe, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import { readSettings } from '../../src/config/settings.js'
import { openGateway } from '../../src/gateways/open-gateway.js'

const COMPLETE = {
  spool: {},
  http: {
    REDRESS_GATEWAY_URL: 'https://sms.example.org/v1',
    REDRESS_GATEWAY_SECRET: 'a secret of 16 or more',
  },
  smpp: {
    REDRESS_GATEWAY_URL: 'ssmpp://smsc.example.org',
    REDRESS_GATEWAY_USER: 'redress',
    REDRESS_GATEWAY_PASSWORD: 'pass',
    REDRESS_GATEWAY_SENDER: '100',
  },
  kannel: {
    REDRESS_GATEWAY_URL: 'http://smsbox:13013/cgi-bin/sendsms',
    REDRESS_GATEWAY_USER: 'redress',
    REDRESS_GATEWAY_PASSWORD: 'pass',
    REDRESS_GATEWAY_SENDER: '100',
    REDRESS_GATEWAY_REPORTS_URL: 'http://redress:8080/reports',
    REDRESS_GATEWAY_SECRET: 'a secret of 16 or more',
  },
} as const
type Kind = keyof typeof COMPLETE

function open(environment: Readonly<Record<string, string>>) {
  const { gateway } = readSettings({ REDRESS_HOME: '.redress', ...environment })
  return openGateway(gateway, fixedClock('2026-01-20T10:00:00+09:00'))
}

test('without a setting there is the spool', () => {
  expect(open({}).name).toBe('spool')
})

describe.each(Object.keys(COMPLETE) as Kind[])('%s', (kind) => {
  const complete: Readonly<Record<string, string>> = COMPLETE[kind]

  test('opens, touches nothing and closes', async () => {
    const gateway = open({ REDRESS_GATEWAY: kind, ...complete })
    expect(gateway.name).toBe(kind === 'kannel' ? 'http' : kind)
    await gateway.close()
  })

  test('names each setting that it lacks', () => {
    for (const name of Object.keys(complete)) {
      const message = `setting ${name}: missing; expected a value, as REDRESS_GATEWAY is ${kind}`
      expect(() => open({ REDRESS_GATEWAY: kind, ...complete, [name]: '' })).toThrow(message)
    }
  })
})

test.each([
  ['smpp', 'https://sms.example.org', 'smpp:// or ssmpp://'],
  ['http', 'smpp://smsc.example.org', 'http:// or https://'],
  ['kannel', 'smpp://smsc.example.org', 'http:// or https://'],
] as const)('%s at %s is refused', (kind, url, expected) => {
  const environment = { REDRESS_GATEWAY: kind, ...COMPLETE[kind], REDRESS_GATEWAY_URL: url }
  const problem = 'setting REDRESS_GATEWAY_URL: cannot be used'
  const message = `${problem}; expected an address that begins with ${expected}`
  expect(() => open(environment)).toThrow(message)
})

test.each([
  ['REDRESS_GATEWAY', 'pigeon'],
  ['REDRESS_GATEWAY_URL', 'ftp://pigeon.example.org'],
  ['REDRESS_GATEWAY_SECRET', 'pigeon'],
  ['REDRESS_GATEWAY_SENDER', 'pigeon'],
  ['REDRESS_GATEWAY_REPORTS_URL', 'pigeon'],
  ['REDRESS_SMPP_WINDOW', 'pigeon'],
])('%s that cannot be used is named, not quoted', (name, value) => {
  expect(() => readSettings({ [name]: value })).toThrow(
    new RegExp(`^setting ${name}: (?!.*pigeon)`),
  )
})
