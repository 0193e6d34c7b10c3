/** `redress approve`: one person signs what another made. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { percentOf } from '../../runs/approval-policy.js'
import { approvePlan } from '../../runs/approve-plan.js'
import type { Approval } from '../../runs/approval-store.js'
import { readPlan } from '../../runs/plan-store.js'
import type { Plan } from '../../runs/run.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'
import { personNamed } from './plans.js'

interface ApproveFlags {
  readonly reason?: string
  readonly tolerance?: string
}

export function addApprove(program: Command, act: Act): void {
  program
    .command('approve <plan-id>')
    .description('sign a plan that another person made')
    .option('--reason <text>', 'why it may go although figures are off')
    .option('--tolerance <percent>', 'of a forecast: a later plan this close to it goes by itself')
    .action(act(approve))
}

async function approve(context: Context, planId: string, flags: ApproveFlags): Promise<void> {
  const { approval, already } = await approvePlan(context.pool, planId, {
    by: context.actor,
    at: context.clock.now(),
    reason: reasonOf(flags.reason),
    tolerance: flags.tolerance === undefined ? undefined : shareOf(flags.tolerance),
  })
  const plan = await readPlan(context.pool, planId)
  context.out.result(
    {
      plan_id: planId,
      plan_hash: plan.planHash,
      kind: approval.kind,
      approved_by: approval.approvedBy,
      authenticated: approval.authenticated,
      approved_at: approval.approvedAt,
      reason: approval.reason,
      tolerance: approval.tolerance,
      already,
    },
    () => describe(plan, approval, already),
  )
}

function describe(plan: Plan, approval: Approval, already: boolean): string {
  const by = personNamed(approval.approvedBy, approval.authenticated)
  const next =
    approval.tolerance === null
      ? `\`redress run ${plan.period} --plan ${plan.planId}\` posts it`
      : `\`redress run ${plan.period}\` goes by itself from ${plan.period}-01 on, if every ` +
        `number lies within ${percentOf(approval.tolerance)}`
  return `plan ${plan.planId} is approved by ${by}${already ? ' already' : ''}; ${next}`
}

/** @throws RedressError USAGE */
export function reasonOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const reason = text.trim()
  if (/^[^\p{Cc}]{1,500}$/u.test(reason)) return reason
  throw new RedressError('USAGE', {
    problem: '--reason: unusable; expected 1 to 500 characters on one line',
  })
}

/** `2%` is 0.02. */
function shareOf(text: string): number {
  const percent = /^(\d{1,3}(?:\.\d{1,4})?)%$/.exec(text)?.[1]
  if (percent !== undefined && Number(percent) <= 100) return Number(percent) / 100
  throw new RedressError('USAGE', {
    problem: '--tolerance: unusable; expected a share from 0% to 100%, such as 2%',
  })
}
