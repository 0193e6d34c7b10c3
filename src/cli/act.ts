/** What a command's registration is handed to turn its work into an action. */
import type { Settings } from '../config/settings.js'
import type { Context } from './context.js'

/**
 * Makes a command's action of `work`, which gets its arguments and options with everything wired
 * up.
 */
export type Act = <Args extends unknown[]>(
  work: (context: Context, ...args: Args) => Promise<number | void>,
  how?: ActHow,
) => (...args: unknown[]) => Promise<void>

export interface ActHow {
  /** Settings that the command insists on, whatever the environment says. */
  readonly settings?: (fromEnvironment: Settings) => Settings
  /** To the database, beside its lanes; a handful when not said. */
  readonly connections?: number
}
