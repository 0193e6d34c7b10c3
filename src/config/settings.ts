/** The environment, read once and checked; every other part is handed what it needs from here. */
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { RedressError } from '../errors.js'

const flag = z.enum(['true', 'false']).transform((it) => it === 'true')

const schema = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  REDRESS_HOME: z.string().min(1).default('.redress'),
  REDRESS_AUTO_MIGRATE: flag.default(true),
  REDRESS_USER: z.string().min(1).max(64).optional(),
  /** Chunks that one process works on at the same time; PostgreSQL's cores are the measure. */
  REDRESS_LANES: z.coerce.number().int().min(1).max(32).default(2),
  REDRESS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('warn'),
  /** 32 bytes in base64, version 1; absent, a key file under REDRESS_HOME is made and used. */
  REDRESS_DATA_KEY: z.base64().optional(),
  /** A file of lines `version:base64`; the newest version seals. */
  REDRESS_DATA_KEYS_FILE: z.string().min(1).optional(),
  /** Whose account pays refunds, `020:12345678901234:Name`; files for a bank need it. */
  REDRESS_PAYER: z
    .string()
    .regex(/^\d{3}:\d{10,14}:.{1,70}$/u, 'BANK_CODE:ACCOUNT:NAME')
    .optional(),
  /** Where a service answers /healthz, /readyz and /metrics; absent, nowhere. 0: any free port. */
  REDRESS_HTTP_PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'a port from 0 to 65535')
    .transform(Number)
    .pipe(z.int().max(65_535))
    .optional(),
  REDRESS_HTTP_HOST: z
    .string()
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'an address of this machine')
    .default('127.0.0.1'),
  /** Who delivers messages; `spool` writes files into REDRESS_SPOOL. */
  REDRESS_GATEWAY: z.enum(['spool', 'http', 'smpp', 'kannel']).default('spool'),
  /** A folder of its own on a disk that stays; absent: `spool` under REDRESS_HOME. */
  REDRESS_SPOOL: z.string().min(1).optional(),
  /** Where it is; with TLS https and ssmpp. */
  REDRESS_GATEWAY_URL: z.url({ protocol: /^(https?|s?smpp)$/ }).optional(),
  /** Shared with it; signs what is sent and what comes back. */
  REDRESS_GATEWAY_SECRET: z.string().min(16, '16 characters or more').optional(),
  /** Its name for us, and the password: `system_id` of SMPP, the sendsms-user of Kannel. */
  REDRESS_GATEWAY_USER: z.string().min(1).max(64).optional(),
  REDRESS_GATEWAY_PASSWORD: z.string().min(1).max(64).optional(),
  /** The number that messages come from. */
  REDRESS_GATEWAY_SENDER: z
    .string()
    .regex(/^\d{3,20}$/, '3 to 20 digits')
    .optional(),
  /** Where Kannel reaches the endpoint for delivery reports. */
  REDRESS_GATEWAY_REPORTS_URL: z.url({ protocol: /^https?$/ }).optional(),
  REDRESS_SMPP_SYSTEM_TYPE: z.string().max(12).default(''),
  /** Submissions without an answer at one time; the SMSC's operator says how many. */
  REDRESS_SMPP_WINDOW: z.coerce.number().int().min(1).max(1000).default(10),
  /** Where a scheduler writes files for the bank; accounts stand in them in clear. */
  REDRESS_PAYOUT_FOLDER: z.string().min(1).optional(),
})

export interface Settings {
  readonly databaseUrl: string | undefined
  readonly redisUrl: string | undefined
  readonly home: string
  readonly autoMigrate: boolean
  readonly user: string | undefined
  readonly lanes: number
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly dataKey: string | undefined
  readonly dataKeysFile: string | undefined
  readonly payer: string | undefined
  readonly payoutFolder: string | undefined
  readonly httpPort: number | undefined
  readonly httpHost: string
  readonly gateway: GatewaySettings
}

export interface GatewaySettings {
  readonly kind: 'spool' | 'http' | 'smpp' | 'kannel'
  readonly spoolFolder: string
  readonly url: string | undefined
  readonly secret: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly sender: string | undefined
  readonly reportsUrl: string | undefined
  readonly smppSystemType: string
  readonly smppWindow: number
}

/** The environment variables that Redress reads; the compose file is tested against them. */
export const SETTING_NAMES: readonly string[] = Object.keys(schema.shape)

/**
 * @throws RedressError SETTING_INVALID naming the variable, never its value (it may hold a
 * password).
 */
export function readSettings(environment: NodeJS.ProcessEnv): Settings {
  const present = Object.fromEntries(
    SETTING_NAMES.map((name) => [name, environment[name] === '' ? undefined : environment[name]]),
  )
  const parsed = schema.safeParse(present)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new RedressError('SETTING_INVALID', {
      name: String(issue?.path[0] ?? 'unknown'),
      problem: 'cannot be used',
      expected: issue?.message ?? 'another value',
    })
  }
  const it = parsed.data
  const home = resolve(it.REDRESS_HOME)
  return {
    databaseUrl: it.DATABASE_URL,
    redisUrl: it.REDIS_URL,
    home,
    autoMigrate: it.REDRESS_AUTO_MIGRATE,
    user: it.REDRESS_USER,
    lanes: it.REDRESS_LANES,
    logLevel: it.REDRESS_LOG_LEVEL,
    dataKey: it.REDRESS_DATA_KEY,
    dataKeysFile: it.REDRESS_DATA_KEYS_FILE && resolve(it.REDRESS_DATA_KEYS_FILE),
    payer: it.REDRESS_PAYER,
    httpPort: it.REDRESS_HTTP_PORT,
    httpHost: it.REDRESS_HTTP_HOST,
    gateway: {
      kind: it.REDRESS_GATEWAY,
      spoolFolder: resolve(it.REDRESS_SPOOL ?? join(home, 'spool')),
      url: it.REDRESS_GATEWAY_URL,
      secret: it.REDRESS_GATEWAY_SECRET,
      user: it.REDRESS_GATEWAY_USER,
      password: it.REDRESS_GATEWAY_PASSWORD,
      sender: it.REDRESS_GATEWAY_SENDER,
      reportsUrl: it.REDRESS_GATEWAY_REPORTS_URL,
      smppSystemType: it.REDRESS_SMPP_SYSTEM_TYPE,
      smppWindow: it.REDRESS_SMPP_WINDOW,
    },
    payoutFolder: it.REDRESS_PAYOUT_FOLDER && resolve(it.REDRESS_PAYOUT_FOLDER),
  }
}
