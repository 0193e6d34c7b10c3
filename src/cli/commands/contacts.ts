/** `redress contacts …`: whom nobody writes to, and who consents to advertising. */
import type { Command } from 'commander'
import { importRestrictionsFile } from '../../intake/import-restrictions-file.js'
import type { Act } from '../act.js'
import { importWith, withImportOptions } from './imports.js'

export function addContacts(program: Command, act: Act): void {
  const contacts = program.command('contacts').description('whom notices may reach')
  withImportOptions(
    contacts
      .command('import-restrictions <file>')
      .description('opt-outs, reassigned numbers, deaths, seizures; and consents to advertising'),
  ).action(act(importWith(importRestrictionsFile)))
}
