/**
 * Schedulers that look on a real database: nothing is lost and nothing doubled, whoever looks, and
 * whatever the clock does.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { minutesAfter } from '../../src/rules/schedule/civil-time.js'
import type { Schedule } from '../../src/rules/schedule/schedule.js'
import { resolveTasks } from '../../src/schedule/resolve-tasks.js'
import { viewMissed, viewSchedule } from '../../src/schedule/tell-schedule.js'
import type { PerformTask } from '../../src/schedule/task.js'
import { keysBetween, SCHEDULE, ScheduleSetting, seoul } from './schedule-setting.js'

let setting: ScheduleSetting
beforeAll(async () => {
  setting = await ScheduleSetting.open()
})
beforeEach(() => setting.clear())
afterEach(() => expect(setting.errors).toEqual([]))
afterAll(() => setting.close())

/** What came before the programme's look begins is no matter of a test. */
async function beginAt(instant: string): Promise<void> {
  await setting.lookAt(setting.scheduler(), instant)
  const missed = await setting.keysIn('missed')
  if (missed.length > 0) await decide('skip', missed)
  setting.performed.length = 0
}

async function decide(
  decision: 'run' | 'skip' | 'merge',
  keys: readonly string[],
  at = setting.now,
): Promise<void> {
  await resolveTasks(setting.pool, SCHEDULE, keys, { decision, reason: 'tested', at })
}

async function missedKeys(now: string): Promise<string[]> {
  const missed = await viewMissed(setting.pool, SCHEDULE, now)
  return missed.map((it) => it.occurrence.key).toSorted()
}

describe('a scheduler that was off for forty days', () => {
  const [off, on] = [seoul('2026-02-10'), seoul('2026-03-22', '09:30')]
  const missed = keysBetween(off, minutesAfter(on, -120))

  it('offers exactly what was missed, and does none of it by itself', async () => {
    await beginAt(off)
    expect(await missedKeys(on)).toEqual(missed)
    await setting.lookAt(setting.scheduler(), on)
    expect(await setting.keysIn('missed')).toEqual(missed)
    expect(await missedKeys(on)).toEqual(missed)
    expect(setting.performed).toEqual([])
    expect(missed).toContain('kt-2026/run/2026-03')
    expect(missed.filter((it) => it.includes('/daily_run/'))).toHaveLength(39)
    const view = await viewSchedule(setting.pool, SCHEDULE, on, 3)
    expect(view).toMatchObject({ missed: missed.length, open: [] })
    expect(view.next.map((it) => it.key)).toEqual([
      'kt-2026/event_notices/2026-03-22',
      'kt-2026/verify/2026-03-23',
      'kt-2026/daily_run/2026-03-23',
    ])
  })

  it('lets a person run, skip and merge, and then all is done once', async () => {
    await beginAt(off)
    const scheduler = setting.scheduler()
    await setting.lookAt(scheduler, on)
    const daily = missed.filter((it) => it.includes('/daily_run/'))
    await decide('merge', ['kt-2026/daily_run', 'kt-2026/verify'])
    await decide('run', ['kt-2026/run/2026-03'])
    await decide(
      'skip',
      missed.filter((it) => !/\/(daily_run|verify|run)\//.test(it)),
    )
    await setting.lookAt(scheduler, minutesAfter(on, 1))
    expect(setting.performed.toSorted()).toEqual([
      'kt-2026/daily_run/2026-03-22',
      'kt-2026/run/2026-03',
      'kt-2026/verify/2026-03-22',
    ])
    expect(await setting.keysIn('missed')).toEqual([])
    expect(await setting.task(daily[0]!)).toMatchObject({
      state: 'merged',
      mergedInto: 'kt-2026/daily_run/2026-03-22',
      resolution: 'merge',
      resolvedBy: 'kim',
      authenticated: false,
      reason: 'tested',
    })
    await setting.lookAt(setting.scheduler({ name: 'second' }), minutesAfter(on, 2))
    expect(setting.performed).toHaveLength(3)
  })

  it('does what is late by less than the grace', async () => {
    await beginAt(off)
    await setting.lookAt(setting.scheduler(), seoul('2026-02-11', '05:00'))
    expect(setting.performed.toSorted()).toEqual([DAILY, VERIFY])
    expect(await setting.keysIn('missed')).toEqual(['kt-2026/event_notices/2026-02-10'])
  })
})

const DAILY = 'kt-2026/daily_run/2026-02-11'
const VERIFY = 'kt-2026/verify/2026-02-11'

describe('two schedulers at once', () => {
  it('do each thing once', async () => {
    await beginAt(seoul('2026-02-10'))
    const second = setting.poolOf('kim')
    const pair = [setting.scheduler(), setting.scheduler({ name: 'second', pool: second })] as const
    const from = setting.now
    for (let step = 1; step <= 72; step += 1) {
      setting.now = minutesAfter(from, step * 60)
      await Promise.all(pair.map((it) => it.look()))
      await Promise.all(pair.map((it) => it.settled()))
    }
    expect(setting.performed.toSorted()).toEqual(keysBetween(from, setting.now))
    expect(await setting.keysIn('missed')).toEqual([])
  })
})

describe('a clock that jumps', () => {
  it('forth and back neither loses nor doubles anything', async () => {
    const from = seoul('2026-02-10')
    await beginAt(from)
    const scheduler = setting.scheduler()
    // A month ahead, a day back, half a year ahead, and then the days as they come.
    for (const jump of [seoul('2026-03-10'), seoul('2026-02-09'), seoul('2026-08-20'), from]) {
      await setting.lookAt(scheduler, jump)
    }
    const early = [...setting.performed]
    const to = seoul('2026-02-13')
    for (let at = from; at <= to; at = minutesAfter(at, 60)) await setting.lookAt(scheduler, at)
    expect(new Set(setting.performed).size).toBe(setting.performed.length)
    expect(await setting.keysIn('missed')).toEqual([])
    const inTime = setting.performed.filter((it) => !early.includes(it)).toSorted()
    expect(inTime).toEqual(keysBetween(from, to).filter((it) => !early.includes(it)))
  })

  it('back does not leave a task to a lease of the future', async () => {
    await beginAt(seoul('2026-02-10'))
    await setting.query(
      `insert into scheduled_task (key, programme, task, due_at, state, changed_at)
       values ($1, 'kt-2026', 'verify', $2, 'due', $2)`,
      [VERIFY, seoul('2026-02-11', '03:00')],
    )
    await setting.query(
      `update scheduled_task set state = 'running', scheduler = 'dead', lease_until = $2
       where key = $1`,
      [VERIFY, seoul('2026-05-11')],
    )
    await setting.lookAt(setting.scheduler(), seoul('2026-02-11', '03:05'))
    expect(setting.performed).toEqual([VERIFY])
  })
})

describe('a time of day that is changed', () => {
  it.each(['04:00', '06:30'])('to %s doubles nothing', async (time) => {
    const from = seoul('2026-02-10')
    await beginAt(from)
    const changed: Schedule = {
      ...SCHEDULE,
      entries: SCHEDULE.entries.map((it) =>
        it.task === 'daily_run' ? { ...it, time: { value: time, source: 'test' } } : it,
      ),
    }
    const to = seoul('2026-02-14')
    for (let at = from; at <= to; at = minutesAfter(at, 60)) {
      const schedule = at < seoul('2026-02-12', '05:30') ? SCHEDULE : changed
      await setting.lookAt(setting.scheduler({ schedule }), at)
    }
    expect(setting.performed.toSorted()).toEqual(keysBetween(from, to))
    expect(await setting.keysIn('missed')).toEqual([])
  })
})

describe('a task', () => {
  const at = seoul('2026-02-11', '05:00')
  beforeEach(() => beginAt(seoul('2026-02-11', '04:00')))

  it('whose process died is performed again when its lease has ended, not before', async () => {
    let tries = 0
    let wakeUp = (): void => undefined
    const dying: PerformTask = async () => {
      tries += 1
      await new Promise<void>((resolve) => (wakeUp = resolve))
      return { outcome: 'done', result: { of: 'the dead' } }
    }
    const dead = setting.poolOf('kim')
    const first = setting.scheduler({ pool: dead, tasks: setting.tasks({ daily_run: dying }) })
    setting.now = at
    await first.look()
    await expect.poll(() => tries).toBe(1)
    await setting.query(
      `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory'
       and database = (select oid from pg_database where datname = current_database())`,
    )
    const second = setting.scheduler({ name: 'second' })
    await setting.lookAt(second, minutesAfter(at, 4))
    expect(setting.performed).toEqual([])
    await setting.lookAt(second, minutesAfter(at, 6))
    expect(setting.performed).toEqual([DAILY])
    const done = { state: 'done', attempts: 2, result: { count: 1 } }
    expect(await setting.task(DAILY)).toMatchObject(done)
    // It was not dead after all, and what it came to comes too late.
    wakeUp()
    await first.settled()
    expect(await setting.task(DAILY)).toMatchObject(done)
    // It goes on to nothing, as the connection of its lock is gone.
    expect(setting.errors.splice(0)).toHaveLength(1)
  })

  it('that fails is tried again with pauses, then a person is asked', async () => {
    const tried: string[] = []
    const failing: PerformTask = () => {
      tried.push(setting.now)
      return Promise.reject(new Error('with something personal in it'))
    }
    const scheduler = setting.scheduler({ tasks: setting.tasks({ daily_run: failing }) })
    for (let minute = 0; minute <= 40; minute += 1) {
      await setting.lookAt(scheduler, minutesAfter(at, minute))
    }
    expect(tried).toEqual([0, 1, 3, 7, 15].map((it) => minutesAfter(at, it)))
    const failed = await setting.task(DAILY)
    expect(failed).toMatchObject({ state: 'failed', result: { error: 'Error' } })
    expect(JSON.stringify(failed)).not.toContain('personal')
    await decide('run', [DAILY])
    await setting.lookAt(setting.scheduler(), minutesAfter(at, 41))
    expect(setting.performed).toEqual([DAILY])
  })

  it('that waits for approval is shown, reminds, and goes on when it has it', async () => {
    let approved = false
    const waiting: PerformTask = ({ key }) => {
      if (!approved) {
        const needs = '`redress approve 7` by another person'
        return Promise.resolve({ outcome: 'waiting_for_approval', needs, result: { plan_id: '7' } })
      }
      setting.performed.push(key)
      return Promise.resolve({ outcome: 'done', result: { plan_id: '7' } })
    }
    const scheduler = setting.scheduler({ tasks: setting.tasks({ daily_run: waiting }) })
    for (let minute = 0; minute <= 9 * 60; minute += 30) {
      await setting.lookAt(scheduler, minutesAfter(at, minute))
    }
    const view = await viewSchedule(setting.pool, SCHEDULE, setting.now, 1)
    expect(view.open).toMatchObject([
      { key: DAILY, state: 'waiting_for_approval', needs: '`redress approve 7` by another person' },
    ])
    expect(setting.reminded.filter((it) => it === DAILY)).toHaveLength(2)
    expect(view.open[0]).toMatchObject({ reminders: 2, remindedAt: minutesAfter(at, 8 * 60) })
    approved = true
    await setting.lookAt(scheduler, minutesAfter(at, 9 * 60 + 20))
    expect(setting.performed).toContain(DAILY)
  })

  it('that waits is merged into the newer one that does the same', async () => {
    const waiting: PerformTask = () =>
      Promise.resolve({ outcome: 'waiting_for_input', needs: 'a file', result: {} })
    const scheduler = setting.scheduler({ tasks: setting.tasks({ daily_run: waiting }) })
    await setting.lookAt(scheduler, at)
    expect(await setting.keysIn('waiting_for_input')).toEqual([DAILY])
    await setting.lookAt(scheduler, minutesAfter(at, 24 * 60))
    expect(await setting.task(DAILY)).toMatchObject({
      state: 'merged',
      mergedInto: 'kt-2026/daily_run/2026-02-12',
    })
    expect(await setting.keysIn('waiting_for_input')).toEqual(['kt-2026/daily_run/2026-02-12'])
  })

  it('at hand is finished or handed back when the scheduler stops', async () => {
    const stop = new AbortController()
    const started: string[] = []
    const long: PerformTask = ({ key }, { signal }) => {
      started.push(key)
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopped')))
      })
    }
    const stopped = setting.scheduler({
      signal: stop.signal,
      tasks: setting.tasks({ daily_run: long }),
    })
    setting.now = at
    await stopped.look()
    await expect.poll(() => started).toEqual([DAILY])
    stop.abort()
    await stopped.settled()
    expect(await setting.task(DAILY)).toMatchObject({ state: 'due', attempts: 0 })
    await setting.lookAt(setting.scheduler({ name: 'second' }), at)
    expect(setting.performed).toEqual([DAILY])
  })
})

describe('the database', () => {
  beforeEach(() => beginAt(seoul('2026-02-11', '05:00')))

  it('keeps what has ended, and every change with whoever made it', async () => {
    await expect(
      setting.query(`update scheduled_task set state = 'due' where key = $1`, [DAILY]),
    ).rejects.toMatchObject({ code: 'RD001' })
    await expect(
      setting.query('delete from scheduled_task where key = $1', [DAILY]),
    ).rejects.toMatchObject({ code: 'RD001' })
    await expect(setting.query('delete from scheduled_task_event')).rejects.toMatchObject({
      code: 'RD001',
    })
    const events = await setting.query(
      'select state, person, scheduler from scheduled_task_event where key = $1 order by event_id',
      [DAILY],
    )
    expect(events).toEqual([
      { state: 'due', person: 'kim', scheduler: null },
      { state: 'running', person: 'kim', scheduler: 'first' },
      { state: 'done', person: 'kim', scheduler: 'first' },
    ])
  })

  it('names who decided, whatever the statement says', async () => {
    const on = seoul('2026-02-13')
    await setting.lookAt(setting.scheduler(), on)
    const [key] = await setting.keysIn('missed')
    await setting.query(
      `update scheduled_task set state = 'skipped', resolution = 'skip', reason = 'x',
         resolved_at = $2, resolved_by = 'somebody else', authenticated = true where key = $1`,
      [key, on],
    )
    expect(await setting.task(key!)).toMatchObject({ resolvedBy: 'kim', authenticated: false })
  })

  it.each([
    ['run', 'kt-2026/run/2026-02', 'SCHEDULE_STATE'],
    ['run', 'kt-2026/run/2026-07', 'SCHEDULE_STATE'],
    ['skip', DAILY, 'SCHEDULE_STATE'],
    ['run', 'kt-2026/run/2031-01', 'SCHEDULE_UNKNOWN'],
    ['merge', 'kt-2026/run/2026-03', 'SCHEDULE_STATE'],
  ] as const)('%s of %s is refused with %s, and nothing changes', async (decision, key, code) => {
    await setting.lookAt(setting.scheduler(), seoul('2026-03-05'))
    const before = await setting.all()
    await expect(
      decide(decision, [...(await setting.keysIn('missed')), key]),
    ).rejects.toMatchObject({ code })
    expect(await setting.all()).toEqual(before)
  })
})
