/** A command starts soon because it loads what it needs and no more. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { redress } from '../support/cli.js'

const FOLDER = join(projectRoot(), 'dist', 'redress')

/** Only some commands need them; together they took longer to load than all the rest. */
const LATER = ['bullmq', 'ioredis', 'prom-client', 'smpp']

/** The packages that are loaded before the arguments are read. */
function packagesOf(file: string, seen = new Set<string>()): readonly string[] {
  if (seen.has(file)) return []
  seen.add(file)
  const names = readFileSync(join(FOLDER, file), 'utf8').matchAll(
    /^(?:import|export)\b[^;]*?\bfrom ["']([^"']+)["'];?$/gm,
  )
  return [...names].flatMap(([, name = '']) => {
    return name.startsWith('./') ? packagesOf(name.slice(2), seen) : [name]
  })
}

test('no command loads the queue, the metrics or a gateway before it asks for them', async () => {
  // Brings dist up to date.
  expect((await redress(['--help'])).exitCode).toBe(0)
  const loaded = packagesOf('main.js')
  expect(loaded).toContain('node:fs')
  expect(loaded.filter((it) => LATER.includes(it))).toEqual([])
})
