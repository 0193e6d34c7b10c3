/** One line of the demo explained: it chose a pass when no code was left, and got one later. */
import { tellExplanation } from '../../rules/tell-explanation.js'
import type { Language } from '../../rules/tell-explanation.js'
import { logAccess } from '../../runs/access-log-store.js'
import { comparePlans } from '../../runs/compare-plans.js'
import { explainPeriods } from '../../runs/explain-line.js'
import { readPeriodContext } from '../../runs/period-context.js'
import type { Plan } from '../../runs/run.js'
import { snapshotFor, versionOf } from '../commands/plans.js'
import { DAYS, onDay } from './demo-days.js'
import type { DemoDay } from './demo-days.js'
import type { ExplainedLine } from './demo-figures.js'
import type { DemoScene } from './post-plan.js'

/** Undefined where the codes sufficed, as by chance they may for a thousand lines. */
export async function explainOneLine(
  scene: DemoScene,
  before: Plan,
  after: Plan,
): Promise<ExplainedLine | undefined> {
  const lineId = await lineThatWaited(scene, before, after)
  if (lineId === undefined) return undefined
  return await scene.times.measure('explain a line', 3, async () => ({
    lineId,
    before: await passOf(scene, lineId, 'passes', 'en'),
    after: await passOf(scene, lineId, 'correction', 'en'),
    afterInKorean: await passOf(scene, lineId, 'correction', 'ko'),
  }))
}

/** Of those who changed their answer between the two plans, more come before than one in these. */
const SAMPLE = 1_000

async function lineThatWaited(
  { context }: DemoScene,
  before: Plan,
  after: Plan,
): Promise<string | undefined> {
  const { pool, signal } = context
  const was = await readPeriodContext(pool, before.planId)
  const is = await readPeriodContext(pool, after.planId)
  const { sample } = await comparePlans(pool, was, is, { sample: SAMPLE, signal })
  const waited = sample.find((it) => it.was === 'NO_CODE_LEFT' && it.is.startsWith('CHOSEN'))
  return waited?.lineId
}

async function passOf(
  scene: DemoScene,
  lineId: string,
  day: DemoDay,
  language: Language,
): Promise<readonly string[]> {
  const context = onDay(scene.context, 'correction')
  const version = versionOf('kt-2026@1')
  await logAccess(context.pool, {
    at: context.clock.now(),
    lineId,
    purpose: 'a demonstration',
    command: 'explain',
  })
  const [explained] = await explainPeriods(context.pool, {
    version,
    snapshot: await snapshotFor(context, version, undefined),
    lineId,
    periods: ['2026-02'],
    asKnownAt: DAYS[day],
  })
  const told = explained?.explanations.find((it) => it.benefit === 'ott_pass')
  return told === undefined ? [] : tellExplanation('2026-02', told, language)
}
