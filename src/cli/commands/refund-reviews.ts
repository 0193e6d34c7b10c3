/** `redress refunds review`: what the rules leave to people, decided by two of them. */
import type { Command } from 'commander'
import { refundTermsOf } from '../../refunds/refund-terms-of.js'
import { approveReview, proposeReview } from '../../refunds/review-refund.js'
import { listReviews } from '../../refunds/review-store.js'
import type { RefundReview } from '../../refunds/review-store.js'
import type { Act } from '../act.js'
import type { Context } from '../context.js'
import type { RefundFlags } from '../refund-flags.js'
import { formed, lineIdOf, oneOf, reasonOf, withProgramme } from '../refund-flags.js'
import { table } from '../text-table.js'
import { personNamed, versionOf } from './plans.js'

interface ProposeFlags extends RefundFlags {
  readonly kind: string
  readonly outcome: string
  readonly reason: string
  readonly application?: string
  readonly exclusion?: string
}

export function addRefundReviews(refunds: Command, act: Act): void {
  const review = refunds
    .command('review')
    .description('what people decide; one proposes, another approves')
  withProgramme(
    review.command('propose <line-id>').description('the next assessment goes by it once approved'),
  )
    .requiredOption('--kind <kind>', KINDS.join(', '))
    .requiredOption('--outcome <outcome>', 'granted or denied')
    .requiredOption('--reason <text>', 'why; no personal data')
    .option('--application <id>', 'of a lifted hold and a late application')
    .option('--exclusion <code>', 'the one to be waived')
    .action(act(propose))
  review
    .command('approve <review-id>')
    .description('as another person than the one who proposed it')
    .action(act(approve))
  review
    .command('list')
    .description('the newest first')
    .option('--line <id>', 'of one line')
    .option('--open', 'those that nobody approved yet')
    .action(act(list))
}

const KINDS = ['hardship', 'hold_lifted', 'exclusion_waived', 'late_accepted'] as const

async function propose(context: Context, text: string, flags: ProposeFlags): Promise<void> {
  const terms = refundTermsOf(versionOf(flags.programme))
  const proposed = await proposeReview(context.pool, terms, {
    lineId: lineIdOf(text),
    kind: oneOf('--kind', flags.kind, KINDS),
    outcome: oneOf('--outcome', flags.outcome, ['granted', 'denied']),
    reason: reasonOf(flags.reason),
    applicationId: flags.application,
    exclusion:
      flags.exclusion === undefined
        ? undefined
        : oneOf('--exclusion', flags.exclusion, terms.waivable.value),
    at: context.clock.now(),
  })
  context.out.result(
    proposed,
    () =>
      `review ${proposed.review_id} is proposed; \`redress refunds review approve ` +
      `${proposed.review_id}\` by another person approves it`,
  )
}

async function approve(context: Context, text: string): Promise<void> {
  const reviewId = formed('review id', text, /^[1-9]\d{0,17}$/, 'a number')
  const { actor, clock, authenticated } = context
  const { review, already } = await approveReview(context.pool, reviewId, {
    by: actor,
    at: clock.now(),
  })
  const by = personNamed(review.approved_by ?? '', review.authenticated ?? authenticated)
  context.out.result(
    { ...review, already },
    () => `review ${reviewId} is approved by ${by}${already ? ' already' : ''}`,
  )
}

async function list(context: Context, flags: { line?: string; open?: boolean }): Promise<void> {
  const reviews = await listReviews(context.pool, {
    lineId: flags.line === undefined ? undefined : lineIdOf(flags.line),
    openOnly: flags.open,
  })
  context.out.result({ reviews }, () => describe(reviews))
}

function describe(reviews: readonly RefundReview[]): string {
  return table(
    ['review', 'line', 'kind', 'of', 'outcome', 'proposed by', 'approved by', 'reason'],
    reviews.map((it) => [
      it.review_id,
      it.line_id,
      it.kind,
      it.exclusion ?? it.application_id ?? '',
      it.outcome,
      it.proposed_by,
      it.approved_by ?? '',
      it.reason,
    ]),
  )
}
