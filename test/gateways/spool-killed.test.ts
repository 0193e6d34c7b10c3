/** Processes that share a spool are killed at any moment, while another takes the files away. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import { projectRoot } from '../../src/config/project-root.js'
import { SpoolGateway } from '../../src/gateways/spool-gateway.js'
import { buildForProcesses } from '../jobs/build-for-processes.js'
import { NEVER } from './gateway-suite.js'

const ROUNDS = 12
const COUNT = 60

let folder: string
beforeAll(() => {
  buildForProcesses()
  folder = mkdtempSync(join(tmpdir(), 'redress-spool-killed-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** Numbers that the process was told were accepted before it was killed, the first after `ms`. */
async function killed(from: number, ms: number): Promise<readonly number[]> {
  const script = join(projectRoot(), 'test', 'gateways', 'spool-process.mjs')
  const child = spawn(process.execPath, [script, folder, `${from}`, `${COUNT}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  const ended = new Promise((done) => child.once('close', done))
  // Measured from its first message: how long a process takes to start says nothing.
  while (output === '' && child.exitCode === null) await sleep(1)
  await sleep(ms)
  child.kill('SIGKILL')
  await ended
  return output.split('\n').slice(0, -1).map(Number)
}

/** As a delivering process does: takes each file there is, once. */
function takeAll(taken: number[]): void {
  const shelves = join(folder, 'new')
  if (!existsSync(shelves)) return
  for (const shelf of readdirSync(shelves)) {
    for (const name of readdirSync(join(shelves, shelf))) {
      const mine = join(folder, `taken-${name}`)
      renameSync(join(shelves, shelf, name), mine)
      taken.push(Number(JSON.parse(readFileSync(mine, 'utf8')).text))
      rmSync(mine)
    }
  }
}

test('each message comes out exactly once, and every accepted one does', async () => {
  const taken: number[] = []
  const accepted = new Set<number>()
  let isOver = false
  const taking = (async () => {
    while (!isOver) {
      takeAll(taken)
      await sleep(2)
    }
  })()
  for (let round = 0; round < ROUNDS; round += 1) {
    // Two at once, half of whose messages are the same.
    const from = (round * COUNT) / 2
    const told = await Promise.all([killed(from, round * 3), killed(from + COUNT / 2, round * 5)])
    for (const number of told.flat()) accepted.add(number)
  }
  const { length } = taken
  // What the outbox does after a crash: ask, and send what was not taken.
  const gateway = new SpoolGateway({ folder, clock: fixedClock('2026-01-20T11:00:00+09:00') })
  const numbers = Array.from({ length: ((ROUNDS + 2) * COUNT) / 2 }, (_, it) => it)
  let missing = 0
  for (const number of numbers) {
    const key = `key ${number}`
    const state = await gateway.lookUp(key)
    if (state === 'not_taken') {
      expect(accepted.has(number)).toBe(false)
      missing += 1
      const message = { key, to: '01055500000', text: `${number}`, kind: 'SMS' as const }
      await gateway.send({ ...message, subject: null }, NEVER)
    }
  }
  isOver = true
  await taking
  takeAll(taken)
  expect(taken.toSorted((a, b) => a - b)).toEqual(numbers)
  expect(accepted.size).toBeGreaterThan(ROUNDS)
  // Otherwise nobody was killed in the middle of anything.
  expect(missing).toBeGreaterThan(0)
  expect(length).toBeLessThan(numbers.length)
  expect(
    readdirSync(join(folder, 'new')).flatMap((it) => readdirSync(join(folder, 'new', it))),
  ).toEqual([])
}, 120_000)
