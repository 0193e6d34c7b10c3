/**
 * The demo's chapter of reminders: three rounds over the spool, to those who are owed a refund and
 * have not applied. Who applies between preparing and sending is not sent to, and what somebody
 * stops until the evening waits for the morning. By the functions of the commands.
 */
import { join } from 'node:path'
import { fixedClock } from '../../config/clock.js'
import type { Gateway } from '../../gateways/gateway.js'
import { importRestrictionsFile } from '../../intake/import-restrictions-file.js'
import { noticeScope, REMINDERS } from '../../reminders/notice-round.js'
import { prepareRound, previewRound } from '../../reminders/prepare-round.js'
import type { PreparedRound, RoundPreview } from '../../reminders/prepare-round.js'
import { countRound, effectOf } from '../../reminders/show-store.js'
import { setStop } from '../../reminders/stop-store.js'
import { assessRefunds } from '../../refunds/assess-refunds.js'
import { addDays } from '../../rules/calendar.js'
import { formatCount, formatWon } from '../chart.js'
import { importOptionsOf } from '../commands/imports.js'
import { versionOf } from '../commands/plans.js'
import type { Context } from '../context.js'
import { openGateway } from '../gateways.js'
import { noticesOptions } from '../notice-sending.js'
import type { DemoScene } from './post-plan.js'
import type { DemoRound } from './refund-figures.js'
import {
  ROUNDS,
  takenBeforeRound,
  takenBeforeSending,
  terminationsIn,
  writeRestrictions,
} from './refund-files.js'

type RoundDay = (typeof ROUNDS)[number]
type PlayedRound = Omit<DemoRound, 'counts' | 'effect'>

/** In its midst somebody stops it, and lets it go on in the evening. */
const STOPPED_ROUND = 2
const RESUMED = 'T21:10:00+09:00'
const MORNING = 'T08:00:00+09:00'

export class RoundsStory {
  readonly #scene: DemoScene
  readonly #takeApplications: (instant: string) => Promise<void>
  readonly #played: PlayedRound[] = []
  #left: readonly RoundDay[] = ROUNDS

  private constructor(scene: DemoScene, takeApplications: (instant: string) => Promise<void>) {
    this.#scene = scene
    this.#takeApplications = takeApplications
  }

  static async open(
    scene: DemoScene,
    takeApplications: (instant: string) => Promise<void>,
  ): Promise<RoundsStory> {
    const { files } = scene
    const restrictions = join(files.folder, 'restrictions.csv')
    await writeRestrictions(restrictions, terminationsIn(files.folder))
    const context = at(scene.context, takenBeforeRound(ROUNDS[0].date))
    await importRestrictionsFile(importOptionsOf(context, restrictions, {}))
    return new RoundsStory(scene, takeApplications)
  }

  async playUntil(instant: string): Promise<void> {
    const due = this.#left.filter((it) => takenBeforeRound(it.date) < instant)
    this.#left = this.#left.filter((it) => !due.includes(it))
    for (const it of due) this.#played.push(await this.#play(it))
  }

  /** How the rounds stand in the end, and who applied after them. */
  async close(): Promise<readonly DemoRound[]> {
    const { pool } = this.#scene.context
    const rounds: DemoRound[] = []
    for (const it of this.#played) {
      const { roundId } = it.prepared
      const [counts, effect] = [await countRound(pool, roundId), await effectOf(pool, roundId)]
      rounds.push({ ...it, counts, effect })
    }
    return rounds
  }

  async #play({ round, date }: RoundDay): Promise<PlayedRound> {
    await this.#takeApplications(takenBeforeRound(date))
    const { preview, prepared } = await prepare(this.#scene, round, date)
    await this.#takeApplications(takenBeforeSending(date))
    const gateway = await openGateway(this.#scene.context)
    try {
      const sent = await send(this.#scene, { round, date, preview, prepared, gateway })
      return { round, preview, prepared, ...sent }
    } finally {
      await gateway.close()
    }
  }
}

function at(context: Context, instant: string): Context {
  return { ...context, clock: fixedClock(instant) }
}

function note({ context }: DemoScene, date: string, text: string): void {
  context.out.note(`${date}  ${text}`)
}

async function prepare(
  scene: DemoScene,
  round: number,
  date: string,
): Promise<{ readonly preview: RoundPreview; readonly prepared: PreparedRound }> {
  const { times } = scene
  const { pool, cipher, signal } = scene.context
  const version = versionOf('kt-2026@1')
  const now = `${date}T08:30:00+09:00`
  await times.measure(
    'assess refunds',
    (it) => it.lines,
    () => assessRefunds({ pool, version, now, signal }),
  )
  const options = { ...noticeScope(version, REMINDERS, round), pool, cipher, signal, now }
  const preview = await previewRound(options)
  note(
    scene,
    date,
    `reminder round ${round}: ${formatCount(preview.newMessages)} messages for ` +
      `${formatWon(preview.costKrw)}, by its preview; prepared, and sent at 10:00`,
  )
  const made = (it: PreparedRound): number => it.added.messages
  const prepared = await times.measure('prepare reminders', made, () => prepareRound(options))
  return { preview, prepared }
}

interface Sending {
  readonly round: number
  readonly date: string
  readonly preview: RoundPreview
  readonly prepared: PreparedRound
  readonly gateway: Gateway
}

async function send(
  scene: DemoScene,
  it: Sending,
): Promise<Pick<DemoRound, 'configuredRate' | 'measuredRate' | 'heldForQuietHours'>> {
  const { pool } = scene.context
  const tenOClock = `${it.date}T10:00:00+09:00`
  if (it.round !== STOPPED_ROUND) {
    return { ...(await sendAt(scene, it, tenOClock)), heldForQuietHours: 0 }
  }
  const half = Math.ceil(it.prepared.messages / 2)
  const rates = await sendAt(scene, it, tenOClock, half)
  note(scene, it.date, 'half of it has left when somebody stops it, until 21:10')
  await setStop(pool, true, 'a demonstration', `${it.date}T10:01:00+09:00`)
  await setStop(pool, false, null, `${it.date}${RESUMED}`)
  await sendAt(scene, it, `${it.date}${RESUMED}`)
  const { held_for_quiet_hours: heldForQuietHours } = await countRound(pool, it.prepared.roundId)
  const nextDay = addDays(it.date, 1)
  note(
    scene,
    nextDay,
    `${formatCount(heldForQuietHours)} messages were held by the quiet hours, and leave at 08:00`,
  )
  await sendAt(scene, it, `${nextDay}${MORNING}`)
  return { ...rates, heldForQuietHours }
}

async function sendAt(
  { context, times }: DemoScene,
  { round, gateway }: Sending,
  instant: string,
  limit?: number,
): Promise<Pick<DemoRound, 'configuredRate' | 'measuredRate'>> {
  const { sendNotices } = await import('../../jobs/send-notices.js')
  const options = await noticesOptions(at(context, instant), gateway, 'kt-2026')
  const report = await times.measure(
    'send reminders',
    (it) => it.accepted,
    () =>
      sendNotices({
        ...options,
        filter: { programme: 'kt-2026', campaign: REMINDERS, round },
        limit,
        signal: context.signal,
      }),
  )
  const measuredRate = report.accepted / Math.max(report.seconds, 0.001)
  return { configuredRate: options.messagesASecond, measuredRate }
}
