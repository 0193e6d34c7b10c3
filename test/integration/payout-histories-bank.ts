/**
 * What the bank did in truth, whatever it tells when. It never tells a falsehood that nothing else
 * it said speaks against: no system could know that.
 */
import type { LineStep } from './payout-histories-steps.js'
import type { AnswerDraft } from './payout-setting.js'

export interface Told {
  readonly answer: AnswerDraft
  /** By the bank's own clock. */
  readonly at: string
}

type Outcome = 'settled' | 'rejected' | 'returned'

interface Transfer {
  readonly id: string
  outcome: Outcome | undefined
  /** When the money went, or was refused. */
  doneAt: string
  /** Whether all that happened to it was told. */
  isTold: boolean
  isResolved: boolean
}

const OUTCOMES = { settle: 'settled', reject: 'rejected', return: 'returned' } as const

export class HistoryBank {
  readonly #ofLine = new Map<number, Transfer[]>()
  readonly #byId = new Map<string, Transfer>()
  readonly #told = new Map<number, Told[]>()
  readonly #waiting = new Map<number, Told[]>()

  receive(line: number, id: string): void {
    if (this.#byId.has(id)) return
    const transfer: Transfer = {
      id,
      outcome: undefined,
      doneAt: '',
      isTold: true,
      isResolved: false,
    }
    this.#byId.set(id, transfer)
    this.#ofLine.set(line, [...(this.#ofLine.get(line) ?? []), transfer])
  }

  /** What it tells at this step. */
  act(line: number, step: LineStep, at: string): readonly Told[] {
    if (step.kind === 'repeat') return this.#tellAll(line)
    if (step.kind === 'contradict') return this.#contradict(line, at)
    if (step.kind !== 'settle' && step.kind !== 'reject' && step.kind !== 'return') return []
    const it = this.#ofLine.get(line)?.findLast(({ outcome }) => {
      return step.kind === 'return' ? outcome === 'settled' : outcome === undefined
    })
    if (it === undefined) return []
    it.outcome = OUTCOMES[step.kind]
    it.doneAt = at
    it.isTold = it.isTold && !step.late
    const told = { answer: answerOf(it.id, step.kind === 'settle'), at }
    append(step.late ? this.#waiting : this.#told, line, told)
    return step.late ? [] : [told]
  }

  truth(id: string): Outcome {
    const outcome = this.#byId.get(id)?.outcome
    if (outcome === undefined) throw new Error(`the bank has not done ${id} yet`)
    return outcome
  }

  noteResolved(id: string): void {
    const it = this.#byId.get(id)
    if (it !== undefined) it.isResolved = true
  }

  paidKrw(line: number, owedKrw: number): number {
    const paid = (this.#ofLine.get(line) ?? []).filter(({ outcome }) => outcome === 'settled')
    return paid.length * owedKrw
  }

  #tellAll(line: number): readonly Told[] {
    for (const it of this.#waiting.get(line) ?? []) append(this.#told, line, it)
    this.#waiting.delete(line)
    for (const it of this.#ofLine.get(line) ?? []) it.isTold = true
    return this.#told.get(line) ?? []
  }

  /** Says the opposite of what it said, so that its own clock does not tell which is true. */
  #contradict(line: number, at: string): readonly Told[] {
    const it = this.#ofLine.get(line)?.findLast(({ outcome, isTold }) => {
      return outcome !== undefined && isTold
    })
    if (it === undefined) return []
    const wasPaid = it.outcome === 'settled'
    // That it came back later would be news; at the same moment it is nonsense.
    const lie = {
      answer: answerOf(it.id, !wasPaid),
      at: wasPaid && !it.isResolved ? it.doneAt : at,
    }
    append(this.#told, line, lie)
    return [lie]
  }
}

function answerOf(id: string, isPaid: boolean): AnswerDraft {
  return isPaid ? { id, status: 'ACSC' } : { id, status: 'RJCT', reason: 'AC01' }
}

function append(lists: Map<number, Told[]>, line: number, it: Told): void {
  lists.set(line, [...(lists.get(line) ?? []), it])
}
