/** Command line of the snapshot generator: options in, files out, one JSON document on stdout. */
import { parseArgs } from 'node:util'
import { EXIT, RedressError } from '../src/errors.js'
import { generateSnapshot } from '../src/generate/generate-snapshot.js'
import type { GenerateOptions, PopulationSize } from '../src/generate/generate-snapshot.js'
import { ROW_ORDERS } from '../src/generate/row-order.js'

const USAGE = `generate-snapshot --lines N | --customers N --out FILE [options]

  --lines N           lines in service on 2026-01-13
  --customers N       or: customers, each with the lines that come
  --out FILE          the line snapshot; packed when the name ends in .gz
  --as-of DATE        the snapshot's day (2026-01-13): later, some have left and some have joined
  --seed S            0 to 4294967295 (1); the same options give the same bytes
  --bad-rows RATE     rows to be quarantined, added to the good ones: 0.001 or 0.1% (0)
  --order ORDER       customer, line or shuffled (customer)
  --status-out FILE   status changes after the snapshot's day, until 2026-07-31
  --consents-out FILE guardians' later consents
  --choices FILE      choices of passes and applications for insurance, until 2026-07-31
  --choice-share R    of KT's handset lines, those that choose a pass: 0.3 or 30% (0.3)
  --vouchers FILE     voucher codes of both options
  --voucher-codes N   how many (choice share of all lines: some more than are asked for)
  --terminations FILE terminated lines, candidates for a refund
  --terminations-count N  how many lines (660,000 to 17.9 million lines of the population)
  --applications FILE applications of those who left for a refund
`

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') {
    process.stdout.write(USAGE)
    return
  }
  const summary = await generateSnapshot(options)
  process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`)
}

function readOptions(args: readonly string[]): GenerateOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      help: { type: 'boolean', default: false },
      lines: { type: 'string' },
      customers: { type: 'string' },
      out: { type: 'string' },
      'as-of': { type: 'string', default: '2026-01-13' },
      seed: { type: 'string', default: '1' },
      'bad-rows': { type: 'string', default: '0' },
      order: { type: 'string', default: 'customer' },
      'status-out': { type: 'string' },
      'consents-out': { type: 'string' },
      choices: { type: 'string' },
      'choice-share': { type: 'string', default: '0.3' },
      vouchers: { type: 'string' },
      'voucher-codes': { type: 'string' },
      terminations: { type: 'string' },
      'terminations-count': { type: 'string' },
      applications: { type: 'string' },
    },
  })
  if (values.help) return 'help'
  const order = ROW_ORDERS.find((it) => it === values.order)
  if (order === undefined) throw usage(`--order: expected one of ${ROW_ORDERS.join(', ')}`)
  if (values.out === undefined) throw usage('--out: expected a file to write')
  const codes = values['voucher-codes']
  const left = values['terminations-count']
  return {
    size: sizeOf(values.lines, values.customers),
    seed: numberOf('--seed', values.seed),
    asOf: values['as-of'],
    badRows: shareOf('--bad-rows', values['bad-rows']),
    order,
    out: values.out,
    statusOut: values['status-out'],
    consentsOut: values['consents-out'],
    choicesOut: values.choices,
    choiceShare: shareOf('--choice-share', values['choice-share']),
    vouchersOut: values.vouchers,
    voucherCodes: codes === undefined ? undefined : numberOf('--voucher-codes', codes),
    terminationsOut: values.terminations,
    terminations: left === undefined ? undefined : numberOf('--terminations-count', left),
    applicationsOut: values.applications,
  }
}

function sizeOf(lines: string | undefined, customers: string | undefined): PopulationSize {
  if (lines !== undefined && customers === undefined) return { lines: numberOf('--lines', lines) }
  if (customers !== undefined && lines === undefined) {
    return { customers: numberOf('--customers', customers) }
  }
  throw usage('expected either --lines or --customers')
}

/** Digits may be grouped: 13_600_000. */
function numberOf(option: string, text: string): number {
  const digits = text.replaceAll('_', '')
  if (!/^\d{1,10}$/.test(digits)) throw usage(`${option}: expected a whole number`)
  return Number(digits)
}

function shareOf(option: string, text: string): number {
  const found = /^(\d+(?:\.\d+)?)(%?)$/.exec(text)
  if (found === null) throw usage(`${option}: expected a share such as 0.001 or 0.1%`)
  return Number(found[1]) / (found[2] === '%' ? 100 : 1)
}

function usage(problem: string): RedressError {
  return new RedressError('USAGE', { problem })
}

try {
  await main()
} catch (error) {
  const wrongOption = error instanceof TypeError && 'code' in error
  const told = error instanceof RedressError || wrongOption ? error.message : String(error)
  const exitCode = error instanceof RedressError ? error.exitCode : EXIT.failed
  process.stderr.write(`generate-snapshot: ${told}\n`)
  process.exitCode = wrongOption ? EXIT.refused : exitCode
}
