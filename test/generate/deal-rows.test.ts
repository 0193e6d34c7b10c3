/** Rows of a generated file, dealt to others. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dealRows } from '../../src/generate/deal-rows.js'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-deal-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

const path = (name: string): string => join(folder, `${name}.csv`)
const read = (name: string): string => readFileSync(path(name), 'utf8')

it('go where they are sent, in their order, to one file, several or none', async () => {
  writeFileSync(path('all'), 'id,kind\n1,a\n2,b\n3,ab\n4,c\n5,a\n')
  const to = new Map([
    ['a', path('a')],
    ['b', path('b')],
    ['empty', path('empty')],
  ])
  await dealRows(path('all'), to, ([, kind = ''], row) =>
    ['a', 'b'].filter((it) => kind.includes(it)).map((it) => ({ to: it, row })),
  )
  expect(read('a')).toBe('id,kind\n1,a\n3,ab\n5,a\n')
  expect(read('b')).toBe('id,kind\n2,b\n3,ab\n')
  expect(read('empty')).toBe('id,kind\n')
})

it('are all there when a file is larger than the blocks it is written in', async () => {
  const rows = Array.from({ length: 60_000 }, (_, index) => `${index},${'x'.repeat(20)}`)
  writeFileSync(path('all'), `id,filling\n${rows.join('\n')}\n`)
  const to = new Map([
    ['even', path('even')],
    ['odd', path('odd')],
  ])
  await dealRows(path('all'), to, ([id], row) => [{ to: Number(id) % 2 ? 'odd' : 'even', row }])
  for (const [name, rest] of [
    ['even', 0],
    ['odd', 1],
  ] as const) {
    const kept = rows.filter((_, index) => index % 2 === rest)
    expect(read(name) === `id,filling\n${kept.join('\n')}\n`).toBe(true)
  }
})
