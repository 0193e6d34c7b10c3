/** Who delivers messages: opened by what the settings say, closed by whoever opened it. */
import type { GatewaySettings } from '../config/settings.js'
import type { Gateway } from '../gateways/gateway.js'
import type { RouteHandler } from '../service/status-server.js'
import type { Context } from './context.js'
import { listenForReports } from './notice-sending.js'

export type GatewayKind = GatewaySettings['kind']

export const GATEWAYS: readonly GatewayKind[] = ['spool', 'http', 'smpp', 'kannel']

/**
 * The one place where gateways are chosen: REDRESS_GATEWAY, unless another is asked for.
 * @throws RedressError SETTING_INVALID where the one wanted is not set up
 */
export async function openGateway(
  { settings, clock }: Pick<Context, 'settings' | 'clock'>,
  kind: GatewayKind = settings.gateway.kind,
): Promise<Gateway> {
  // Loaded when it is asked for: few commands send, and SMPP alone is a package of its own.
  const gateways = await import('../gateways/open-gateway.js')
  return gateways.openGateway({ ...settings.gateway, kind }, clock)
}

export interface LateGateway {
  readonly open: () => Promise<Gateway>
  /** Nothing where it was never opened. */
  close(): Promise<void>
}

/** Opened when the first message leaves, or a report may come; delivery reports are kept. */
export function lateGateway(context: Context): LateGateway {
  let opening: Promise<Gateway> | undefined
  const open = async (): Promise<Gateway> => {
    const gateway = await openGateway(context)
    listenForReports(context, gateway)
    return gateway
  }
  return {
    open: () => (opening ??= open()),
    close: async () => await (await opening?.catch(() => undefined))?.close(),
  }
}

/** Below REDRESS_GATEWAY_REPORTS_URL, or wherever a proxy passes it on from. */
export const REPORTS_PATH = '/reports'

/** The route over which a gateway's delivery reports come back, where it has one. */
export function reportRoutes(gateway: Gateway): ReadonlyMap<string, RouteHandler> {
  const { handleReport } = gateway
  return new Map(handleReport === undefined ? [] : [[REPORTS_PATH, handleReport.bind(gateway)]])
}
