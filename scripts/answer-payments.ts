/** Command line of the made-up bank: a payment file in, what a bank would report of it out. */
import { parseArgs } from 'node:util'
import { EXIT, RedressError } from '../src/errors.js'
import { answerPayments } from '../src/generate/bank-answers.js'

const USAGE = `answer-payments FILE --out FILE [--next-day FILE] [--seed S]

  FILE             a pain.001 that \`redress payouts export\` wrote
  --out FILE       the report of that evening, a pain.002
  --next-day FILE  what the bank says the morning after
  --seed S         0 to 4294967295 (1); the same options give the same bytes
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    strict: true,
    allowPositionals: true,
    options: {
      out: { type: 'string' },
      'next-day': { type: 'string' },
      seed: { type: 'string', default: '1' },
    },
  })
  const [sent] = positionals
  const { out: results, 'next-day': nextDay } = values
  if (sent === undefined || results === undefined || !/^\d{1,10}$/.test(values.seed)) {
    throw new RedressError('USAGE', { problem: USAGE.trim() })
  }
  const reports = { results, ...(nextDay === undefined ? {} : { nextDay }) }
  const { transfers, bounced } = await answerPayments({ sent, seed: Number(values.seed), reports })
  process.stdout.write(`${JSON.stringify({ transfers, bounced: bounced.length }, null, 2)}\n`)
}

try {
  await main()
} catch (error) {
  const wrongOption = error instanceof TypeError && 'code' in error
  const exitCode = error instanceof RedressError ? error.exitCode : EXIT.failed
  process.stderr.write(`answer-payments: ${error instanceof Error ? error.message : 'failed'}\n`)
  process.exitCode = wrongOption ? EXIT.refused : exitCode
}
