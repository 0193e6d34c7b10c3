/**
 * Reads Prometheus' text format, and no more than its specification allows: whatever a scraper
 * might stumble over is an error here.
 */

export interface Sample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

interface OpenFamily {
  readonly name: string
  help?: string
  type?: string
  readonly samples: (Sample & { readonly name: string })[]
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`)
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`)
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/gy
// As Go reads a number: of NaN and Inf in any case.
const NUMBER = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]inf|nan)$/i
const TYPES = ['counter', 'gauge', 'histogram', 'summary', 'untyped']
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
}

/** @throws Error that names the line, counted from 1. */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end')
  const families = new Map<string, OpenFamily>()
  let current: OpenFamily | undefined
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const fault = (what: string): Error => new Error(`line ${index + 1}: ${what}`)
    if (line === '') continue
    if (line.startsWith('#')) {
      const [, kind, name, rest] = COMMENT.exec(line) ?? []
      if (name === undefined || rest === undefined) throw fault('a comment that is none')
      if (current?.name !== name) {
        if (families.has(name)) throw fault(`${name} stands in two places`)
        current = { name, samples: [] }
        families.set(name, current)
      }
      addComment(current, kind === 'HELP' ? 'help' : 'type', rest, fault)
    } else if (current === undefined) throw fault('a sample without a family')
    else addSample(current, line, fault)
  }
  return new Map([...families].map(([name, it]) => [name, familyOf(it)]))
}

function addComment(
  family: OpenFamily,
  kind: 'help' | 'type',
  rest: string,
  fault: (what: string) => Error,
): void {
  if (family[kind] !== undefined) throw fault(`a second ${kind}`)
  if (family.samples.length > 0) throw fault(`${kind} after samples`)
  if (kind === 'type' && !TYPES.includes(rest)) throw fault('an unknown type')
  family[kind] = rest
}

function addSample(family: OpenFamily, line: string, fault: (what: string) => Error): void {
  const [, name, labelText, number] = SAMPLE.exec(line) ?? []
  if (name === undefined || number === undefined || !NUMBER.test(number)) {
    throw fault('not a sample')
  }
  const { type } = family
  if (type === undefined) throw fault('a sample without a type')
  const names = (SUFFIXES[type] ?? ['']).map((suffix) => `${family.name}${suffix}`)
  if (!names.includes(name)) throw fault(`${name} among the samples of ${family.name}`)
  const value = Number(number.replace(/inf$/i, 'Infinity'))
  if (type === 'counter' && !(value >= 0)) throw fault('a counter below 0')
  const labels = labelText === undefined ? {} : labelsIn(labelText, fault)
  const key = keyOf(name, labels)
  const isRepeated = family.samples.some((it) => {
    return keyOf(it.name, it.labels) === key
  })
  if (isRepeated) throw fault('the same sample again')
  family.samples.push({ name, labels, value })
}

function labelsIn(text: string, fault: (what: string) => Error): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  let end = 0
  for (const [all, name, value] of text.matchAll(LABEL)) {
    if (name === undefined || value === undefined || name in labels) throw fault('bad labels')
    labels[name] = value.replaceAll(/\\(["\\n])/g, (_, it: string) => (it === 'n' ? '\n' : it))
    end += all.length
  }
  if (end !== text.length || text === '') throw fault('bad labels')
  return labels
}

function familyOf({ name, help, type, samples }: OpenFamily): Family {
  if (help === undefined || type === undefined) throw new Error(`${name}: no help or no type`)
  return { help, type, samples: samples.map(({ labels, value }) => ({ labels, value })) }
}

/** The value of the sample with these labels; undefined when there is none. */
export function valueIn(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const wanted = keyOf(name, labels)
  return families.get(name)?.samples.find((it) => keyOf(name, it.labels) === wanted)?.value
}

function keyOf(name: string, labels: Readonly<Record<string, string>>): string {
  const texts = Object.entries(labels).map(([label, value]) => JSON.stringify([label, value]))
  return [name, ...texts.toSorted()].join()
}
