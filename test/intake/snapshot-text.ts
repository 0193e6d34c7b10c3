/** Writes snapshot files for tests. */
export const AS_OF = '2026-01-13'

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
  contract_event: '',
  contract_event_on: '',
  plan_restriction: 'none',
  guardian_consent_on: '',
  roaming_promotion_ends_on: '',
  notice_number: '01099887766',
}
export const SNAPSHOT_HEADER = Object.keys(GOOD).join(',')

export function snapshotRow(changes: Partial<typeof GOOD> = {}): string {
  return Object.values({ ...GOOD, ...changes }).join(',')
}

/** A file of `count` good lines, two a customer, then `more` rows. */
export function snapshotText(count: number, more: readonly string[] = []): string {
  const rows = Array.from({ length: count }, (_, index) =>
    snapshotRow({ line_id: `${1_000 + index}`, customer_id: `${10 + Math.floor(index / 2)}` }),
  )
  return [SNAPSHOT_HEADER, ...rows, ...more, ''].join('\n')
}
