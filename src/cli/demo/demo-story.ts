/**
 * The chapters of the demo: a forecast, February, passes with too few codes, the codes, March, and
 * a correction of both months. Each says what happens when it begins.
 */
import { importSnapshotFile } from '../../intake/import-snapshot-file.js'
import {
  importChoicesFile,
  importConsentsFile,
  importStatusFile,
  importVouchersFile,
} from '../../intake/import-staged-file.js'
import type { ImportReport } from '../../intake/import-file.js'
import { readVoucherStock } from '../../intake/vouchers-store.js'
import type { Plan } from '../../runs/run.js'
import { formatCount } from '../chart.js'
import { importOptionsOf } from '../commands/imports.js'
import { lateStage } from '../output.js'
import { AS_OF, DAYS, onDay } from './demo-days.js'
import type { DemoDay } from './demo-days.js'
import { fileOf } from './demo-files.js'
import type { DemoKind } from './demo-files.js'
import type { DemoPosting, DemoStory } from './demo-figures.js'
import { explainOneLine } from './explain-one-line.js'
import { goByForecast, planOn, refusalOfMaker, sign, signAndRun } from './post-plan.js'
import type { DemoScene } from './post-plan.js'

/** By how much February may differ from its forecast and go by itself. */
const TOLERANCE = 0.02

export async function playStory(scene: DemoScene): Promise<DemoStory> {
  const { context, colleague } = scene
  const imported = await importSnapshot(scene)
  const forecast = await foresee(scene)
  const february = await postFebruary(scene)
  const { passes, fourEyes } = await postPasses(scene)
  const codes = await postCodes(scene)
  const march = await postMarch(scene)
  const { corrections, lateRows } = await correct(scene)
  return {
    maker: context.actor,
    colleague: colleague.name,
    imported,
    forecast,
    tolerance: TOLERANCE,
    fourEyes,
    february,
    passes,
    codes,
    march,
    lateRows,
    corrections,
    stock: await readVoucherStock(context.pool, DAYS.correction),
    explained: await explainOneLine(scene, passes.plan, codes.plan),
  }
}

function chapter({ context }: DemoScene, day: DemoDay, text: string): void {
  context.out.note(`${DAYS[day].slice(0, 10)}  ${text}`)
}

async function importSnapshot(scene: DemoScene): Promise<DemoStory['imported']> {
  const { context, files, times } = scene
  chapter(scene, 'sealed', 'the snapshot of the base date is imported and sealed')
  const reading = lateStage(context.out.progress, { label: 'import', unit: 'bytes' })
  const rows = (it: { readonly read: number }): number => it.read
  const report = await times.measure('import and seal the snapshot', rows, () =>
    importSnapshotFile({
      ...importOptionsOf(onDay(context, 'sealed'), files.snapshot, {}),
      asOf: AS_OF,
      onProgress: (it) => reading.update(it.bytesRead, it.bytesTotal),
    }),
  )
  reading.finish()
  const { read, accepted, quarantined } = report
  return { read, accepted, quarantined }
}

const IMPORTS = {
  status: importStatusFile,
  consents: importConsentsFile,
  choices: importChoicesFile,
  vouchers: importVouchersFile,
}

/** @returns how many rows were read */
async function takeIn(scene: DemoScene, day: DemoDay, kinds: readonly DemoKind[]): Promise<number> {
  const { context, files, times } = scene
  let read = 0
  for (const kind of kinds) {
    const options = importOptionsOf(onDay(context, day), fileOf(files, kind, day), {})
    const rows = (it: ImportReport): number => it.read
    const report = await times.measure('import what came later', rows, () => IMPORTS[kind](options))
    read += report.read
  }
  return read
}

async function foresee(scene: DemoScene): Promise<Plan> {
  const { context, colleague } = scene
  chapter(scene, 'forecast', `${context.actor} forecasts February; ${colleague.name} signs`)
  await takeIn(scene, 'forecast', ['status'])
  const forecast = await planOn(scene, 'forecast', '2026-02')
  await sign(scene, 'forecast', forecast, TOLERANCE)
  return forecast
}

async function postFebruary(scene: DemoScene): Promise<DemoPosting> {
  chapter(scene, 'february', 'February is planned again and held against its forecast')
  await takeIn(scene, 'february', ['status', 'consents'])
  return await goByForecast(scene, 'february', await planOn(scene, 'february', '2026-02'))
}

async function postPasses(
  scene: DemoScene,
): Promise<{ readonly passes: DemoPosting; readonly fourEyes: string }> {
  const day = 'passes'
  chapter(scene, day, 'choices, applications and codes come in; the plan of the day')
  await takeIn(scene, day, ['choices', 'vouchers'])
  const plan = await planOn(scene, day, '2026-02')
  for (const { option, wanted, missing } of plan.result?.codes ?? []) {
    const told = `${formatCount(wanted)} codes of ${option} wanted, ${formatCount(missing)} missing`
    scene.context.out.note(`            ${told}: known before anybody runs it`)
  }
  const fourEyes = await refusalOfMaker(scene, day, plan)
  return { passes: await signAndRun(scene, day, plan), fourEyes }
}

async function postCodes(scene: DemoScene): Promise<DemoPosting> {
  chapter(scene, 'codes', 'more codes come in, and the plan of the day gives them out')
  await takeIn(scene, 'codes', ['choices', 'vouchers'])
  return await signAndRun(scene, 'codes', await planOn(scene, 'codes', '2026-02'))
}

async function postMarch(scene: DemoScene): Promise<DemoPosting> {
  chapter(scene, 'march', 'March')
  await takeIn(scene, 'march', ['status', 'consents', 'choices'])
  return await signAndRun(scene, 'march', await planOn(scene, 'march', '2026-03'))
}

async function correct(
  scene: DemoScene,
): Promise<{ readonly corrections: readonly DemoPosting[]; readonly lateRows: number }> {
  const day = 'correction'
  chapter(scene, day, 'changes and withdrawals that come late: both months again, as differences')
  const lateRows = await takeIn(scene, day, ['status', 'choices'])
  const corrections: DemoPosting[] = []
  for (const period of ['2026-02', '2026-03']) {
    corrections.push(await signAndRun(scene, day, await planOn(scene, day, period)))
  }
  return { corrections, lateRows }
}
