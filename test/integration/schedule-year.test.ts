/**
 * A programme year in steps of hours: every occurrence is performed once, when it is due. By the
 * hour while all kinds of tasks come, by two hours, the grace, where days are like each other.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { minutesAfter } from '../../src/rules/schedule/civil-time.js'
import { allOccurrences } from '../../src/rules/schedule/occurrences.js'
import type { Task } from '../../src/rules/schedule/schedule.js'
import type { PerformTask } from '../../src/schedule/task.js'
import { SCHEDULE, ScheduleSetting, seoul } from './schedule-setting.js'

let setting: ScheduleSetting
beforeAll(async () => {
  setting = await ScheduleSetting.open()
})
afterAll(() => setting.close())

it('a year goes by', async () => {
  const at = new Map<string, string>()
  const remember: PerformTask = ({ key }, { now }) => {
    expect(at.has(key)).toBe(false)
    at.set(key, now())
    return Promise.resolve({ outcome: 'done', result: {} })
  }
  const tasks = setting.tasks()
  const scheduler = setting.scheduler({
    tasks: Object.fromEntries(Object.keys(tasks).map((it) => [it as Task, remember])) as never,
  })
  const end = seoul('2026-09-01', '00:30')
  for (let now = seoul('2025-12-01', '00:30'); now < end;) {
    await setting.lookAt(scheduler, now)
    const isBusy = now > seoul('2026-01-15') && now < seoul('2026-03-10')
    now = minutesAfter(now, isBusy ? 60 : 120)
  }
  const all = allOccurrences(SCHEDULE)
  expect(all.length).toBeGreaterThan(600)
  expect([...at.keys()].toSorted()).toEqual(all.map((it) => it.key).toSorted())
  for (const it of all) {
    const lateMs = Date.parse(at.get(it.key) ?? '') - Date.parse(it.dueAt)
    expect(lateMs).toBeGreaterThanOrEqual(0)
    expect(lateMs).toBeLessThan(2 * 3_600_000)
  }
  const states = await setting.query(
    'select state, count(*)::integer as count from scheduled_task group by state',
  )
  expect(states).toEqual([{ state: 'done', count: all.length }])
  expect(setting.errors).toEqual([])
})
