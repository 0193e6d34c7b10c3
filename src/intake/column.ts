/** What the columns of an input file may hold: a table a file (see *-file.ts), and its words. */

/** Why a row was refused. Codes are never renamed or reused. */
export const REASONS = [
  'FIELD_COUNT',
  'NUL_BYTE',
  'LONE_CR',
  'STRAY_QUOTE',
  'VALUE_MISSING',
  'VALUE_UNEXPECTED',
  'NOT_AN_ID',
  'NOT_A_DATE',
  'DATE_TOO_EARLY',
  'DATE_TOO_LATE',
  'NOT_AN_INSTANT',
  'NOT_IN_LIST',
  'NOT_DIGITS',
  'DUPLICATE_LINE',
  'CUSTOMER_CONFLICT',
  'NOT_A_CODE',
  'INSTANT_TOO_EARLY',
  'ID_REUSED',
  'NOT_AN_AMOUNT',
  'NOT_AN_ACCOUNT',
  'NOT_A_NAME',
  'NOT_VALID_THEN',
] as const
export type Reason = (typeof REASONS)[number]

export type Rule =
  | { readonly type: 'id' }
  | { readonly type: 'date'; readonly earliest?: string; readonly latest?: string }
  | { readonly type: 'instant' }
  | { readonly type: 'one_of'; readonly values: readonly string[] }
  | { readonly type: 'digits'; readonly least: number; readonly most: number }
  /** An id of another system: any text without control characters; `most` counts characters. */
  | { readonly type: 'text_id'; readonly most: number }
  /** Visible ASCII characters, as codes are printed. */
  | { readonly type: 'code'; readonly most: number }
  /** Whole won, 0 or more. */
  | { readonly type: 'won'; readonly most: number }
  /** Digits, however they are grouped by hyphens; written without them. */
  | { readonly type: 'account'; readonly least: number; readonly most: number }
  /** A person's or company's name; `most` counts characters. */
  | { readonly type: 'name'; readonly most: number }

export interface Column {
  readonly name: string
  readonly rule: Rule
  readonly required: boolean
}

/** What two columns owe each other. */
export type Agreement =
  | { readonly type: 'together'; readonly first: string; readonly second: string }
  /** One of them, and not both. */
  | { readonly type: 'one_of_both'; readonly first: string; readonly second: string }
  /** `column` is required where `where` is `is`, and absent everywhere else. */
  | {
      readonly type: 'only_where'
      readonly column: string
      readonly where: string
      readonly is: string
    }
  /** Two instants: where both are there, `column` is at `than` or later. */
  | { readonly type: 'not_before'; readonly column: string; readonly than: string }
  /** A value of a list that was in use on the day in Seoul of the instant in `at`. */
  | {
      readonly type: 'valid_then'
      readonly column: string
      readonly at: string
      readonly isValid: (value: string, on: string) => boolean
    }

export interface FileColumns {
  readonly columns: readonly Column[]
  readonly agreements: readonly Agreement[]
}

/** Why and where a row was refused; says nothing of what stood there. */
export interface RowFault {
  readonly lineNo: number
  readonly column: string | null
  readonly reason: Reason
  readonly expected: string
}

export function expectedOf(column: Column): string {
  const rule = column.rule
  switch (rule.type) {
    case 'id':
      return '1 to 18 digits without a leading zero'
    case 'date': {
      const earliest = rule.earliest === undefined ? '' : `, not before ${rule.earliest}`
      const latest = rule.latest === undefined ? '' : `, not after ${rule.latest}`
      return `a real date YYYY-MM-DD${earliest}${latest}`
    }
    case 'instant':
      return 'an instant with offset like 2026-01-14T09:00:00+09:00'
    case 'one_of':
      return rule.values.join(' or ')
    case 'digits':
      return `${rule.least} to ${rule.most} digits`
    case 'text_id':
      return `1 to ${rule.most} characters without control characters`
    case 'code':
      return `1 to ${rule.most} visible ASCII characters`
    case 'won':
      return `whole won, 0 or more, of at most ${rule.most} digits`
    case 'account':
      return `${rule.least} to ${rule.most} digits, grouped by hyphens or not`
    case 'name':
      return `a name of 1 to ${rule.most} characters without control characters`
  }
}
