/** The gateway that the settings name. Nothing is connected before it is used. */
import type { Clock } from '../config/clock.js'
import type { GatewaySettings } from '../config/settings.js'
import { RedressError } from '../errors.js'
import type { Gateway } from './gateway.js'
import { HttpGateway } from './http-gateway.js'
import { KannelGateway } from './kannel-gateway.js'
import { SmppGateway } from './smpp-gateway.js'
import { SpoolGateway } from './spool-gateway.js'

const ANSWER_TIMEOUT_MS = 20_000
const THROTTLE_MS = 1000
const SMPP_PORT = 2775
const SMPP_TLS_PORT = 3550

/** @throws RedressError SETTING_INVALID naming what is missing for this kind of gateway. */
export function openGateway(settings: GatewaySettings, clock: Clock): Gateway {
  switch (settings.kind) {
    case 'spool':
      return new SpoolGateway({ folder: settings.spoolFolder, clock })
    case 'http':
      return new HttpGateway({
        url: urlFor(settings, 'http'),
        secret: needed(settings, 'secret'),
        clock,
        timeoutMs: ANSWER_TIMEOUT_MS,
        throttleMs: THROTTLE_MS,
      })
    case 'kannel':
      return new KannelGateway({
        url: urlFor(settings, 'http'),
        user: needed(settings, 'user'),
        password: needed(settings, 'password'),
        sender: needed(settings, 'sender'),
        reportsUrl: needed(settings, 'reportsUrl'),
        secret: needed(settings, 'secret'),
        clock,
        timeoutMs: ANSWER_TIMEOUT_MS,
      })
    case 'smpp':
      return new SmppGateway({ ...smppAddress(settings), ...smppOptions(settings), clock })
  }
}

function smppAddress(settings: GatewaySettings) {
  const url = new URL(urlFor(settings, 'smpp'))
  const tls = url.protocol === 'ssmpp:'
  const port = url.port === '' ? (tls ? SMPP_TLS_PORT : SMPP_PORT) : Number(url.port)
  return { host: url.hostname, port, tls }
}

function smppOptions(settings: GatewaySettings) {
  return {
    systemId: needed(settings, 'user'),
    password: needed(settings, 'password'),
    systemType: settings.smppSystemType,
    sender: needed(settings, 'sender'),
    // Numbers as they are dialled in the country: type unknown, plan of telephony (E.164).
    senderAddress: { ton: 0, npi: 1 },
    recipientAddress: { ton: 0, npi: 1 },
    window: settings.smppWindow,
    answerTimeoutMs: ANSWER_TIMEOUT_MS,
    enquireEveryMs: 30_000,
    reconnect: { firstMs: 500, longestMs: 60_000 },
    throttleMs: THROTTLE_MS,
    // Some 30 MB at most.
    rememberedParts: 200_000,
  }
}

const NAMES = {
  url: 'REDRESS_GATEWAY_URL',
  secret: 'REDRESS_GATEWAY_SECRET',
  user: 'REDRESS_GATEWAY_USER',
  password: 'REDRESS_GATEWAY_PASSWORD',
  sender: 'REDRESS_GATEWAY_SENDER',
  reportsUrl: 'REDRESS_GATEWAY_REPORTS_URL',
} as const

function needed(settings: GatewaySettings, what: keyof typeof NAMES): string {
  const value = settings[what]
  if (value !== undefined) return value
  throw new RedressError('SETTING_INVALID', {
    name: NAMES[what],
    problem: 'missing',
    expected: `a value, as REDRESS_GATEWAY is ${settings.kind}`,
  })
}

/** @param protocol `http` or `smpp`, each also with TLS */
function urlFor(settings: GatewaySettings, protocol: 'http' | 'smpp'): string {
  const url = needed(settings, 'url')
  const accepted = protocol === 'http' ? ['http:', 'https:'] : ['smpp:', 'ssmpp:']
  if (accepted.includes(new URL(url).protocol)) return url
  throw new RedressError('SETTING_INVALID', {
    name: NAMES.url,
    problem: 'cannot be used',
    expected: `an address that begins with ${accepted.map((it) => `${it}//`).join(' or ')}`,
  })
}
