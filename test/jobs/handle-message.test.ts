/** From a message to its chunk, and what the log may say of it. */
import { describe, expect, it } from 'vitest'
import { AssertionFailure } from '../../src/assert.js'
import { createLogger, safeError } from '../../src/config/logger.js'
import { RedressError } from '../../src/errors.js'
import { ChunkBusy, handleMessage } from '../../src/jobs/handle-message.js'
import { messageId, parseMessage } from '../../src/jobs/messages.js'
import type { ChunkOutcome } from '../../src/runs/apply-chunk.js'

const REF = { runId: '7', chunkNo: 3 }

describe('a message', () => {
  it('points at a chunk and says no more', () => {
    expect(parseMessage(REF)).toEqual(REF)
    expect(messageId(REF, 2)).toBe('7-3-2')
    const changed = [{ birthDate: '' }, { runId: 7 }, { runId: '07' }, { chunkNo: 1.5 }]
    const refused = [...changed.map((it) => ({ ...REF, ...it })), {}, null]
    for (const data of refused) {
      expect(() => parseMessage(data)).toThrow(AssertionFailure)
    }
  })

  it('is done with whatever the chunk came to, unless it is worked on elsewhere', async () => {
    const outcomes: readonly ChunkOutcome[] = [
      { outcome: 'posted', lines: 5, entries: 4 },
      { outcome: 'done' },
      { outcome: 'run_not_open' },
      { outcome: 'refused', because: 'its decisions differ from the plan' },
    ]
    for (const outcome of outcomes) await handle(outcome)
    await expect(handle({ outcome: 'busy' })).rejects.toThrow(ChunkBusy)
  })

  it('leaves ids in the log and nothing else', async () => {
    const lines = logged()
    await handle({ outcome: 'posted', lines: 5, entries: 4 }, lines.log)
    const [line = {}] = lines.all()
    expect(Object.keys(line).toSorted()).toEqual([
      'chunk_no',
      'entries',
      'level',
      'lines',
      'message',
      'pid',
      'run_id',
      'time',
    ])
  })
})

describe('the log', () => {
  it('drops personal fields wherever they stand', () => {
    const lines = logged()
    const personal = { birth_date: '1990-01-01', noticeNumber: '0100', account_holder: 'Kim' }
    const person = { ...personal, line_id: '1' }
    lines.log.info({ ...person, line: person, deep: { rows: [person] }, rows: [person] }, 'told')
    expect(lines.text()).not.toMatch(/1990|0100|Kim/)
    expect(lines.text()).toContain('"line_id":"1"')
  })

  it('keeps of a foreign error its code and place, of ours the message too', () => {
    const lines = logged()
    const foreign = Object.assign(new Error('duplicate key (birth_date)=(1990-01-01)'), {
      code: '23505',
      constraint: 'line_pkey',
      detail: 'Key (1990)',
      parameters: ['1990'],
    })
    lines.log.error(foreign)
    lines.log.error({ err: foreign })
    const details = { problem: 'away', expected: 'it' }
    const own = new RedressError('QUEUE_UNAVAILABLE', details, { cause: foreign })
    lines.log.error({ error: own }, 'x')
    expect(lines.text()).not.toMatch(/1990|duplicate/)
    const [first = {}, , third = {}] = lines.all()
    expect(first['error']).toMatchObject({ type: 'Error', code: '23505', constraint: 'line_pkey' })
    expect(third['error']).toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: 'queue: away; expected it',
      cause: { code: '23505' },
    })
    expect(safeError(new AssertionFailure('expected: x')).message).toBe('expected: x')
    expect(safeError('text with 1990')).toEqual({ type: 'string' })
  })

  it('survives an error that is its own cause', () => {
    const error = new Error('round')
    error.cause = error
    expect(safeError(error).cause?.cause?.cause?.cause).toBeUndefined()
  })
})

type Line = Record<string, unknown>

interface Logged {
  readonly log: ReturnType<typeof createLogger>
  readonly text: () => string
  readonly all: () => readonly Line[]
}

function logged(): Logged {
  let text = ''
  const write = (line: string): void => {
    text += line
  }
  return {
    log: createLogger('trace', { write }),
    text: () => text,
    all: () =>
      text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line),
  }
}

async function handle(outcome: ChunkOutcome, log = logged().log): Promise<void> {
  const parts = { applyChunk: () => Promise.resolve(outcome), log }
  await handleMessage(parts, REF, new AbortController().signal)
}
