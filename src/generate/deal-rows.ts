/**
 * Deals the rows of a generated file to several: on which day each of them comes in, or whether it
 * comes late.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { assert } from '../assert.js'
import { OutFile } from './out-file.js'

export interface DealtRow<Name extends string> {
  readonly to: Name
  readonly row: string
}

/**
 * Each of the files in `to` gets the header of `from`, also when no row goes there. `deal` is
 * handed the fields of a row, which must need no quotes, and the row itself.
 */
export async function dealRows<Name extends string>(
  from: string,
  to: ReadonlyMap<Name, string>,
  deal: (fields: readonly string[], row: string) => readonly DealtRow<Name>[],
): Promise<void> {
  const files = new Map<Name, OutFile>()
  for (const [name, path] of to) files.set(name, await OutFile.open(path))
  let header = true
  for await (const row of createInterface({ input: createReadStream(from, 'utf8') })) {
    if (header) {
      for (const file of files.values()) file.addText(`${row}\n`)
      header = false
      continue
    }
    for (const dealt of deal(row.split(','), row)) {
      const file = files.get(dealt.to)
      assert(file !== undefined, 'a file for every delivery')
      file.addText(`${dealt.row}\n`)
      if (file.isFull) await file.flush()
    }
  }
  for (const file of files.values()) await file.finish()
}
