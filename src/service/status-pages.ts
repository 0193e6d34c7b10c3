/** What a service tells of itself: /healthz, /readyz and /metrics. */
import type { Metrics } from './metrics.js'
import { METRICS_CONTENT_TYPE } from './prometheus.js'
import type { Readiness } from './readiness.js'

export interface PageAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** Answers GET alone. */
export type Page = () => Promise<PageAnswer>

export function statusPages(parts: {
  readonly readiness: Readiness
  readonly metrics: Metrics
}): ReadonlyMap<string, Page> {
  return new Map<string, Page>([
    // That it is answered at all says that the event loop turns; nothing else is asked.
    ['/healthz', () => Promise.resolve(jsonAnswer(200, { alive: true }))],
    [
      '/readyz',
      async () => {
        const codes = await parts.readiness.codes()
        const ready = codes.length === 0
        return jsonAnswer(ready ? 200 : 503, { ready, codes })
      },
    ],
    [
      '/metrics',
      async () => ({
        status: 200,
        contentType: METRICS_CONTENT_TYPE,
        body: await parts.metrics.text(),
      }),
    ],
  ])
}

function jsonAnswer(status: number, document: object): PageAnswer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(document)}\n` }
}
