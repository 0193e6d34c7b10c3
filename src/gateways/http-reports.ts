/** Delivery reports that come in as signed JSON. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Clock } from '../config/clock.js'
import type { DeliveryReport } from './gateway.js'
import { isSigned, SIGNATURE_HEADER, TIME_HEADER } from './http-signature.js'
import { answer, readBody } from './request-body.js'

export interface ReportEndpoint {
  readonly secret: string
  readonly clock: Clock
  readonly tell: (report: DeliveryReport) => Promise<void>
  readonly bodyTimeoutMs: number
}

const BODY_BYTES = 256 * 1024

const reportShape = z.strictObject({
  key: z.string().min(1).max(64),
  reference: z.string().min(1).max(128),
  state: z.enum(['delivered', 'undelivered']),
  code: z
    .string()
    .regex(/^[A-Za-z0-9_.:-]{1,40}$/)
    .nullable(),
  at: z.iso.datetime({ offset: true }),
})
const bodyShape = z.strictObject({ reports: z.array(reportShape).min(1).max(500) })

/**
 * 204 once every listener has every report, also one that came before; 401 without a good
 * signature and time, 400, 405, 408, 413 for what is no report; 503 when a listener fails, so that
 * they come again. No answer has a body.
 */
export async function receiveReports(
  endpoint: ReportEndpoint,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') return answer(response, 405)
  const body = await readBody(request, { bytes: BODY_BYTES, timeoutMs: endpoint.bodyTimeoutMs })
  if (typeof body === 'number') return answer(response, body)
  const isGenuine = isSigned(endpoint.secret, endpoint.clock.now(), 'reports', {
    at: headerOf(request, TIME_HEADER),
    signature: headerOf(request, SIGNATURE_HEADER),
    body,
  })
  if (!isGenuine) return answer(response, 401)
  const parsed = bodyShape.safeParse(parsedJson(body.toString('utf8')))
  if (!parsed.success) return answer(response, 400)
  try {
    for (const report of parsed.data.reports) await endpoint.tell(report)
  } catch {
    return answer(response, 503)
  }
  answer(response, 204)
}

/** Undefined for what is not JSON. */
export function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' ? value : undefined
}
