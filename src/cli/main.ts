/**
 * Arguments → command → exit code. Everything that can go wrong ends here as one line on stderr.
 */
import { Command, CommanderError } from 'commander'
import { readSettings } from '../config/settings.js'
import { describeDatabaseError, errorCodeOf, isOutage } from '../db/database.js'
import { EXIT, RedressError } from '../errors.js'
import type { Act } from './act.js'
import { addAccessLog } from './commands/access-log.js'
import { addApprove } from './commands/approve.js'
import { addContacts } from './commands/contacts.js'
import { addDemo } from './commands/demo.js'
import { addExplain } from './commands/explain.js'
import { addImports } from './commands/imports.js'
import { addKeys } from './commands/keys.js'
import { addLedger } from './commands/ledger.js'
import { addPayouts } from './commands/payouts.js'
import { addPlans } from './commands/plans.js'
import { addRefunds } from './commands/refunds.js'
import { addReminders } from './commands/reminders.js'
import { addRuns } from './commands/runs.js'
import { addSchedule } from './commands/schedule.js'
import { addScheduler } from './commands/scheduler.js'
import { addServices } from './commands/services.js'
import { addSnapshots } from './commands/snapshots.js'
import { addVouchers } from './commands/vouchers.js'
import { withContext } from './context.js'
import type { GlobalOptions } from './context.js'
import { openOutput } from './output.js'

async function main(argv: readonly string[]): Promise<number> {
  const abort = new AbortController()
  listenForStop(abort)
  let exitCode: number = EXIT.done
  const program = newProgram()
  const act: Act =
    (work, how) =>
    async (...args) => {
      const options = program.opts<GlobalOptions>()
      const fromEnvironment = readSettings(process.env)
      const settings = how?.settings?.(fromEnvironment) ?? fromEnvironment
      const { connections } = how ?? {}
      const out = openOutput(options)
      const parts = { options, out, signal: abort.signal, settings, connections }
      // commander hands over the options and the command after the arguments; the command is not
      // needed.
      const given = args.slice(0, -1)
      try {
        exitCode = (await withContext(parts, (it) => work(it, ...(given as never)))) ?? EXIT.done
      } finally {
        parts.out.progress.stop()
      }
    }
  for (const add of [
    addDemo,
    addSnapshots,
    addImports,
    addVouchers,
    addPlans,
    addApprove,
    addRuns,
    addLedger,
    addRefunds,
    addPayouts,
    addContacts,
    addReminders,
    addExplain,
    addAccessLog,
    addKeys,
    addServices,
    addScheduler,
    addSchedule,
  ])
    add(program, act)
  try {
    await program.parseAsync(argv)
    return exitCode
  } catch (error) {
    const known = abort.signal.aborted && isAbort(error) ? interrupted(argv) : error
    return report(known, program.opts<Partial<GlobalOptions>>().verbose === true)
  }
}

function newProgram(): Command {
  return new Command('redress')
    .description(
      'Carries out a customer-compensation programme: snapshots, plans, runs, the ledger.',
    )
    .option('--json', 'one JSON document on stdout; everything else on stderr', false)
    .option('--quiet', 'no progress and no remarks', false)
    .option('--verbose', 'stack traces with errors', false)
    .option('--as <name>', 'who acts, in a rehearsal on the embedded database')
    .option('--now <instant>', 'the time, ISO 8601 with offset, instead of the clock')
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 failed (repeat it), 2 refused (nothing changed), 3 held, ' +
        '4 conflict.\n`redress COMMAND --help` tells the options of each; README.md shows a ' +
        'month of work.',
    )
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined })
}

// The first Ctrl-C lets the chunks under way finish; the second does not wait.
function listenForStop(abort: AbortController): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (abort.signal.aborted) process.exit(130)
      process.stderr.write('redress: stopping after the work at hand; once more to stop at once\n')
      abort.abort()
    })
  }
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}

/** Whatever was stopped half-way is done by the same command, given again. */
function interrupted(argv: readonly string[]): RedressError {
  return new RedressError('INTERRUPTED', { command: ['redress', ...argv.slice(2)].join(' ') })
}

function report(error: unknown, verbose: boolean): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) {
      return EXIT.done
    }
    process.stderr.write(
      `redress: ${error.message.replace(/^error: /, '').split('\n')[0]}; expected \`redress ` +
        `--help\`\n`,
    )
    return EXIT.refused
  }
  const known = error instanceof RedressError ? error : undefined
  const database = errorCodeOf(error) !== undefined || isOutage(error)
  const shown = known ?? (database ? describeDatabaseError(error) : undefined)
  // The text of an unforeseen error may hold anything; its name is all that is safe to show.
  const line = shown?.message ?? `unexpected ${error instanceof Error ? error.name : 'failure'}`
  process.stderr.write(`redress: ${line}\n`)
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  return shown?.exitCode ?? EXIT.failed
}

/** `redress runs list | head` has read enough; what the command does goes on to its end. */
function outliveReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

process.stdout.on('error', outliveReader)
process.stderr.on('error', outliveReader)
process.exitCode = await main(process.argv)
