// A worker in a process of its own that never finishes a message, to be killed in the midst of one.
// Arguments: redis or postgres, the URL, the queue's name, the worker's name. Runs from dist.
import { openPool } from '../../dist/src/db/database.js'
import { jobsDatabaseUrl, openJobsBackend } from '../../dist/src/jobs/bullmq-backend.js'
import { openWorker } from '../../dist/src/jobs/bullmq-worker.js'

const [kind, url, queueName, name] = process.argv.slice(2)
const place = kind === 'redis'
  ? { redisUrl: url }
  : { pool: openPool({ url: jobsDatabaseUrl(url), max: 4, name: 'worker process' }) }

await openWorker(openJobsBackend(place, { name: queueName }), {
  concurrency: 1,
  name,
  handle: async (ref) => {
    process.stdout.write(`begun ${ref.chunkNo}\n`)
    await new Promise((resolve) => setTimeout(resolve, 600_000))
  },
  onError: () => undefined,
})
