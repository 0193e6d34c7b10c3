/** What happened to a subject of a world, told to whoever has to find out why a test failed. */
import { DateTime } from 'luxon'
import { SNAPSHOTS } from './histories-script.js'
import type { Line, Person, World } from './histories-world.js'

/** `subject` is `line 7` or `customer 7`; ages instead of birth dates. */
export function storyOf(world: World, subject: string): readonly string[] {
  const [kind, id] = subject.split(' ')
  const lineIds = new Set(
    kind === 'line'
      ? [Number(id)]
      : world.snapshots
          .flatMap((it) => it.lines)
          .filter((it) => it.customerId === Number(id))
          .map((it) => it.lineId),
  )
  const isTold = (it: { readonly lineId: number }): boolean => lineIds.has(it.lineId)
  return [
    subject,
    ...world.snapshots.flatMap(({ lines, people }, number) =>
      lines.filter(isTold).map((line) => lineText(number, line, people.get(line.customerId)!)),
    ),
    ...world.changes
      .filter(isTold)
      .map((it) => `moment ${it.imported}: line ${it.lineId} ${it.status} at ${it.at}`),
    ...world.consents
      .filter(isTold)
      .map((it) => `moment ${it.imported}: line ${it.lineId} guardian's consent on ${it.on}`),
    ...world.choices.filter(isTold).map((it) => {
      const withdrawn =
        it.withdrawnAt === null
          ? ''
          : `, withdrawn at ${it.withdrawnAt} (moment ${it.withdrawalImported})`
      const consent = it.consent === true ? ' with consent' : ''
      const what = `${it.benefit} ${it.option ?? ''}${consent}`
      return `moment ${it.imported}: line ${it.lineId} ${what} at ${it.at}${withdrawn}`
    }),
  ]
}

function lineText(number: number, line: Line, person: Person): string {
  const { lineId, customerId, promotionEndsOn } = line
  const { asOf } = SNAPSHOTS[number]!
  const age = person.birthDate === null ? 'a company' : `aged ${ageOn(person.birthDate, asOf)}`
  const { network, lineKind, payment, status, restriction } = line
  const consent = line.consentOn === null ? '' : `, consent on ${line.consentOn}`
  const promotion = promotionEndsOn === null ? '' : `, promotion to ${promotionEndsOn}`
  return (
    `snapshot ${number} of ${asOf}: line ${lineId} of customer ${customerId}, ${age}, ` +
    `${network} ${lineKind} ${payment} ${status} ${restriction}${consent}${promotion}`
  )
}

function ageOn(birthDate: string, day: string): number {
  return Math.floor(DateTime.fromISO(day).diff(DateTime.fromISO(birthDate), 'years').years)
}
