/**
 * The log: JSON lines on stderr with fixed field names. Personal data has no way in: fields that
 * hold any are removed by name, and of an error only what this program wrote itself is kept.
 */
import { destination, pino, stdTimeFunctions } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { AssertionFailure } from '../assert.js'
import { RedressError } from '../errors.js'
import type { Settings } from './settings.js'

/**
 * Columns marked as personal in the contracts, and secrets; in SQL's and in TypeScript's spelling.
 */
const HIDDEN: ReadonlySet<string> = new Set([
  'birth_date',
  'birthDate',
  'notice_number',
  'noticeNumber',
  'account_number',
  'accountNumber',
  'account_holder',
  'accountHolder',
  'account',
  'holder',
  'account_sealed',
  'accountSealed',
  'holder_sealed',
  'holderSealed',
  'account_digest',
  'accountDigest',
  'holder_digest',
  'holderDigest',
  'customer_name',
  'customerName',
  'voucher_code',
  'voucherCode',
  'raw',
  'raw_row',
  'rawRow',
  'raw_sealed',
  'rawSealed',
  'row',
  'remittance',
  'parameters',
  'values',
  'detail',
  'where',
  'password',
  'database_url',
  'databaseUrl',
  'redis_url',
  'redisUrl',
  'data_key',
  'dataKey',
  'connectionString',
  // Of a message: its number and its text.
  'to',
  'text',
  'secret',
])
/** Fields are logged flat; what is nested deeper than this was passed on by mistake. */
const DEPTH = 4

export function createLogger(level: Settings['logLevel'], out?: DestinationStream): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), bindings: shownFields, log: shownFields },
      // Errors are told by `shownFields`; pino's own way would add what they quote.
      serializers: { error: (it: unknown) => it, err: (it: unknown) => it },
      hooks: {
        // For an error without a message beside it pino would take the error's own.
        logMethod(args, method) {
          const [first, message] = args as [unknown, string | undefined, ...unknown[]]
          if (first instanceof Error) method.apply(this, [{ error: first }, message ?? 'error'])
          else if (carriesError(first)) method.apply(this, [first, message ?? 'error'])
          else method.apply(this, args)
        },
      },
    },
    // Written at once: the last line before a crash is the one that is needed.
    out ?? destination({ fd: 2, sync: true }),
  )
}

/** The fields without those that are hidden by name, at whatever depth they stand. */
function shownFields(fields: object): Record<string, unknown> {
  return withoutHidden(fields, DEPTH)
}

function withoutHidden(fields: object, depth: number): Record<string, unknown> {
  const shown = Object.entries(fields).filter(([name]) => !HIDDEN.has(name))
  return Object.fromEntries(shown.map(([name, value]) => [name, shownValue(value, depth - 1)]))
}

function shownValue(value: unknown, depth: number): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Error) return safeError(value)
  if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`
  if (depth === 0) return 'too deep'
  return Array.isArray(value)
    ? value.slice(0, 50).map((it) => shownValue(it, depth - 1))
    : withoutHidden(value, depth)
}

export interface SafeError {
  readonly type: string
  readonly code?: string
  readonly message?: string
  readonly constraint?: string
  readonly stack?: readonly string[]
  readonly cause?: SafeError
}

/** How far a chain of causes is followed; an error may be its own cause. */
const CAUSES = 3

/**
 * What may be told of any error: its kind and code, and the message only when it is one of ours.
 */
export function safeError(error: unknown, causes = CAUSES): SafeError {
  if (!(error instanceof Error)) return { type: typeof error }
  const isOurs = error instanceof RedressError || error instanceof AssertionFailure
  const code = textOf(error, 'code')
  const constraint = textOf(error, 'constraint')
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    ...(isOurs && { message: error.message }),
    ...(constraint !== undefined && { constraint }),
    stack: framesOf(error),
    ...(causes > 0 && error.cause !== undefined && { cause: safeError(error.cause, causes - 1) }),
  }
}

function textOf(error: Error, name: string): string | undefined {
  const value: unknown = Reflect.get(error, name)
  return typeof value === 'string' && value.length <= 64 ? value : undefined
}

/** Where it happened, without the lines before, which repeat the message. */
function framesOf(error: Error): readonly string[] {
  const lines = (error.stack ?? '').split('\n')
  return lines
    .filter((line) => /^ +at /.test(line))
    .map((line) => line.trim())
    .slice(0, 10)
}

function carriesError(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('error' in value || 'err' in value)
}
