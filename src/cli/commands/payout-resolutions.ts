/** `redress payouts resolve`, `resolution`: contradictions of the bank, settled by two people. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { approveResolution, proposeResolution } from '../../payouts/resolve-transfer.js'
import { listResolutions } from '../../payouts/resolution-store.js'
import type { ResolvedOutcome } from '../../payouts/resolution-store.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'
import { formed, reasonOf } from '../refund-flags.js'
import { table } from '../text-table.js'
import { personNamed } from './plans.js'

interface ResolveFlags {
  readonly settled?: boolean
  readonly rejected?: boolean
  readonly returned?: boolean
  readonly reason: string
}

export function addPayoutResolutions(payouts: Command, act: Act): void {
  payouts
    .command('resolve <end-to-end-id>')
    .description('propose what a transfer came to of which the bank says both')
    .option('--settled', 'it was paid')
    .option('--rejected', 'it was never paid')
    .option('--returned', 'it was paid and came back')
    .requiredOption('--reason <text>', 'how it was found out; no personal data')
    .action(act(resolve))
  const resolution = payouts
    .command('resolution')
    .description('what was proposed of contradicted transfers')
  resolution
    .command('approve <resolution-id>')
    .description('as another person than the one who proposed it; books it')
    .action(act(approve))
  resolution
    .command('list')
    .description('the newest first')
    .option('--open', 'those that nobody approved yet')
    .action(act(list))
}

async function resolve(context: Context, text: string, flags: ResolveFlags): Promise<void> {
  const proposed = await proposeResolution(context.pool, {
    endToEndId: formed('end-to-end id', text, /^[A-Za-z0-9-]{1,35}$/, 'the name of a transfer'),
    outcome: outcomeOf(flags),
    reason: reasonOf(flags.reason),
    at: context.clock.now(),
  })
  const id = proposed.resolution_id
  context.out.result(
    proposed,
    () =>
      `resolution ${id} is proposed; \`redress payouts resolution approve ${id}\` by another ` +
      `person books it`,
  )
}

function outcomeOf(flags: ResolveFlags): ResolvedOutcome {
  const all = ['settled', 'rejected', 'returned'] as const
  const [outcome, second] = all.filter((it) => flags[it] === true)
  if (outcome !== undefined && second === undefined) return outcome
  throw new RedressError('USAGE', {
    problem: 'what it came to: unclear; expected one of --settled, --rejected, --returned',
  })
}

async function approve(context: Context, text: string): Promise<void> {
  const id = formed('resolution id', text, /^[1-9]\d{0,17}$/, 'a number')
  const { pool, clock, authenticated } = context
  const { resolution: it, already } = await approveResolution(pool, id, clock.now())
  const by = personNamed(it.approved_by ?? '', it.authenticated ?? authenticated)
  context.out.result(
    { ...it, already },
    () =>
      `resolution ${id} is approved by ${by}${already ? ' already' : ''}: ` +
      `${it.end_to_end_id} is ${it.outcome}`,
  )
}

async function list(context: Context, flags: { open?: boolean }): Promise<void> {
  const resolutions = await listResolutions(context.pool, { openOnly: flags.open })
  context.out.result({ resolutions }, () =>
    table(
      ['resolution', 'transfer', 'outcome', 'proposed by', 'approved by', 'reason'],
      resolutions.map((it) => [
        it.resolution_id,
        it.end_to_end_id,
        it.outcome,
        it.proposed_by,
        it.approved_by ?? '',
        it.reason,
      ]),
    ),
  )
}
