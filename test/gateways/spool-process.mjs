// A process that hands messages over to a spool until it is killed; each message several times.
import { fixedClock } from '../../dist/src/config/clock.js'
import { SpoolGateway } from '../../dist/src/gateways/spool-gateway.js'

const [folder, from, count] = process.argv.slice(2)
const clock = fixedClock('2026-01-20T10:00:00+09:00')
const gateway = new SpoolGateway({ folder, clock })
const never = new AbortController().signal

for (let next = Number(from); next < Number(from) + Number(count); next += 5) {
  const numbers = [0, 1, 2, 3, 4].map((it) => next + it)
  await Promise.all(
    numbers.map(async (number) => {
      const message = { key: `key ${number}`, to: '01055500000', text: `${number}`, kind: 'SMS' }
      const handOver = await gateway.send({ ...message, subject: null }, never)
      if (handOver.outcome === 'accepted') process.stdout.write(`${number}\n`)
    }),
  )
}
