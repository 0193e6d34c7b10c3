/** Senders that are really killed, at every step: no key is handed over twice, and none is lost. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { projectRoot } from '../../src/config/project-root.js'
import { noticeSetting } from '../integration/notice-setting.js'
import type { NoticeSetting } from '../integration/notice-setting.js'
import { buildForProcesses } from '../jobs/build-for-processes.js'
import { chanceOf, simulationSeed } from '../support/processes.js'

const MESSAGES = 120
let setting: NoticeSetting
let folder: string
beforeAll(async () => {
  buildForProcesses()
  setting = await noticeSetting()
  folder = mkdtempSync(join(tmpdir(), 'redress-notices-'))
  const lines = Array.from({ length: MESSAGES }, (_, at) => ({ line: `${1001 + at}` }))
  await setting.refundable(lines)
  await setting.prepare()
})
afterAll(async () => {
  await setting?.close()
  rmSync(folder, { recursive: true, force: true })
})

const SCRIPT = join(projectRoot(), 'test', 'jobs', 'notice-sender-process.mjs')

/** @returns the signal that ended it */
async function senderKilledAt(step: string, times: number): Promise<string | null> {
  const args = [SCRIPT, setting.url, join(folder, 'taken'), step, String(times)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
  return signal
}

test('whatever is killed, each key is handed over once', async () => {
  const chance = chanceOf(simulationSeed())
  const at = (most: number) => 1 + Math.floor(chance.next() * most)
  const told = `REDRESS_SIMULATION_SEED=${chance.seed}`
  // The first reading of the time, those around marking, and both sides of a hand-over.
  const kills: [string, number][] = [
    ['now', at(6)],
    ['before', 1],
    ['after', at(6)],
    ['now', 4 + at(12)],
    ['before', at(20)],
    ['after', at(20)],
  ]
  for (const [step, times] of kills) {
    expect(await senderKilledAt(step, times), `${told} ${step} ${times}`).toBe('SIGKILL')
  }
  // Two go on at once, after whoever was killed last.
  const both = await Promise.all([senderKilledAt('never', 0), senderKilledAt('never', 0)])
  expect(both, told).toEqual([null, null])
  const keys = readFileSync(join(folder, 'taken'), 'utf8').trimEnd().split('\n')
  expect(keys.length, told).toBe(MESSAGES)
  expect(new Set(keys).size, told).toBe(MESSAGES)
  expect(await setting.counts(), told).toMatchObject({
    messages: MESSAGES,
    sent: MESSAGES,
    handing_over: 0,
    unknown: 0,
  })
}, 60_000)
