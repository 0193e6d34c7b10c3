/**
 * Processes told apart by pid and start time, and folders in which living processes are marked:
 * a mark of a killed process counts for nothing, even after its pid went to another process.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ProcessMark {
  readonly pid: number
  /** Clock ticks between boot and the process's start; '0' where the system does not tell. */
  readonly startedAt: string
}

export interface Registration {
  /** Writes the mark again where its folder was emptied in the meantime. */
  renew(): void
  release(): void
}

/** @returns undefined for a process that has ended, even if nobody has waited for it yet. */
export function markOf(pid: number): ProcessMark | undefined {
  if (process.platform === 'linux') {
    const startedAt = linuxStart(pid)
    return startedAt === undefined ? undefined : { pid, startedAt }
  }
  return answersSignal(pid) ? { pid, startedAt: '0' } : undefined
}

export function isLiving(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startedAt === mark.startedAt
}

/** Marks this process in `folder`. The name says everything: a half-written file cannot exist. */
export function register(folder: string): Registration {
  const own = markOf(process.pid)
  const nonce = randomBytes(4).toString('hex')
  const file = join(folder, `${process.pid}-${own?.startedAt ?? '0'}-${nonce}`)
  const renew = (): void => writeFileSync(file, '', { mode: 0o600 })
  renew()
  return { renew, release: () => rmSync(file, { force: true }) }
}

/** The marks of living processes; those of dead ones are removed on the way. */
export function livingIn(folder: string): readonly string[] {
  return namesIn(folder).filter((name) => {
    const [pid, startedAt] = name.split('-')
    if (isLiving({ pid: Number(pid), startedAt: startedAt ?? '' })) return true
    rmSync(join(folder, name), { force: true })
    return false
  })
}

/**
 * Exclusive for as long as this process lives; nothing to recover after a kill. Each contender
 * writes its mark first and looks second, so two can both fail but never both succeed; whoever
 * fails waits a random moment and tries again.
 */
export function claim(folder: string): Registration | undefined {
  if (livingIn(folder).length > 0) return undefined
  const registration = register(folder)
  if (livingIn(folder).length === 1) return registration
  registration.release()
  return undefined
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

function linuxStart(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name before ')' may hold blanks; behind it the state is field 3 and the start field 22.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
  } catch {
    return undefined
  }
}

function answersSignal(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
