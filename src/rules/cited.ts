/** What the terms of benefits and refunds are made of. */
import type { IsoDate } from './case.js'

/** A parameter and the place that says so, such as `facts §8`. */
export interface Cited<Value> {
  readonly value: Value
  readonly source: string
}

/** Days in the programme's zone, both inclusive. */
export interface DayWindow {
  readonly from: IsoDate
  readonly to: IsoDate
}
