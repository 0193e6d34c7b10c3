/** `redress vouchers import`, `show`, `export` and `open`. No code is ever shown. */
import type { Command } from 'commander'
import { RedressError } from '../../errors.js'
import { PASS_OPTIONS } from '../../intake/choices-file.js'
import { importVouchersFile } from '../../intake/import-staged-file.js'
import { readVoucherStock } from '../../intake/vouchers-store.js'
import type { VoucherStock } from '../../intake/vouchers-store.js'
import { exportVouchers } from '../../ledger/export-vouchers.js'
import { fingerprintOf, readPrivateKey, readPublicKey } from '../../privacy/key-file.js'
import { unsealFile } from '../../privacy/sealed-file.js'
import { formatBytes, formatCount } from '../chart.js'
import type { Context } from '../context.js'
import type { Act } from '../act.js'
import { openOutput } from '../output.js'
import type { GlobalOptions } from '../context.js'
import { table } from '../text-table.js'
import { importWith, withImportOptions } from './imports.js'

export function addVouchers(program: Command, act: Act): void {
  const vouchers = program.command('vouchers').description('codes of the passes')
  withImportOptions(
    vouchers.command('import <file>').description('codes to give out, stored sealed'),
  ).action(act(importWith(importVouchersFile)))
  vouchers
    .command('show')
    .description('how many codes there are of each option, and how many are left')
    .action(act(showStock))
  vouchers
    .command('export')
    .description('the codes that a run gave out, sealed for the one who sends them')
    .requiredOption('--run <id>', 'the run')
    .requiredOption('--to <file>', "the sender's public key in PEM, X25519 or RSA")
    .requiredOption('--out <file>', 'the file to write')
    .action(act(exportCodes))
  vouchers
    .command('open <file>')
    .description('for the sender: a sealed export as CSV; needs no database')
    .requiredOption('--key <file>', 'the private key in PEM')
    .requiredOption('--out <file>', 'the file to write')
    .action((file: string, flags: OpenFlags) =>
      openExport(program.opts<GlobalOptions>(), file, flags),
    )
}

async function showStock(context: Context): Promise<void> {
  const now = context.clock.now()
  const stored = await readVoucherStock(context.pool, now)
  const stock = [
    ...stored,
    ...PASS_OPTIONS.filter((option) => !stored.some((it) => it.option === option)).map(noneOf),
  ]
  const options = Object.fromEntries(stock.map(({ option, ...it }) => [option, it]))
  context.out.result({ now, options }, () =>
    table(
      ['option', 'imported', 'issued', 'expired', 'left'],
      stock.map((it) => [
        it.option,
        ...[it.imported, it.issued, it.expired, it.left].map(formatCount),
      ]),
    ),
  )
}

function noneOf(option: string): VoucherStock {
  return { option, imported: 0, issued: 0, expired: 0, left: 0 }
}

interface ExportFlags {
  readonly run: string
  readonly to: string
  readonly out: string
}

async function exportCodes(context: Context, flags: ExportFlags): Promise<void> {
  const recipient = await readPublicKey(flags.to)
  const fingerprint = fingerprintOf(recipient)
  const done = await exportVouchers({
    pool: context.pool,
    cipher: context.cipher,
    runId: flags.run,
    recipient,
    out: flags.out,
    signal: context.signal,
  })
  context.log.info(
    { run: flags.run, codes: done.exported, recipient: fingerprint, actor: context.actor },
    'voucher codes exported',
  )
  const { issued, exported, reversed, bytes } = done
  const document = { run_id: flags.run, issued, exported, reversed }
  context.out.result({ ...document, recipient: fingerprint, out: flags.out, bytes }, () =>
    [
      `${formatCount(exported)} of ${formatCount(issued)} codes of run ${flags.run}, ` +
        `${formatBytes(bytes)}, in ${flags.out}, sealed for the key ${fingerprint.slice(0, 16)}`,
      ...(reversed === 0
        ? []
        : [`${formatCount(reversed)} left out: their passes were reversed since`]),
    ].join('\n'),
  )
}

interface OpenFlags {
  readonly key: string
  readonly out: string
}

async function openExport(options: GlobalOptions, file: string, flags: OpenFlags): Promise<void> {
  if (file === flags.out) {
    throw new RedressError('USAGE', { problem: '--out: the sealed file; expected another one' })
  }
  const bytes = await unsealFile(file, await readPrivateKey(flags.key), flags.out)
  openOutput(options).result(
    { out: flags.out, bytes },
    () => `${formatBytes(bytes)} in ${flags.out}`,
  )
}
