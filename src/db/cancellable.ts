/** Statements that take long, and what a Ctrl-C does to them. */
import type { Client, Pool } from './database.js'

/**
 * Runs statements that may take long on `client`; an abort ends them, by another connection of the
 * pool.
 * @throws the reason of the signal once it is aborted, whatever became of the work
 */
export async function cancellable<T>(
  pool: Pool,
  client: Client,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  const backend = rows[0]?.pid
  const cancel = (): void => {
    pool.query('select pg_cancel_backend($1)', [backend]).catch(() => undefined)
  }
  signal?.addEventListener('abort', cancel)
  try {
    signal?.throwIfAborted()
    return await work()
  } finally {
    signal?.removeEventListener('abort', cancel)
    signal?.throwIfAborted()
  }
}
