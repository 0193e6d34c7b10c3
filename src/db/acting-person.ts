/** Who acts, as the database sees it: it fills in the names, no command passes one. */
import { assert } from '../assert.js'
import type { Pool } from './database.js'

export interface ActingPerson {
  readonly name: string
  /** False in a rehearsal, where the name is what somebody claims. */
  readonly authenticated: boolean
}

export async function actingPerson(pool: Pool): Promise<ActingPerson> {
  const { rows } = await pool.query<ActingPerson>(
    'select acting_person() as name, is_authenticated() as authenticated',
  )
  assert(rows[0] !== undefined, 'somebody who acts')
  return rows[0]
}
