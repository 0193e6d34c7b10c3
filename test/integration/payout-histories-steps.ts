/** What can happen in the histories of payouts. */

/** Of finance, for all lines at once. */
export type SharedStep =
  | { readonly kind: 'prepare'; readonly date: string }
  | { readonly kind: 'approve' | 'export' | 'cancel' }

/** Of one line: its customer's, the bank's, or a person's who looks at what the bank said. */
export type LineStep =
  | { readonly kind: 'nothing' | 'apply' | 'withdraw' | 'correct' | 'repeat' }
  | { readonly kind: 'settle' | 'reject' | 'return'; readonly late: boolean }
  | { readonly kind: 'contradict' | 'resolve' }

export type Slot = SharedStep | 'own'
