// Prepares round 1 in a process of its own, to be killed at a statement. Arguments: the database,
// `before` or `after`, with what the statement begins, and at which of them. Runs from dist.
import pg from 'pg'
import { openPool } from '../../dist/src/db/database.js'
import { Cipher } from '../../dist/src/privacy/cipher.js'
import { noticeScope, REMINDERS } from '../../dist/src/reminders/notice-round.js'
import { prepareRound } from '../../dist/src/reminders/prepare-round.js'
import { findVersion } from '../../dist/src/rules/programmes/registry.js'

const [url, side, statement, times] = process.argv.slice(2)
let left = Number(times)
const reach = (here) => {
  if (here !== side) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
const { query } = pg.Client.prototype
pg.Client.prototype.query = function (config, ...more) {
  const text = typeof config === 'string' ? config : config.text
  if (text?.startsWith(statement) !== true) return query.call(this, config, ...more)
  reach('before')
  const result = query.call(this, config, ...more)
  return result.then((it) => {
    reach('after')
    return it
  })
}
const pool = openPool({ url, max: 8, name: 'preparer process' })
await prepareRound({
  ...noticeScope(findVersion('kt-2026@1'), REMINDERS, 1),
  pool,
  cipher: new Cipher(Buffer.alloc(32, 7)),
  now: '2026-01-20T08:30:00+09:00',
})
await pool.end()
