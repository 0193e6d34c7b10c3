/** The environment, read once and checked; every other part is handed what it needs from here. */
import { resolve } from 'node:path'
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
  return {
    databaseUrl: it.DATABASE_URL,
    redisUrl: it.REDIS_URL,
    home: resolve(it.REDRESS_HOME),
    autoMigrate: it.REDRESS_AUTO_MIGRATE,
    user: it.REDRESS_USER,
    lanes: it.REDRESS_LANES,
    logLevel: it.REDRESS_LOG_LEVEL,
    dataKey: it.REDRESS_DATA_KEY,
    dataKeysFile: it.REDRESS_DATA_KEYS_FILE && resolve(it.REDRESS_DATA_KEYS_FILE),
    payer: it.REDRESS_PAYER,
    payoutFolder: it.REDRESS_PAYOUT_FOLDER && resolve(it.REDRESS_PAYOUT_FOLDER),
  }
}
