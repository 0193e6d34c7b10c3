/**
 * Makes a world in which something goes wrong as small as it still does: first fewer lines, by
 * halves, as a fault is mostly one line's own; then fewer steps. fast-check would try each step of
 * each line, and take hours.
 */
import type { LineStep, Slot } from './payout-histories-steps.js'

export interface WorldScript {
  readonly slots: readonly Slot[]
  /** Line n is the nth. */
  readonly lines: readonly (readonly LineStep[])[]
}

export async function smallestFailure(
  failing: WorldScript,
  fails: (it: WorldScript) => Promise<boolean>,
): Promise<WorldScript> {
  let { slots, lines } = failing
  for (;;) {
    const middle = Math.ceil(lines.length / 2)
    const halves = [lines.slice(0, middle), lines.slice(middle)]
    const half =
      lines.length === 1 ? undefined : await firstThat(halves, (it) => fails({ slots, lines: it }))
    if (half === undefined) break
    lines = half
  }
  for (let at = slots.length - 1; at >= 0; at -= 1) {
    if (slots[at] === 'own') continue
    const fewer = slots.toSpliced(at, 1)
    if (await fails({ slots: fewer, lines })) slots = fewer
  }
  for (const [index, steps] of lines.entries()) {
    for (const at of steps.keys()) {
      const idle = lines.with(index, lines[index]!.with(at, { kind: 'nothing' }))
      if (await fails({ slots, lines: idle })) lines = idle
    }
  }
  return { slots, lines }
}

async function firstThat<T>(
  all: readonly T[],
  test: (it: T) => Promise<boolean>,
): Promise<T | undefined> {
  for (const it of all) if (await test(it)) return it
  return undefined
}
