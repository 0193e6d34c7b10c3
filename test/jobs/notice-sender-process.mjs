// A sender in a process of its own, to be killed at a step. Arguments: the database, the file in
// which its gateway writes down each key it takes, and where it kills itself: at a reading of the
// time (`now`), `before` or `after` a hand-over, and at which of them. Runs from dist.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { openPool } from '../../dist/src/db/database.js'
import { jobsDatabaseUrl, openJobsBackend } from '../../dist/src/jobs/bullmq-backend.js'
import { sendNotices } from '../../dist/src/jobs/send-notices.js'
import { Cipher } from '../../dist/src/privacy/cipher.js'
import { SENDING } from '../../dist/src/reminders/sending-terms.js'
import { findVersion } from '../../dist/src/rules/programmes/registry.js'

const [url, file, step, times] = process.argv.slice(2)
let left = Number(times)
const reach = (name) => {
  if (name !== step) return
  left -= 1
  if (left === 0) process.kill(process.pid, 'SIGKILL')
}
const pool = openPool({ url, max: 8, name: 'sender process' })
const jobsPool = openPool({ url: jobsDatabaseUrl(url), max: 8, name: 'sender process jobs' })
let taken = 0
const gateway = {
  name: 'smpp',
  send: async ({ key }) => {
    reach('before')
    appendFileSync(file, `${key}\n`)
    taken += 1
    reach('after')
    return { outcome: 'accepted', reference: `${process.pid}-${taken}` }
  },
  lookUp: async (key) => {
    const keys = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
    return keys.includes(key) ? 'taken' : 'not_taken'
  },
  onReport: () => undefined,
  close: async () => undefined,
}
await sendNotices({
  pool,
  backend: openJobsBackend({ pool: jobsPool }),
  gateway,
  cipher: new Cipher(Buffer.alloc(32, 7)),
  sending: {
    ...SENDING,
    settleMs: { value: 50, source: 'a test' },
    window: { value: { spool: 4, http: 4, smpp: 4 }, source: 'a test' },
  },
  messagesASecond: 1_000,
  lanes: 2,
  name: `process-${process.pid}`,
  versionOf: (programme, version) => findVersion(`${programme}@${version}`),
  now: () => {
    reach('now')
    return '2026-01-20T01:00:00.000Z'
  },
  filter: {},
  signal: new AbortController().signal,
  onError: (error) => process.stderr.write(`${error.name}\n`),
})
await jobsPool.end()
await pool.end()
