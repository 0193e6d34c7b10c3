/** Who delivers messages: opened by what the settings say, closed with the command. */
import { RedressError } from '../errors.js'
import type { Gateway } from '../gateways/gateway.js'
import type { GatewayName } from '../rules/notices/notice-terms.js'
import type { Context } from './context.js'

export const GATEWAYS: readonly GatewayName[] = ['spool', 'http', 'smpp']

/**
 * The one place where gateways are chosen.
 * @throws RedressError SETTING_INVALID where the one wanted is not set up
 */
export function openGateway(_context: Context, name: GatewayName): Promise<Gateway> {
  return Promise.reject(
    new RedressError('SETTING_INVALID', {
      name: 'gateway',
      problem: `${name} is not set up here`,
      expected: 'one of those that this installation has',
    }),
  )
}
