/** What a queue has to do for us, run on every backend there is. */
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { projectRoot } from '../../src/config/project-root.js'
import { RedressError } from '../../src/errors.js'
import { openQueue } from '../../src/jobs/bullmq-queue.js'
import type { JobsQueue } from '../../src/jobs/bullmq-queue.js'
import { openWorker } from '../../src/jobs/bullmq-worker.js'
import type { JobsWorker, WorkerOptions } from '../../src/jobs/bullmq-worker.js'
import type { JobsBackend } from '../../src/jobs/bullmq-backend.js'
import type { ChunkRef } from '../../src/runs/run.js'

export interface TestBackend {
  open(queueName: string): JobsBackend
  /** Arguments for `worker-process.mjs` to reach the same queue: kind and URL. */
  readonly processArguments: readonly string[]
  /** Everything that is stored, as text. */
  dump(): Promise<string>
  /** Forgets all messages, as an operator may. */
  empty(): Promise<void>
  /** Ends every connection on the server's side. */
  cutConnections(): Promise<void>
  close(): Promise<void>
}

const RUN = '4711'

export function jobsSuite(name: string, makeBackend: () => Promise<TestBackend>): void {
  describe(`messages over ${name}`, () => {
    let test: TestBackend
    let queues = 0
    const openedQueues: JobsQueue[] = []
    const openedWorkers: JobsWorker[] = []

    beforeAll(async () => {
      test = await makeBackend()
    }, 120_000)
    afterAll(() => test.close())

    /** A queue of its own for each test, closed when the test ends, whatever its end. */
    async function withQueue(work: (parts: QueueParts) => Promise<void>): Promise<void> {
      queues += 1
      const backend = test.open(`chunks-${queues}`)
      const queue = await openQueue(backend)
      openedQueues.push(queue)
      const worker = async (options: Partial<WorkerOptions>): Promise<JobsWorker> => {
        const opened = await openWorker(backend, { ...IDLE, ...options })
        openedWorkers.push(opened)
        return opened
      }
      try {
        await work({ queue, backend, worker })
      } finally {
        await Promise.all(openedWorkers.splice(0).map((it) => it.close({ graceful: false })))
        await Promise.all(openedQueues.splice(0).map((it) => it.close()))
      }
    }

    it(
      'hands over each message at least once',
      () =>
        withQueue(async ({ queue, worker }) => {
          const seen: number[] = []
          await queue.ring(chunks(2_500), 1)
          await worker({ concurrency: 8, handle: async (ref) => void seen.push(ref.chunkNo) })
          await until(() => new Set(seen).size === 2_500)
          await until(async () => (await queue.depth()).waiting === 0)
        }),
      60_000,
    )

    it('keeps one of two equal messages that wait, and hands over a second ring', () =>
      withQueue(async ({ queue, worker }) => {
        const seen: number[] = []
        await queue.ring(chunks(3), 1)
        await queue.ring(chunks(3), 1)
        expect(await queue.depth()).toEqual({ waiting: 3, active: 0, delayed: 0 })
        await queue.ring(chunks(3), 2)
        await worker({ handle: async (ref) => void seen.push(ref.chunkNo) })
        await until(() => seen.length === 6)
        expect(seen.toSorted((one, other) => one - other)).toEqual([0, 0, 1, 1, 2, 2])
      }))

    it('tries again after a failure that can pass', () =>
      withQueue(async ({ queue, worker }) => {
        const told: unknown[] = []
        let tries = 0
        await queue.ring(chunks(1), 1)
        await worker({
          onError: (error) => told.push(error),
          handle: () => {
            tries += 1
            if (tries === 1) throw new RedressError('DATABASE_UNAVAILABLE')
            if (tries === 2) throw new Error('Connection terminated unexpectedly')
            return Promise.resolve()
          },
        })
        await until(() => tries === 3)
        expect(told.length).toBe(2)
        await until(async () => isEmpty(await queue.depth()))
      }))

    it('does not try again after a bug, nor after an error that stays', () =>
      withQueue(async ({ queue, worker }) => {
        const seen: number[] = []
        await queue.ring(chunks(2), 1)
        await worker({
          handle: (ref) => {
            seen.push(ref.chunkNo)
            if (ref.chunkNo === 0) throw new AssertionFailure('expected: no bug')
            throw new RedressError('SNAPSHOT_NOT_SEALED', { snapshot: 1 })
          },
        })
        await until(async () => seen.length === 2 && isEmpty(await queue.depth()))
        await sleep(600)
        expect(seen.length).toBe(2)
      }))

    it('finishes the message under way when closed with grace and leaves the others', () =>
      withQueue(async ({ queue, worker }) => {
        const begun: number[] = []
        const done: number[] = []
        await queue.ring(chunks(3), 1)
        const opened = await worker({
          handle: async (ref) => {
            begun.push(ref.chunkNo)
            await sleep(500)
            done.push(ref.chunkNo)
          },
        })
        await until(() => begun.length === 1)
        await opened.close({ graceful: true })
        expect(done).toEqual(begun)
        expect(await queue.depth()).toEqual({ waiting: 2, active: 0, delayed: 0 })
      }))

    it(
      'aborts the message under way when closed without grace; it comes again',
      () =>
        withQueue(async ({ queue, worker }) => {
          await queue.ring(chunks(1), 1)
          let aborted = false
          let begun = false
          const opened = await worker({
            handle: async (_, signal) => {
              begun = true
              await once(signal, 'abort')
              aborted = true
            },
          })
          await until(() => begun)
          await opened.close({ graceful: false })
          expect(aborted).toBe(true)
          const seen: number[] = []
          await worker({ handle: async (ref) => void seen.push(ref.chunkNo) })
          await until(() => seen.length === 1, 12_000)
        }),
      20_000,
    )

    it(
      'hands the message of a killed process to another worker within ten seconds',
      () =>
        withQueue(async ({ queue, backend, worker }) => {
          await queue.ring(chunks(1), 1)
          const child = spawnWorker([...test.processArguments, backend.queueName, 'victim'])
          try {
            await lineFrom(child, 'begun 0')
            await until(async () => (await queue.workerNames()).includes('victim'))
            child.kill('SIGKILL')
            await once(child, 'exit')
          } finally {
            child.kill('SIGKILL')
          }
          const killedAt = performance.now()
          const seen: number[] = []
          await worker({ handle: async (ref) => void seen.push(ref.chunkNo) })
          await until(() => seen.length === 1, 12_000)
          expect(performance.now() - killedAt).toBeLessThan(10_000)
        }),
      40_000,
    )

    it('shares the messages between two workers and names them', () =>
      withQueue(async ({ queue, worker }) => {
        const seen = { one: 0, two: 0 }
        const count = (who: 'one' | 'two') => async () => {
          seen[who] += 1
          await sleep(10)
        }
        await worker({ name: 'worker one', handle: count('one') })
        await worker({ name: 'two', handle: count('two') })
        expect(await queue.workerNames()).toEqual(['two', 'worker-one'])
        expect(await queue.workerCount()).toBe(2)
        await queue.ring(chunks(60), 1)
        await until(() => seen.one + seen.two === 60)
        expect(Math.min(seen.one, seen.two)).toBeGreaterThan(10)
      }))

    it(
      'goes on when its connections are cut',
      () =>
        withQueue(async ({ queue, worker }) => {
          const seen = new Set<number>()
          await worker({ concurrency: 2, handle: async (ref) => void seen.add(ref.chunkNo) })
          await queue.ring(chunks(5), 1)
          await until(() => seen.size === 5)
          await test.cutConnections()
          // A ring may meet the loss; the conductor of a run rings again.
          await queue.ring(chunks(10), 2).catch(() => undefined)
          await sleep(300)
          await queue.ring(chunks(10), 3)
          await until(() => seen.size === 10, 20_000)
        }),
      40_000,
    )

    it('completes after all messages were lost, once they are rung for again', () =>
      withQueue(async ({ queue, worker }) => {
        const seen = new Set<number>()
        await worker({
          handle: async (ref) => {
            await sleep(20)
            seen.add(ref.chunkNo)
          },
        })
        await queue.ring(chunks(40), 1)
        await until(() => seen.size > 5)
        await test.empty()
        const open = chunks(40).filter((it) => !seen.has(it.chunkNo))
        expect(open.length).toBeGreaterThan(0)
        await queue.ring(open, 2)
        await until(() => seen.size === 40)
      }))

    it('stores pointers only, even of failures', () =>
      withQueue(async ({ queue, worker }) => {
        await queue.ring(chunks(3), 1)
        let tries = 0
        await worker({
          handle: () => {
            tries += 1
            throw Object.assign(new Error('Kim Minji 900101'), { detail: 'Key (1990-01-01)' })
          },
        })
        await until(async () => tries >= 3 && (await queue.depth()).delayed > 0)
        const stored = await test.dump()
        expect(stored).toContain(`${RUN}-0-1`)
        expect(stored).toMatch(/"runId": ?"4711"/)
        expect(stored).not.toMatch(/Minji|\b1990\b|900101|birth|handle-|\.ts|\.js/)
      }))
  })
}

interface QueueParts {
  readonly queue: JobsQueue
  readonly backend: JobsBackend
  readonly worker: (options: Partial<WorkerOptions>) => Promise<JobsWorker>
}

const IDLE: WorkerOptions = {
  concurrency: 1,
  name: 'test',
  handle: () => Promise.resolve(),
  onError: () => undefined,
}

function chunks(count: number): readonly ChunkRef[] {
  return Array.from({ length: count }, (_, chunkNo) => ({ runId: RUN, chunkNo }))
}

function isEmpty(depth: object): boolean {
  return Object.values(depth).every((it) => it === 0)
}

async function until(holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const end = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${holds.toString()}`)
    await sleep(20)
  }
}

function spawnWorker(parts: readonly string[]): ChildProcess {
  const script = join(projectRoot(), 'test', 'jobs', 'worker-process.mjs')
  return spawn(process.execPath, [script, ...parts], { stdio: ['ignore', 'pipe', 'inherit'] })
}

async function lineFrom(child: ChildProcess, line: string): Promise<void> {
  let text = ''
  child.stdout?.setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  await until(() => {
    if (child.exitCode !== null) throw new Error(`the worker process ended with ${child.exitCode}`)
    return text.includes(line)
  })
}
