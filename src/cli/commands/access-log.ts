/** `redress access-log list`: for auditors, who looked at which customer's data, and why. */
import type { Command } from 'commander'
import { parseInstant } from '../../config/clock.js'
import { RedressError } from '../../errors.js'
import { listAccesses } from '../../runs/access-log-store.js'
import type { Access } from '../../runs/access-log-store.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'
import { table } from '../text-table.js'

const MOST_LISTED = 100_000

interface Flags {
  readonly line?: string
  readonly since?: string
  readonly person?: string
  readonly limit: string
}

export function addAccessLog(program: Command, act: Act): void {
  const log = program.command('access-log').description("looks at customers' data")
  log
    .command('list')
    .description('who looked at which line, when, why and by what; the latest first')
    .option('--line <id>', 'looks at one line')
    .option('--since <instant>', 'from then on, ISO 8601 with offset')
    .option('--person <name>', 'looks of one person')
    .option('--limit <n>', `at most so many, up to ${formatCount(MOST_LISTED)}`, '1000')
    .action(act(list))
}

async function list(context: Context, flags: Flags): Promise<void> {
  if (flags.line !== undefined && !/^[1-9]\d{0,17}$/.test(flags.line)) {
    throw new RedressError('USAGE', { problem: '--line: not a line_id; expected 1 to 18 digits' })
  }
  const limit = /^[1-9]\d{0,5}$/.test(flags.limit) ? Number(flags.limit) : Infinity
  if (limit > MOST_LISTED) {
    throw new RedressError('USAGE', {
      problem: `--limit: not a number of lines; expected 1 to ${formatCount(MOST_LISTED)}`,
    })
  }
  const since = flags.since === undefined ? undefined : parseInstant(flags.since, '--since')
  const filter = { lineId: flags.line, since, person: flags.person }
  const found = await listAccesses(context.pool, filter, limit + 1)
  const more = found.length > limit
  const accesses = found.slice(0, limit)
  context.out.result({ accesses: accesses.map(documentOf), more }, () => describe(accesses, more))
}

function documentOf(it: Access): object {
  return {
    access_id: it.accessId,
    at: it.at,
    person: it.person,
    from_address: it.fromAddress,
    line_id: it.lineId,
    purpose: it.purpose,
    command: it.command,
  }
}

function describe(accesses: readonly Access[], more: boolean): string {
  if (accesses.length === 0) return 'nobody looked'
  return [
    table(
      ['access', 'at', 'person', 'from', 'line', 'command', 'purpose'],
      accesses.map((it) => [
        it.accessId,
        it.at,
        it.person,
        it.fromAddress ?? '(local)',
        it.lineId,
        it.command,
        it.purpose,
      ]),
    ),
    ...(more ? [`and earlier ones; a higher --limit than ${accesses.length} shows them`] : []),
  ].join('\n')
}
