/** A statement that takes long ends with the abort, in PostgreSQL as well as here. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cancellable } from '../../src/db/cancellable.js'
import { openPool, withClient } from '../../src/db/database.js'
import type { Pool } from '../../src/db/database.js'
import { testDatabase } from '../support/database.js'
import type { TestDatabase } from '../support/database.js'

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await testDatabase()
  pool = openPool({ url: database.url, max: 3, name: 'cancellable tests' })
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

const sleepers = async (): Promise<number> => {
  const { rows } = await pool.query<{ count: number }>(
    `select count(*)::integer as count from pg_stat_activity
     where datname = current_database() and query like '%pg_sleep(1000)%'
       and state = 'active' and pid <> pg_backend_pid()`,
  )
  return rows[0]?.count ?? -1
}

it('an abort ends the statement under way and is what is thrown', async () => {
  const abort = new AbortController()
  const sleeping = withClient(pool, (client) =>
    cancellable(pool, client, abort.signal, () => client.query('select pg_sleep(1000)')),
  )
  const ended = expect(sleeping).rejects.toMatchObject({ name: 'AbortError' })
  await expect.poll(sleepers, { timeout: 10_000 }).toBe(1)
  abort.abort()
  await ended
  await expect.poll(sleepers, { timeout: 10_000 }).toBe(0)
})

it('after an abort nothing is begun, and without one the result is handed on', async () => {
  await withClient(pool, async (client) => {
    const begun: string[] = []
    const work = (name: string) => async () => {
      begun.push(name)
      return (await client.query<{ one: number }>('select 1 as one')).rows
    }
    const aborted = cancellable(pool, client, AbortSignal.abort(), work('aborted'))
    await expect(aborted).rejects.toMatchObject({ name: 'AbortError' })
    const signal = new AbortController().signal
    expect(await cancellable(pool, client, signal, work('with'))).toEqual([{ one: 1 }])
    expect(await cancellable(pool, client, undefined, work('without'))).toEqual([{ one: 1 }])
    expect(begun).toEqual(['with', 'without'])
  })
})

it('an error of the statement itself is handed on as it is', async () => {
  const signal = new AbortController().signal
  const failing = withClient(pool, (client) =>
    cancellable(pool, client, signal, () => client.query('select 1 / 0')),
  )
  await expect(failing).rejects.toMatchObject({ code: '22012' })
})
