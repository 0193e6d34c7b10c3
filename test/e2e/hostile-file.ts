/** What a hostile file is, and the pieces it is made of. */

export const AS_OF = '2026-01-13'

/** Personal values: all rows hold them, and nothing that is said of a file may. */
export const SECRETS = [
  '1987-06-05',
  '01099887766',
  '1899-06-05',
  '2031-06-05',
  '010-9988-7766',
  'SECRET-CODE',
  'SECRET-HOLDER',
  '99887766554433',
  '998-8776-6554433',
  '998877665',
]

export interface HostileFile {
  /** What it is, and a name for its file. */
  readonly name: string
  /** What it is imported as; a snapshot when not said. */
  readonly kind?: 'choices' | 'vouchers' | 'terminations' | 'applications'
  readonly content: Buffer | 'directory' | 'missing' | 'unreadable'
  readonly exit: 0 | 2 | 3
  /** The whole line on stderr; in files that are accepted there is none. */
  readonly error?: string
  readonly counts?: {
    readonly read: number
    readonly quarantined: number
    readonly duplicate?: number
  }
  /** Of quarantined rows: line, column and reason. */
  readonly faults?: readonly string[]
  readonly encoding?: 'cp949'
  readonly budget?: string
  readonly unknownColumns?: readonly string[]
}

const GOOD = {
  line_id: '101',
  customer_id: '900',
  customer_kind: 'individual',
  birth_date: '1987-06-05',
  network: 'kt',
  line_kind: 'handset',
  payment: 'postpaid',
  status: 'active',
  activated_on: '2024-02-29',
  contract_event: 'renewal',
  contract_event_on: '2025-03-04',
  plan_restriction: 'none',
  guardian_consent_on: '',
  roaming_promotion_ends_on: '',
  notice_number: '01099887766',
}
type Values = Readonly<Record<string, string>>
export const COLUMNS = Object.keys(GOOD)
export const header = COLUMNS.join(',')

export const row = (changes: Values = {}, columns: readonly string[] = COLUMNS): string => {
  const values: Values = { ...GOOD, ...changes }
  return columns.map((it) => values[it] ?? '').join(',')
}
/** Three good lines of one customer. */
export const good = [row(), row({ line_id: '102' }), row({ line_id: '103' })]
export const text = (...lines: string[]): Buffer =>
  Buffer.from(lines.map((it) => `${it}\n`).join(''))
/** A header, a good row on line 2, and then these rows from line 3 on. */
export const after = (...lines: string[]): Buffer => text(header, row(), ...lines)
/** Changes of the row on line 3. */
export const third = (changes: Values): Buffer => after(row({ line_id: '102', ...changes }))

type Counts = NonNullable<HostileFile['counts']>
export const read = (rows: number, quarantined = 0): { readonly counts: Counts } => ({
  counts: { read: rows, quarantined },
})
interface RowOutcome {
  readonly read: number
  readonly faults?: readonly string[]
  readonly duplicate?: number
}
/** Files that are imported as something else than a snapshot; bad rows are quarantined. */
export const fileOf =
  (kind: NonNullable<HostileFile['kind']>) =>
  (
    name: string,
    content: Buffer,
    { read: rows, faults = [], duplicate = 0 }: RowOutcome,
  ): HostileFile => ({
    kind,
    name: `${kind}: ${name}`,
    content,
    exit: 0,
    counts: { ...read(rows, faults.length).counts, duplicate },
    faults,
  })
export const accepted = (name: string, content: Buffer, rows = 3): HostileFile => ({
  name,
  content,
  exit: 0,
  ...read(rows),
  faults: [],
})
export const oneFault = (name: string, content: Buffer, fault: string): HostileFile => ({
  name,
  content,
  exit: 0,
  ...read(2, 1),
  faults: [fault],
})
export const badField = (
  name: string,
  column: string,
  value: string,
  reason: string,
): HostileFile => oneFault(name, third({ [column]: value }), `3 ${column} ${reason}`)
export const refused = (
  name: string,
  content: HostileFile['content'],
  error: string,
): HostileFile => ({ name, content, exit: 2, error })
export const badHeader = (
  name: string,
  content: Buffer,
  where: string,
  problem: string,
): HostileFile =>
  refused(
    name,
    content,
    `FILE:1${where}: ${problem}; expected a header line with the columns ${COLUMNS.join(', ')}`,
  )
