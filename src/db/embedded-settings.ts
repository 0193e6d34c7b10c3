/** The settings of the embedded PostgreSQL: durable, quiet about data, sized by the machine. */
import { statfsSync } from 'node:fs'
import { totalmem } from 'node:os'

const MIB = 1024 * 1024

/** The whole postgresql.conf, written at every start so that an upgrade brings its own. */
export function serverConfiguration(port: number): string {
  const settings: Readonly<Record<string, string | number>> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: 60,
    shared_buffers: `${sharedBuffersMib()}MB`,
    huge_pages: 'try',
    maintenance_work_mem: '256MB',
    dynamic_shared_memory_type: roomInDevShm() ? 'posix' : 'mmap',
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    // No standby reads this WAL; `minimal` lets COPY into a new table skip it.
    wal_level: 'minimal',
    max_wal_senders: 0,
    max_wal_size: '8GB',
    min_wal_size: '512MB',
    checkpoint_timeout: '15min',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    datestyle: 'ISO, YMD',
    restart_after_crash: 'on',
    ...logSettings(),
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`)
  return `# Written by Redress at every start; changes are lost.\n${lines.join('\n')}\n`
}

/** Only over loopback and only with a password, for every role. */
export const HOST_RULES = 'host all all 127.0.0.1/32 scram-sha-256\n'

/**
 * Personal data must never reach a log. Messages of level ERROR may quote a value ("invalid input
 * syntax for type date: ..."), so the threshold lies above them: PostgreSQL ranks LOG higher than
 * ERROR. What is left (start, stop, crashes, refused logins) loses its detail lines, which could
 * hold the statement that a crashed process was running.
 */
function logSettings(): Readonly<Record<string, string | number>> {
  return {
    log_destination: 'stderr',
    logging_collector: 'off',
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_statement: 'none',
    log_duration: 'off',
    log_min_duration_statement: -1,
    log_parameter_max_length: 0,
    log_parameter_max_length_on_error: 0,
    log_checkpoints: 'off',
    log_autovacuum_min_duration: -1,
    log_line_prefix: '%m [%p] ',
  }
}

/** An eighth of the memory, a container's limit included; more than 1 GB only slows the stop. */
function sharedBuffersMib(): number {
  const limit = process.constrainedMemory()
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return Math.max(32, Math.min(1024, Math.floor(memory / 8 / MIB)))
}

/** Containers often give /dev/shm 64 MB, too little for two parallel hash joins. */
function roomInDevShm(): boolean {
  try {
    const it = statfsSync('/dev/shm')
    return it.bsize * it.bavail >= 256 * MIB
  } catch {
    return process.platform !== 'linux'
  }
}
