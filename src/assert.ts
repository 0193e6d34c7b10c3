/** Assertions are for bugs only; bad input and trouble outside are a `RedressError` (errors.ts). */

export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure'
}

/** @throws AssertionFailure when `condition` does not hold: the program is wrong, not its input. */
export function assert(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new AssertionFailure(`expected: ${expectation}`)
}

/** Ends every switch over a union; a member that was forgotten does not compile. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`unreachable value of type ${typeof value}`)
}
