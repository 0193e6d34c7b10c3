/** A redis-server or valkey-server fetched without installing anything. */
import { downloadPackage } from './debian-download.js'
import type { OrdinaryUser } from './debian-download.js'

export interface RedisProgram {
  readonly command: string
  /** Where the libraries that came along with it lie; empty for an installed one. */
  readonly libraryPath: string
}

const SERVERS = ['redis-server', 'valkey-server'] as const

/** @param user runs apt as this user instead of the process's own. */
export async function downloadRedis(folder: string, user?: OrdinaryUser): Promise<RedisProgram> {
  const wanted = { names: SERVERS, programs: [SERVERS.map((name) => `usr/bin/${name}`)] }
  const { commands, libraryPath } = await downloadPackage(folder, wanted, user)
  return { command: commands[0] ?? '', libraryPath }
}
