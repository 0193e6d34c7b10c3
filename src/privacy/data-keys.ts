/**
 * The data keys by version: the newest seals, each opens what it sealed. As text they are lines
 * `version:base64` and, once a second version is there, `digest:base64`: the key of the digests by
 * which equal values are told, which stays the same for ever.
 */
import { hkdfSync } from 'node:crypto'
import { RedressError } from '../errors.js'

export const KEY_BYTES = 32
/** A sealed value says its version in one byte. */
const LAST_VERSION = 255

export interface DataKeys {
  readonly keys: ReadonlyMap<number, Buffer>
  /** The newest. */
  readonly version: number
  readonly digestKey: Buffer
}

/** @throws RedressError SETTING_INVALID */
export function onlyKey(key: Buffer, version = 1): DataKeys {
  if (key.length !== KEY_BYTES) throw badKey('REDRESS_DATA_KEY', 'has another length')
  return { keys: new Map([[version, key]]), version, digestKey: digestKeyOf(key) }
}

/**
 * Reads a key file: lines of versions, or one key alone, which is version 1.
 * @param name of the file, for errors; its text is never told
 * @param first the key of version 1, where it is kept elsewhere
 * @throws RedressError SETTING_INVALID
 */
export function parseDataKeys(text: string, name: string, first?: Buffer): DataKeys {
  const keys = new Map<number, Buffer>(first === undefined ? [] : [[1, first]])
  let digestKey: Buffer | undefined
  for (const line of linesOf(text)) {
    const [, label = '1', base64 = ''] = /^(?:([1-9]\d{0,2}|digest):)?([A-Za-z0-9+/]{43}=)$/.exec(
      line,
    ) ?? [undefined, '', '']
    const key = Buffer.from(base64, 'base64')
    if (key.length !== KEY_BYTES) throw badKey(name, 'holds something else')
    const known = label === 'digest' ? digestKey : keys.get(Number(label))
    if (known !== undefined && !known.equals(key)) throw badKey(name, `says ${label} twice`)
    if (label === 'digest') digestKey = key
    else keys.set(Number(label), key)
  }
  const version = Math.max(...keys.keys())
  if (keys.size === 0) throw badKey(name, 'is empty')
  if (version > LAST_VERSION) throw badKey(name, `has a version above ${LAST_VERSION}`)
  const eldest = keys.get(1)
  if (digestKey === undefined && eldest === undefined) {
    throw badKey(name, 'has neither version 1 nor a line `digest:`')
  }
  return { keys, version, digestKey: digestKey ?? digestKeyOf(eldest as Buffer) }
}

/**
 * The text of a key file with one more version. The digest's key is written out, so that version 1
 * can leave the file once nothing is sealed with it.
 * @throws RedressError SETTING_INVALID when there is no version left
 */
export function withNewVersion(keys: DataKeys, key: Buffer): string {
  const version = keys.version + 1
  if (version > LAST_VERSION) throw badKey('REDRESS_DATA_KEYS_FILE', 'has no version left')
  const lines = [...keys.keys, [version, key] as const]
    .toSorted(([one], [other]) => one - other)
    .map(([label, it]) => `${label}:${it.toString('base64')}`)
  return [...lines, `digest:${keys.digestKey.toString('base64')}`, ''].join('\n')
}

function linesOf(text: string): readonly string[] {
  return text
    .split('\n')
    .map((it) => it.trim())
    .filter((it) => it !== '')
}

/** Digests are compared with stored ones, so they go on with what version 1 gave them. */
function digestKeyOf(key: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), 'redress keyed digest', KEY_BYTES))
}

export function badKey(name: string, problem: string): RedressError {
  return new RedressError('SETTING_INVALID', { name, problem, expected: '32 bytes in base64' })
}
