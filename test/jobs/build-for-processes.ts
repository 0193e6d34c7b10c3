/**
 * Processes that a test starts and kills run from dist; the build does nothing when dist is up to
 * date.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { projectRoot } from '../../src/config/project-root.js'

export function buildForProcesses(): void {
  const script = join(projectRoot(), 'scripts', 'build.mjs')
  const built = spawnSync(process.execPath, [script], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the build failed: ${built.stderr}`)
}
