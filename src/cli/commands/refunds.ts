/** `redress refunds …`: from terminations and applications to what is owed. */
import type { Command } from 'commander'
import { importApplicationsFile, importTerminationsFile } from '../../intake/import-refund-files.js'
import type { Act } from '../act.js'
import { importWith, withImportOptions } from './imports.js'

export function addRefunds(program: Command, act: Act): void {
  const refunds = program.command('refunds').description('refunds of termination penalties')
  withImportOptions(
    refunds
      .command('import-terminations <file>')
      .description('terminated lines with what was billed and paid; a later row restates its line'),
  ).action(act(importWith(importTerminationsFile)))
  withImportOptions(
    refunds
      .command('import-applications <file>')
      .description('applications for a refund; accounts and their holders are stored sealed'),
  ).action(act(importWith(importApplicationsFile)))
}
