/** `redress keys rotate` and `reseal`. No key is ever shown. */
import type { Command } from 'commander'
import { resealAll } from '../../intake/reseal.js'
import { rotateDataKeys } from '../../privacy/data-key-file.js'
import type { Act } from '../act.js'
import { formatCount } from '../chart.js'
import type { Context } from '../context.js'

export function addKeys(program: Command, act: Act): void {
  const keys = program.command('keys').description('the data keys that seal personal data')
  keys
    .command('rotate')
    .description('add a new version of the data key, which seals from then on')
    .option('--out <file>', 'a new key file, where the key is in REDRESS_DATA_KEY so far')
    .action(act(rotate))
  keys
    .command('reseal')
    .description('seal with the newest key what older ones sealed')
    .action(act(reseal))
}

function rotate(context: Context, flags: { readonly out?: string }): Promise<void> {
  const { file, version, versions } = rotateDataKeys(context.settings, flags.out)
  context.log.info({ version, actor: context.actor }, 'data key rotated')
  const setting = flags.out === undefined ? null : 'REDRESS_DATA_KEYS_FILE'
  context.out.result({ version, versions, file, setting }, () =>
    [
      `version ${version} of the data key is in ${file}; keep a copy of it elsewhere`,
      ...(setting === null ? [] : [`set ${setting} to it for all commands`]),
      'processes that run already go on with the keys they have read',
      '`redress keys reseal` seals with it what older versions sealed',
    ].join('\n'),
  )
  return Promise.resolve()
}

async function reseal(context: Context): Promise<void> {
  const done = await resealAll({
    pool: context.pool,
    cipher: context.cipher,
    signal: context.signal,
  })
  context.log.info({ version: done.version, actor: context.actor }, 'values resealed')
  const { version, refundApplications, voucherCodes, quarantinedRows } = done
  const document = {
    version,
    refund_applications: refundApplications,
    voucher_codes: voucherCodes,
    quarantined_rows: quarantinedRows,
  }
  context.out.result(document, () =>
    [
      `sealed with version ${version}: ${formatCount(refundApplications)} applications, ` +
        `${formatCount(voucherCodes)} voucher codes, ${formatCount(quarantinedRows)} ` +
        'quarantined rows',
      'nothing in this database needs an older version any more',
    ].join('\n'),
  )
}
