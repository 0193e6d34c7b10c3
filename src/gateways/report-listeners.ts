/** Who is told of delivery reports. */
import type { DeliveryReport, ReportListener } from './gateway.js'

export class ReportListeners {
  readonly #listeners: ReportListener[] = []

  add(listener: ReportListener): void {
    this.#listeners.push(listener)
  }

  /** One after the other. @throws what a listener throws; the report has to come again then. */
  async tell(report: DeliveryReport): Promise<void> {
    for (const listener of this.#listeners) await listener(report)
  }
}
