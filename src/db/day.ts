/** PostgreSQL's binary dates are days since 2000-01-01; Redress speaks ISO calendar dates. */

const EPOCH_DAYS = 10_957
const DAY_MS = 86_400_000
export function postgresDayOf(iso: string): number {
  return Date.parse(`${iso}T00:00:00Z`) / DAY_MS - EPOCH_DAYS
}

// Birth dates and promotion ends repeat; some 60,000 days cover two centuries.
const known = new Map<number, string>()

export function isoOfPostgresDay(day: number): string {
  let iso = known.get(day)
  if (iso === undefined) {
    iso = new Date((day + EPOCH_DAYS) * DAY_MS).toISOString().slice(0, 10)
    if (known.size < 100_000) known.set(day, iso)
  }
  return iso
}
