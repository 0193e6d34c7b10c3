/** The schemas of ISO 20022 as a judge of our messages that knows nothing of our code. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { XmlDocument, XmlElement, XsdValidator } from 'libxml2-wasm'
import { projectRoot } from '../../src/config/project-root.js'

export type SchemaName = 'pain.001.001.12' | 'pain.002.001.14'

const validators = new Map<SchemaName, XsdValidator>()

function validatorOf(name: SchemaName): XsdValidator {
  const known = validators.get(name)
  if (known !== undefined) return known
  const path = join(projectRoot(), 'test', 'payouts', 'schemas', `${name}.xsd`)
  const schema = XmlDocument.fromBuffer(readFileSync(path))
  const validator = XsdValidator.fromDoc(schema)
  schema.dispose()
  validators.set(name, validator)
  return validator
}

/**
 * Texts of all elements that `xpath` finds; names in it have the prefix `d`.
 * @throws an error that names the violation when the document is not valid
 */
export function readValid(
  xml: Uint8Array,
  name: SchemaName,
  xpaths: readonly string[] = [],
): readonly (readonly string[])[] {
  const document = XmlDocument.fromBuffer(xml)
  try {
    validatorOf(name).validate(document)
    const prefixes = { d: `urn:iso:std:iso:20022:tech:xsd:${name}` }
    return xpaths.map((xpath) => {
      return document
        .find(xpath, prefixes)
        .flatMap((it) => (it instanceof XmlElement ? [it.content] : []))
    })
  } finally {
    document.dispose()
  }
}
