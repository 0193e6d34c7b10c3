/**
 * A line as the generator draws it. One object is filled again and again; feeds copy what they
 * keep.
 */
import { NO_DAY } from './civil-day.js'

export type LineKind = 'handset' | 'tablet' | 'watch' | 'iot'
export type Status = 'active' | 'suspended' | 'terminated'
export type ContractEvent = 'new' | 'device_change' | 'renewal'

export interface DrawnLine {
  /** The line's place in the population: the key of its random streams. */
  index: number
  lineId: number
  customerId: number
  corporate: boolean
  birthDay: number
  mvno: boolean
  lineKind: LineKind
  prepaid: boolean
  /** On the snapshot's day. */
  status: Status
  /** On the anchor day, from which the line's timeline starts. */
  anchorStatus: Status
  activatedDay: number
  contractEvent: ContractEvent | ''
  contractEventDay: number
  minorPlan: boolean
  guardianConsentDay: number
  roamingPromotionEndDay: number
  /** Empty when the line has none. */
  noticeNumber: string
}

export function blankLine(): DrawnLine {
  return {
    index: 0,
    lineId: 0,
    customerId: 0,
    corporate: false,
    birthDay: NO_DAY,
    mvno: false,
    lineKind: 'handset',
    prepaid: false,
    status: 'active',
    anchorStatus: 'active',
    activatedDay: 0,
    contractEvent: '',
    contractEventDay: NO_DAY,
    minorPlan: false,
    guardianConsentDay: NO_DAY,
    roamingPromotionEndDay: NO_DAY,
    noticeNumber: '',
  }
}

/** Another file that can be written of the same population: status changes, consents, and so on. */
export interface LineFeed {
  /** Called for each line in service at the as-of date, in the order of the population. */
  addLine(line: DrawnLine): void
  /** Waits until the file has taken what is pending. */
  flush(): Promise<void>
  finish(): Promise<Readonly<Record<string, number>>>
}
