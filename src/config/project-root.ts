/**
 * Where the checkout lies, for files that are shipped beside the code: migrations, the compiled
 * keeper.
 */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assert } from '../assert.js'

/**
 * The folder with package.json: two levels above src in a source run, three above in a built one.
 */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package.json'))) {
    assert(dirname(folder) !== folder, 'a package.json above the code')
    folder = dirname(folder)
  }
  return folder
}
