/** The spool: files, receipts, rights, and what killed processes leave behind. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fixedClock } from '../../src/config/clock.js'
import { digestOf } from '../../src/gateways/spool-folder.js'
import { SpoolGateway } from '../../src/gateways/spool-gateway.js'
import { gatewaySuite, message, NEVER } from './gateway-suite.js'

const NOW = '2026-01-20T10:00:00+09:00'

function filesUnder(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((it) => !it.isDirectory())
    .map((it) => join(it.parentPath, it.name))
}

function arrivedIn(folder: string): { to: string; text: string; key: string }[] {
  return filesUnder(join(folder, 'new')).map((path) => {
    const { to, text, key } = JSON.parse(readFileSync(path, 'utf8'))
    return { to, text, key }
  })
}

gatewaySuite('spool', { knowsKeys: true }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'redress-spool-'))
  const gateway = new SpoolGateway({ folder, clock: fixedClock(NOW) })
  return Promise.resolve({
    gateway,
    arrived: () => Promise.resolve(arrivedIn(folder).map(({ to, text }) => ({ to, text }))),
    close: async () => {
      await gateway.close()
      rmSync(folder, { recursive: true })
    },
  })
})

describe('the spool', () => {
  let root: string
  let folder: string
  const open = (now = NOW): SpoolGateway => new SpoolGateway({ folder, clock: fixedClock(now) })
  const { key } = message(1)
  const digest = digestOf(key)
  const receipt = (): string => join(folder, 'receipts', digest.slice(0, 1), digest)

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'redress-spool-'))
    folder = join(root, 'home', 'spool')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  /** As a process leaves it that is killed between two steps. */
  function leaveStaged(token: string, number = 1): string {
    const staged = join(folder, 'staged')
    mkdirSync(staged, { recursive: true })
    const path = join(staged, `${digestOf(message(number).key)}.${token}.json`)
    writeFileSync(path, JSON.stringify(message(number)))
    return path
  }

  function leaveReceipt(token: string): void {
    mkdirSync(join(receipt(), '..'), { recursive: true })
    writeFileSync(receipt(), token)
  }

  test('is readable by its owner alone, an older folder too', async () => {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o755)
    await open().send(message(1), NEVER)
    for (const name of ['.', 'new', 'staged', 'receipts', `new/${digest.slice(0, 1)}`]) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o700)
    }
    for (const path of filesUnder(join(folder, 'new'))) {
      expect(statSync(path).mode & 0o777).toBe(0o600)
    }
  })

  test('names its files by a digest and says all that is to be sent', async () => {
    const lms = { ...message(1), kind: 'LMS' as const, subject: '환급 안내' }
    await open().send(lms, NEVER)
    const path = join(folder, 'new', digest.slice(0, 1), `${digest}.json`)
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(lms)
    expect(filesUnder(folder).toSorted()).toEqual([path, receipt()].toSorted())
  })

  test('a message that was taken away is still taken, and no data stay', async () => {
    await open().send(message(1), NEVER)
    rmSync(join(folder, 'new', digest.slice(0, 1), `${digest}.json`))
    const later = open()
    expect(await later.lookUp(key)).toBe('taken')
    expect(await later.send(message(1), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect(arrivedIn(folder)).toEqual([])
    for (const path of filesUnder(folder)) expect(path).toBe(receipt())
  })

  test('a process killed before the receipt has handed nothing over', async () => {
    leaveStaged('aa')
    expect(await open().lookUp(key)).toBe('not_taken')
    expect(await open().send(message(1), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect(arrivedIn(folder)).toHaveLength(1)
    // The next one to open the spool clears up behind it.
    await open().lookUp(key)
    expect(filesUnder(join(folder, 'staged'))).toEqual([])
  })

  test.each(['lookUp', 'send', 'another'] as const)(
    'a process killed after the receipt has handed over: %s finishes it',
    async (how) => {
      leaveReceipt('aa')
      leaveStaged('aa')
      const gateway = open()
      if (how === 'lookUp') expect(await gateway.lookUp(key)).toBe('taken')
      else if (how === 'send') {
        const again = await gateway.send({ ...message(1), text: 'another text' }, NEVER)
        expect(again).toEqual({ outcome: 'accepted', reference: digest })
      } else await gateway.lookUp(message(9).key)
      expect(arrivedIn(folder).map((it) => it.text)).toEqual([message(1).text])
      expect(filesUnder(join(folder, 'staged'))).toEqual([])
    },
  )

  test('what is left over is kept for a day, since somebody may be at work on it', async () => {
    const path = leaveStaged('aa')
    utimesSync(path, new Date('2026-01-19T10:00:01+09:00'), new Date('2026-01-19T10:00:01+09:00'))
    await open().lookUp(message(9).key)
    expect(existsSync(path)).toBe(true)
    await open('2026-01-20T10:00:02+09:00').lookUp(message(9).key)
    expect(existsSync(path)).toBe(false)
    expect(await open().lookUp(key)).toBe('not_taken')
  })

  test('so is a token that was never closed', async () => {
    await open().send(message(1), NEVER)
    const path = join(folder, 'staged', 'aa')
    writeFileSync(path, 'aa')
    utimesSync(path, new Date('2026-01-19T10:00:01+09:00'), new Date('2026-01-19T10:00:01+09:00'))
    await open().lookUp(key)
    expect(existsSync(path)).toBe(true)
    await open('2026-01-20T10:00:02+09:00').lookUp(key)
    expect(existsSync(path)).toBe(false)
    expect(await open().lookUp(key)).toBe('taken')
  })

  test('a key that comes more than once at a time is one message', async () => {
    const gateway = open()
    const numbers = [1, 2, 1, 3, 1]
    const told = await Promise.all(numbers.map((it) => gateway.send(message(it), NEVER)))
    const references = numbers.map((it) => digestOf(message(it).key))
    expect(told).toEqual(references.map((reference) => ({ outcome: 'accepted', reference })))
    expect(arrivedIn(folder)).toHaveLength(3)
    expect(filesUnder(join(folder, 'staged'))).toEqual([])
    // Receipts tell nothing of who is written to.
    for (const path of filesUnder(join(folder, 'receipts'))) {
      expect(readFileSync(path, 'utf8')).toMatch(/^[0-9a-f]{24}$/)
    }
  })

  test('a folder that cannot be written refuses for now, and quotes nothing', async () => {
    mkdirSync(join(root, 'home'))
    writeFileSync(folder, 'a file in its place')
    const outcome = await open().send(message(1), NEVER)
    expect(outcome).toEqual({ outcome: 'refused', reason: 'SPOOL_EEXIST', permanent: false })
    await expect(open().lookUp(key)).rejects.toThrow(/^gateway spool: error EEXIST; expected /)
  })

  test('a shelf that was cleared away is made again', async () => {
    const gateway = open()
    await gateway.send(message(1), NEVER)
    rmSync(join(folder, 'new', digest.slice(0, 1)), { recursive: true })
    rmSync(receipt())
    expect(await gateway.send(message(1), NEVER)).toMatchObject({ outcome: 'accepted' })
    expect(arrivedIn(folder)).toHaveLength(1)
  })

  test('the same gateway goes on once the trouble is over', async () => {
    mkdirSync(join(root, 'home'))
    writeFileSync(folder, '')
    const gateway = open()
    expect(await gateway.send(message(1), NEVER)).toMatchObject({ outcome: 'refused' })
    rmSync(folder)
    expect(await gateway.send(message(1), NEVER)).toMatchObject({ outcome: 'accepted' })
  })
})
