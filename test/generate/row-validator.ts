/**
 * Which rows of a snapshot file belong into quarantine: written from contracts §2.1, shares no code
 * with it.
 */

const ID = /^[1-9]\d{0,17}$/
const COLUMNS = 15

/** Indexes of the rows that an import must refuse. */
export function quarantinedRows(rows: readonly string[], asOf: string): ReadonlySet<number> {
  const refused = new Set<number>()
  const seen = new Set<string>()
  const customers = new Map<string, { kinds: Set<string>; rows: number[] }>()
  for (const [index, row] of rows.entries()) {
    const fields = row.split(',')
    const [lineId = '', customerId = '', kind = '', birth = ''] = fields
    if (!isValid(fields, asOf) || seen.has(lineId)) {
      refused.add(index)
      continue
    }
    seen.add(lineId)
    const customer = customers.get(customerId) ?? { kinds: new Set<string>(), rows: [] }
    customer.kinds.add(`${kind} ${birth}`)
    customer.rows.push(index)
    customers.set(customerId, customer)
  }
  for (const customer of customers.values()) {
    if (customer.kinds.size > 1) for (const index of customer.rows) refused.add(index)
  }
  return refused
}

function isValid(fields: readonly string[], asOf: string): boolean {
  if (fields.length !== COLUMNS) return false
  const [lineId, customerId, kind, birth, network, lineKind, payment, status] = fields as Row
  const rest = fields.slice(8) as Rest
  const [activated, event, eventOn, restriction, consent, promotion, notice] = rest
  const born =
    kind === 'individual'
      ? isDate(birth) && birth <= asOf && birth >= '1900-01-01'
      : kind === 'corporate' && birth === ''
  return (
    ID.test(lineId) &&
    ID.test(customerId) &&
    born &&
    ['kt', 'mvno'].includes(network) &&
    ['handset', 'tablet', 'watch', 'iot'].includes(lineKind) &&
    ['postpaid', 'prepaid'].includes(payment) &&
    ['active', 'suspended'].includes(status) &&
    isDate(activated) &&
    activated <= asOf &&
    ['', 'new', 'device_change', 'renewal'].includes(event) &&
    (event === '') === (eventOn === '') &&
    isDateOrEmpty(eventOn) &&
    ['none', 'minor'].includes(restriction) &&
    isDateOrEmpty(consent) &&
    isDateOrEmpty(promotion) &&
    (notice === '' || /^\d{9,11}$/.test(notice))
  )
}

type Row = [string, string, string, string, string, string, string, string]
type Rest = [string, string, string, string, string, string, string]

function isDateOrEmpty(text: string): boolean {
  return text === '' || isDate(text)
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false
  const instant = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text)
}
