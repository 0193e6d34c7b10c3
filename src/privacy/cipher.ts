/** Seals what may not lie open in the database: raw quarantined rows, codes, personal columns. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Settings } from '../config/settings.js'
import { RedressError } from '../errors.js'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const CURRENT_KEY_ID = 1

/**
 * AES-256-GCM. A sealed value is: key id (1 byte), nonce (12), ciphertext, tag (16). Nonces are
 * random: 2^32 values may be sealed with one key before a repetition becomes likelier than 2^-32,
 * and a key id byte lets a later key take over without touching what is there.
 */
export class Cipher {
  readonly #keys: ReadonlyMap<number, Buffer>
  readonly #keyId: number
  readonly #digestKey: Buffer

  constructor(key: Buffer, keyId = CURRENT_KEY_ID) {
    if (key.length !== KEY_BYTES) throw badKey('REDRESS_DATA_KEY', 'has another length')
    this.#keys = new Map([[keyId, key]])
    this.#keyId = keyId
    // Digests are compared with stored ones: a later data key must go on with this one's digests.
    const derived = hkdfSync('sha256', key, Buffer.alloc(0), 'redress keyed digest', KEY_BYTES)
    this.#digestKey = Buffer.from(derived)
  }

  /** `place` says where the value will lie; moved to another place it no longer opens. */
  seal(plain: Uint8Array, place: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const head = Buffer.concat([Buffer.of(this.#keyId), nonce])
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(this.#keyId), nonce, {
      authTagLength: TAG_BYTES,
    })
    cipher.setAAD(aad(this.#keyId, place))
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws RedressError SETTING_INVALID when the value was sealed with another key or altered. */
  open(sealed: Uint8Array, place: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const body = 1 + NONCE_BYTES
    if (bytes.length < body + TAG_BYTES) throw badKey('REDRESS_DATA_KEY', 'a sealed value is cut')
    const keyId = bytes.readUInt8(0)
    const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(keyId), bytes.subarray(1, body), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(aad(keyId, place))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(body, bytes.length - TAG_BYTES))
      return Buffer.concat([text, decipher.final()])
    } catch {
      throw badKey('REDRESS_DATA_KEY', 'does not open a value that was sealed')
    }
  }

  /**
   * HMAC-SHA-256, 32 bytes, with a key of its own derived from the data key: tells equal values
   * of a kind, and tells nothing to whom the data key is not known.
   * @param kind what is compared with each other; without a NUL byte
   */
  digest(plain: Uint8Array, kind: string): Buffer {
    return createHmac('sha256', this.#digestKey).update(`${kind}\0`).update(plain).digest()
  }

  #keyOf(keyId: number): Buffer {
    const key = this.#keys.get(keyId)
    if (key === undefined) throw badKey('REDRESS_DATA_KEY', `has not the id ${keyId}`)
    return key
  }
}

/** The key of the settings; without one, that of `<home>/data-key`, which the first use makes. */
export function openCipher(settings: Pick<Settings, 'dataKey' | 'home'>): Cipher {
  if (settings.dataKey !== undefined) {
    return new Cipher(Buffer.from(settings.dataKey, 'base64'))
  }
  const file = join(settings.home, 'data-key')
  const text = readKeyFile(file) ?? makeKeyFile(settings.home, file)
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw badKey(file, 'holds something else')
  return new Cipher(key)
}

function readKeyFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw badKey(file, 'cannot be read')
  }
}

// Two processes may both be first: the file appears whole by a link, and only one link succeeds.
function makeKeyFile(home: string, file: string): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const key = randomBytes(KEY_BYTES).toString('base64')
    writeFileSync(draft, `${key}\n`, { mode: 0o600, flag: 'wx' })
    try {
      linkSync(draft, file)
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    } finally {
      unlinkSync(draft)
    }
    return readFileSync(file, 'utf8')
  } catch {
    throw badKey(file, 'cannot be made')
  }
}

function aad(keyId: number, place: string): Buffer {
  return Buffer.from(`redress ${keyId} ${place}`)
}

function badKey(name: string, problem: string): RedressError {
  return new RedressError('SETTING_INVALID', { name, problem, expected: '32 bytes in base64' })
}
