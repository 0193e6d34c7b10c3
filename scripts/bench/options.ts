/** Arguments of the bench. */
import { parseArgs } from 'node:util'
import { RedressError } from '../../src/errors.js'
import type { BenchServer } from './bench-server.js'

export const PARTS = ['run', 'import', 'rules', 'memory', 'refunds', 'notices', 'full'] as const
export type Part = (typeof PARTS)[number]
const ONLY_WHEN_NAMED: readonly Part[] = ['refunds', 'notices', 'full']

export interface Arguments {
  /** Sizes, smallest first. */
  readonly lines: readonly number[]
  readonly repeats: number
  readonly parts: readonly Part[]
  /** Customers of the rehearsal of `--full`. */
  readonly customers: number
  /** Terminated lines of the refunds, smallest first. */
  readonly terminations: readonly number[]
  /** Applications of the largest size; null for as many as come of so many terminations. */
  readonly applications: number | null
  /** Lines that are reminded at least, smallest first. */
  readonly audience: readonly number[]
  readonly profile: boolean
  /** File for the JSON; null for a new one in bench-output. */
  readonly out: string | null
}

export interface BenchOptions {
  readonly server: BenchServer
  readonly repeats: number
  /** Folder for profiles; null for none. */
  readonly profiles: string | null
  readonly note: (text: string) => void
}

export const USAGE = `bench-run [PART …] [options]

  PART             run, import, rules, memory, refunds, notices or full, as with --only

  --lines N,N      sizes (500000,2000000)
  --repeats N      repetitions of each, of which the median counts (3)
  --only PART      run, import, rules, memory, refunds or notices alone; may be repeated
  --full           also the rehearsal: 13.5 million customers; --only full for it alone
  --customers N    another size of the rehearsal (13500000)
  --terminations N,N  sizes of the refunds, which are measured only when named (100000,660000)
  --applications N    of the largest size (as many as come of it, some four fifths)
  --audience N,N   sizes of the notices, which are measured only when named (15000,150000)
  --profile        processor profiles of each process of Redress, into bench-output/profiles
  --out FILE       where the JSON goes (bench-output/TIME.json)

BENCH_DATABASE_URL names a PostgreSQL to use, whose login may create databases; without it an
embedded one is started. Nobody else should use the machine meanwhile.
`

export function readArguments(args: readonly string[]): Arguments | 'help' {
  const { values, positionals } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: true,
    options: {
      help: { type: 'boolean', default: false },
      lines: { type: 'string', default: '500000,2000000' },
      repeats: { type: 'string', default: '3' },
      only: { type: 'string', multiple: true, default: [] },
      full: { type: 'boolean', default: false },
      customers: { type: 'string', default: '13500000' },
      terminations: { type: 'string', default: '100000,660000' },
      applications: { type: 'string' },
      audience: { type: 'string', default: '15000,150000' },
      profile: { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  })
  if (values.help) return 'help'
  const named = [...positionals, ...values.only].map(partOf)
  const parts = named.length > 0 ? named : PARTS.filter((it) => !ONLY_WHEN_NAMED.includes(it))
  const { applications } = values
  return {
    lines: sizesOf('--lines', values.lines),
    repeats: numberOf('--repeats', values.repeats),
    parts: values.full && !parts.includes('full') ? [...parts, 'full'] : parts,
    customers: numberOf('--customers', values.customers),
    terminations: sizesOf('--terminations', values.terminations),
    applications: applications === undefined ? null : numberOf('--applications', applications),
    audience: sizesOf('--audience', values.audience),
    profile: values.profile,
    out: values.out ?? null,
  }
}

function partOf(name: string): Part {
  const part = PARTS.find((it) => it === name)
  if (part === undefined) throw usage(`part ${name}: expected one of ${PARTS.join(', ')}`)
  return part
}

/** Smallest first. */
function sizesOf(option: string, text: string): readonly number[] {
  return text
    .split(',')
    .map((it) => numberOf(option, it))
    .toSorted((a, b) => a - b)
}

/** Digits may be grouped: 2_000_000. */
function numberOf(option: string, text: string): number {
  const digits = text.replaceAll('_', '')
  if (!/^[1-9]\d{0,9}$/.test(digits)) throw usage(`${option}: expected a number from 1`)
  return Number(digits)
}

function usage(problem: string): RedressError {
  return new RedressError('USAGE', { problem })
}
