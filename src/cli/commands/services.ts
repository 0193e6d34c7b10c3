/** `redress worker` and `migrate`: what a service manager starts. */
import { once } from 'node:events'
import type { Command } from 'commander'
import { isOutage } from '../../db/database.js'
import { RedressError } from '../../errors.js'
import type { JobsBackend } from '../../jobs/bullmq-backend.js'
import { migrations } from '../../db/migrate.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { lateGateway, reportRoutes } from '../gateways.js'
import { noticesOptions } from '../notice-sending.js'
import type { StatusOptions, StatusService } from '../serve-status.js'

export function addServices(program: Command, act: Act): void {
  program
    .command('worker')
    .description('work on whatever run there is, until stopped')
    .option('--notices', 'send notices as well, through REDRESS_GATEWAY')
    .option('--programme <name>', 'whose rates notices keep', 'kt-2026')
    .action(act(worker))
  program
    .command('migrate')
    .description('bring the schema up to date')
    .action(act(migrate, { settings: (it) => ({ ...it, autoMigrate: true }) }))
}

interface WorkerFlags {
  readonly notices?: boolean
  readonly programme: string
}

async function worker(context: Context, flags: WorkerFlags): Promise<void> {
  const backend = await context.jobs()
  // Loaded here: what only a service needs would slow every command's start.
  const { serveStatus } = await import('../serve-status.js')
  const notices = flags.notices === true ? await startNotices(context, flags.programme) : undefined
  try {
    const routes = notices?.routes
    const status = await serveStatus({ context, backend: () => context.jobs(), ...routes })
    try {
      await workUntilStopped(context, backend, status)
    } finally {
      // To the last chunk it is told that this process is alive and stopping.
      await status.close()
    }
  } finally {
    await notices?.close()
  }
}

interface WorkingNotices {
  readonly routes: Pick<StatusOptions, 'routes'>
  close(): Promise<void>
}

/** Rounds that are due leave through this process, too, whoever prepared them. */
async function startNotices(context: Context, programme: string): Promise<WorkingNotices> {
  const { workNotices } = await import('../../jobs/send-notices.js')
  const gateway = lateGateway(context)
  const opened = await gateway.open()
  const working = await workNotices(await noticesOptions(context, opened, programme))
  return {
    routes: { routes: reportRoutes(opened) },
    close: async () => {
      await working.close()
      await gateway.close()
    },
  }
}

async function workUntilStopped(
  context: Context,
  backend: JobsBackend,
  status: StatusService,
): Promise<void> {
  const { workChunks } = await import('../../jobs/work-chunks.js')
  const { labelOf } = await import('../serve-status.js')
  const working = await workChunks({
    pool: context.pool,
    backend,
    lanes: context.settings.lanes,
    name: context.workerName,
    log: context.log,
    now: context.clock.now,
    onError: (error) => {
      context.log.warn({ error: labelOf(error) }, 'a message will be tried again')
      // An embedded server that was stopped comes back when somebody asks for it.
      if (isPassing(error)) void context.revive().catch(() => undefined)
    },
  })
  status.started()
  context.out.note(
    `worker ${context.workerName} takes ${context.settings.lanes} chunks at a time; Ctrl-C ` +
      `stops it after those at hand`,
  )
  if (!context.signal.aborted) await once(context.signal, 'abort')
  await working.close({ graceful: true })
}

function isPassing(error: unknown): boolean {
  return isOutage(error) || (error instanceof RedressError && error.retryable)
}

async function migrate(context: Context): Promise<void> {
  await context.jobs()
  const names = migrations().map((it) => it.name)
  context.out.result(
    { migrations: names },
    () => `the schema is up to date: ${names.length} migrations`,
  )
}
