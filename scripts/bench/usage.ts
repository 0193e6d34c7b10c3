/** What a piece of work cost: its time, this process's processor and memory, PostgreSQL's share. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Pool } from '../../src/db/database.js'

export interface Usage {
  readonly seconds: number
  readonly nodeCpuSeconds: number
  /** Of all processes of the server; null where they cannot be seen, as on another host. */
  readonly serverCpuSeconds: number | null
  readonly walBytes: number
  /** Of the whole process from its start to the end of the work. */
  readonly peakRssBytes: number
}

/** `postmaster` is the server's first process, if it runs on this host. */
export async function usageOf(
  pool: Pool,
  postmaster: number | null,
  work: () => Promise<void>,
): Promise<Usage> {
  const walFrom = await walPosition(pool)
  const serverFrom = serverCpuSeconds(postmaster)
  const cpuFrom = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1_000
  const cpu = process.cpuUsage(cpuFrom)
  const serverTo = serverCpuSeconds(postmaster)
  return {
    seconds,
    nodeCpuSeconds: (cpu.user + cpu.system) / 1e6,
    serverCpuSeconds: serverFrom === null || serverTo === null ? null : serverTo - serverFrom,
    walBytes: (await walPosition(pool)) - walFrom,
    peakRssBytes: peakRssBytes(),
  }
}

async function walPosition(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ bytes: string }>(
    `select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') as bytes`,
  )
  return Number(rows[0]?.bytes)
}

/**
 * On Linux the kernel's mark for this program alone: the one in `resourceUsage` is handed down by
 * the process that started this one, and would report that one's memory.
 */
function peakRssBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1_024
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(found?.[1]) * 1_024
}

// Linux counts in hundredths of a second, whatever its timer does.
const TICKS = 100

/** Of the postmaster's children, those that have ended included. */
function serverCpuSeconds(postmaster: number | null): number | null {
  if (postmaster === null) return null
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const fields = statFields(Number(name))
    if (fields === undefined) continue
    if (Number(name) === postmaster) ticks += fields.ofEnded
    else if (fields.parent === postmaster) ticks += fields.own
  }
  return ticks / TICKS
}

/** Undefined for a process that has just ended. */
function statFields(pid: number): { parent: number; own: number; ofEnded: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in brackets may hold spaces; what follows it is state, parent, …
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const [parent = 0, user = 0, system = 0] = [fields[1], fields[11], fields[12]]
    return { parent, own: user + system, ofEnded: (fields[13] ?? 0) + (fields[14] ?? 0) }
  } catch {
    return undefined
  }
}

/** The server's first process, when the server is on this host. */
export async function findPostmaster(pool: Pool): Promise<number | null> {
  if (process.platform !== 'linux') return null
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid')
  const pid = rows[0]?.pid ?? 0
  try {
    if (!readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('postgres')) return null
    return statFields(pid)?.parent ?? null
  } catch {
    return null
  }
}
