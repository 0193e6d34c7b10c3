/** The schedules of the programmes that run by themselves. */
import type { Schedule } from '../schedule/schedule.js'
import { KT_2026_SCHEDULE } from './kt-2026-schedule.js'

const SCHEDULES: readonly Schedule[] = [KT_2026_SCHEDULE]

/** Undefined where a programme does nothing by itself. */
export function findSchedule(programme: string): Schedule | undefined {
  return SCHEDULES.find((it) => it.programme === programme)
}
