/** Logins of people, each a member of one role, on the server of a test's database. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { errorCodeOf } from '../../src/db/database.js'
import type { TestDatabase } from './database.js'

export const ROLES = [
  'operator',
  'approver',
  'finance_maker',
  'finance_checker',
  'agent',
  'worker',
  'auditor',
] as const
export type Role = (typeof ROLES)[number]

export interface Logins {
  nameOf(role: Role): string
  urlOf(role: Role): string
  /** The SQLSTATE with which a statement is refused; undefined when it is let through. */
  refusalOf(role: Role, statement: string): Promise<string | undefined>
  drop(): Promise<void>
}

export async function loginsOf(database: TestDatabase): Promise<Logins> {
  const nonce = randomBytes(4).toString('hex')
  const nameOf = (role: Role): string => `test_${nonce}_${role}`
  const urlOf = (role: Role): string => {
    const url = new URL(database.url)
    url.username = nameOf(role)
    url.password = nonce
    return url.href
  }
  await onceAs(database.url, async (owner) => {
    for (const role of ROLES) {
      await owner.query(`create role ${nameOf(role)} login password '${nonce}'`)
      await owner.query(`grant redress_${role} to ${nameOf(role)}`)
    }
  })
  return {
    nameOf,
    urlOf,
    refusalOf: async (role, statement) => {
      return await onceAs(urlOf(role), async (person) => {
        await person.query('begin')
        try {
          await person.query(statement)
          return undefined
        } catch (error) {
          return errorCodeOf(error)
        } finally {
          await person.query('rollback')
        }
      })
    },
    drop: () =>
      onceAs(database.url, async (owner) => {
        for (const role of ROLES) await owner.query(`drop role ${nameOf(role)}`)
      }),
  }
}

async function onceAs<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
