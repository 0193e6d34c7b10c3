// Before any test: dist is built once, so that no two test files do so at the same time.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export function setup() {
  const build = fileURLToPath(new URL('build.mjs', import.meta.url))
  const stdio = ['ignore', 'ignore', 'inherit']
  const { status } = spawnSync(process.execPath, [build], { stdio })
  if (status !== 0) throw new Error('the build failed; expected the sources to compile')
}
