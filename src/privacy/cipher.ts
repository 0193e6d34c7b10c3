/** Seals what may not lie open in the database: raw quarantined rows, codes, personal columns. */
import { createCipheriv, createDecipheriv, createHmac, randomFillSync } from 'node:crypto'
import { badKey, onlyKey } from './data-keys.js'
import type { DataKeys } from './data-keys.js'
import { readDataKeys } from './data-key-file.js'
import type { KeySettings } from './data-key-file.js'

const NONCE_BYTES = 12
const TAG_BYTES = 16
/** Nonces are drawn from the system some hundreds at a time: a call for each took 1 µs of 4. */
const NONCES = 512

/**
 * AES-256-GCM. A sealed value is: key version (1 byte), nonce (12), ciphertext, tag (16). Nonces
 * are random: 2^32 values may be sealed with one key before a repetition becomes likelier than
 * 2^-32, and the version lets a later key take over without touching what is there.
 */
export class Cipher {
  readonly #keys: DataKeys
  readonly #nonces = Buffer.alloc(NONCES * NONCE_BYTES)
  #nextNonce = NONCES

  /** A key alone has the version `version`. @throws RedressError SETTING_INVALID */
  constructor(keys: Buffer | DataKeys, version = 1) {
    this.#keys = Buffer.isBuffer(keys) ? onlyKey(keys, version) : keys
  }

  /** The version that seals. */
  get version(): number {
    return this.#keys.version
  }

  /** `place` says where the value will lie; moved to another place it no longer opens. */
  seal(plain: Uint8Array, place: string): Buffer {
    const { version } = this.#keys
    const nonce = this.#drawNonce()
    const head = Buffer.concat([Buffer.of(version), nonce])
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(version), nonce, {
      authTagLength: TAG_BYTES,
    })
    cipher.setAAD(aad(version, place))
    return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws RedressError SETTING_INVALID when the value was sealed with another key or altered. */
  open(sealed: Uint8Array, place: string): Buffer {
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const body = 1 + NONCE_BYTES
    if (bytes.length < body + TAG_BYTES) throw badKey('REDRESS_DATA_KEY', 'a sealed value is cut')
    const version = bytes.readUInt8(0)
    const key = this.#keyOf(version)
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(1, body), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(aad(version, place))
    decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(body, bytes.length - TAG_BYTES))
      // Adds nothing in this mode: it only says whether all of it is as it was sealed.
      decipher.final()
      return text
    } catch {
      throw badKey('REDRESS_DATA_KEY', 'does not open a value that was sealed')
    }
  }

  /** The same value in the same place, sealed with the newest key. @throws as `open` does */
  reseal(sealed: Uint8Array, place: string): Buffer {
    return this.seal(this.open(sealed, place), place)
  }

  /**
   * HMAC-SHA-256, 32 bytes, with a key of its own that stays the same when the data key is
   * exchanged: tells equal values of a kind, and tells nothing to whom the key is not known.
   * @param kind what is compared with each other; without a NUL byte
   */
  digest(plain: Uint8Array, kind: string): Buffer {
    return createHmac('sha256', this.#keys.digestKey).update(`${kind}\0`).update(plain).digest()
  }

  /**
   * That equal values would be told by the digests that are stored.
   * @throws RedressError SETTING_INVALID when `digest` was made with another key
   */
  expectDigest(plain: Uint8Array, kind: string, digest: Buffer): void {
    if (this.digest(plain, kind).equals(digest)) return
    throw badKey('REDRESS_DATA_KEY', 'gives other digests than those that are stored')
  }

  #drawNonce(): Buffer {
    if (this.#nextNonce === NONCES) {
      randomFillSync(this.#nonces)
      this.#nextNonce = 0
    }
    const from = this.#nextNonce * NONCE_BYTES
    this.#nextNonce += 1
    return this.#nonces.subarray(from, from + NONCE_BYTES)
  }

  #keyOf(version: number): Buffer {
    const key = this.#keys.keys.get(version)
    if (key === undefined) throw badKey('REDRESS_DATA_KEY', `has no version ${version}`)
    return key
  }
}

/** @throws RedressError SETTING_INVALID */
export function openCipher(settings: KeySettings): Cipher {
  return new Cipher(readDataKeys(settings))
}

function aad(version: number, place: string): Buffer {
  return Buffer.from(`redress ${version} ${place}`)
}
