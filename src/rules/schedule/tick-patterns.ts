/** When a clock is to ring so that a scheduler looks: cron patterns in the programme's zone. */
import type { Schedule, ScheduleEntry, TimeOfDay } from './schedule.js'

/**
 * One for each distinct time of day, every day: a look in vain costs one statement, and a day that
 * is not in the pattern could be one that is in the schedule.
 */
export function tickPatterns(schedule: Schedule): readonly string[] {
  const times = new Set(schedule.entries.flatMap(timesOf))
  return [...times].toSorted().map((time) => {
    const [hour, minute] = time.split(':').map(Number)
    return `${minute} ${hour} * * *`
  })
}

function timesOf(entry: ScheduleEntry): readonly TimeOfDay[] {
  if ('on' in entry) return [entry.on.value.time]
  if ('time' in entry) return [entry.time.value]
  if ('rounds' in entry) return entry.rounds.map(({ value }) => value.at.slice(11))
  return [entry.at.value.slice(11)]
}
