/**
 * Files for one receiver, sealed to the public key of theirs. The format, so that they can be
 * opened without Redress:
 *
 * 1. A line of JSON, ended by a line feed: `format` "redress-sealed-1"; `recipient`, the
 *    fingerprint of the public key; `agreement` and `key`, both as below.
 * 2. Frames: a length (4 bytes, big-endian, at most 65,536), as many bytes of ciphertext, a tag of
 *    16 bytes. AES-256-GCM; the nonce is 7 zero bytes, the number of the frame from 0 (4 bytes,
 *    big-endian), and 1 in the last frame, else 0; the additional data is the line of JSON with its
 *    line feed. After the last frame nothing follows. A key seals one file, so no nonce repeats.
 *
 * `rsa-oaep-sha256`: `key` is the frames' key under RSA-OAEP (SHA-256, also in MGF1), in base64.
 * `x25519-hkdf-sha256`: `key` is an X25519 public key made for this file (SPKI in DER, base64); the
 * frames' key is HKDF-SHA-256 of the shared secret, without salt, its info "redress-sealed-1"
 * followed by that SPKI and the receiver's SPKI.
 */
import {
  constants,
  createCipheriv,
  createDecipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
} from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { z } from 'zod'
import { assert } from '../assert.js'
import { RedressError } from '../errors.js'
import { fingerprintOf } from './key-file.js'
import { WholeFile } from './whole-file.js'

const FORMAT = 'redress-sealed-1'
const FRAME_BYTES = 65_536
const KEY_BYTES = 32
const TAG_BYTES = 16
const MAX_HEADER_BYTES = 8_192

const headerSchema = z.object({
  format: z.literal(FORMAT),
  recipient: z.string().regex(/^[0-9a-f]{64}$/),
  agreement: z.enum(['rsa-oaep-sha256', 'x25519-hkdf-sha256']),
  key: z.base64(),
})
type Header = z.infer<typeof headerSchema>

/** What is written is sealed before it leaves the process; the file appears when it is finished. */
export class SealedFileWriter {
  readonly #file: WholeFile
  readonly #key: Buffer
  readonly #header: Buffer
  readonly #frame = Buffer.alloc(FRAME_BYTES)
  #filled = 0
  #frames = 0

  private constructor(file: WholeFile, key: Buffer, header: Buffer) {
    this.#file = file
    this.#key = key
    this.#header = header
  }

  /**
   * @param recipient a key as `readPublicKey` gives it
   * @throws RedressError OUTPUT_UNWRITABLE
   */
  static async open(path: string, recipient: KeyObject): Promise<SealedFileWriter> {
    const { frameKey, agreement, key } = agreeWith(recipient)
    const fields: Header = { format: FORMAT, recipient: fingerprintOf(recipient), agreement, key }
    const header = Buffer.from(`${JSON.stringify(fields)}\n`)
    const file = await WholeFile.open(path)
    const writer = new SealedFileWriter(file, frameKey, header)
    await writer.#orDiscard(() => file.write(header))
    return writer
  }

  /** Bytes of the file so far. */
  get bytes(): number {
    return this.#file.bytes
  }

  async write(plain: Uint8Array): Promise<void> {
    for (let at = 0; at < plain.length;) {
      // A full frame waits: only when more follows it is known not to be the last.
      if (this.#filled === FRAME_BYTES) await this.#writeFrame(false)
      const piece = plain.subarray(at, at + FRAME_BYTES - this.#filled)
      this.#frame.set(piece, this.#filled)
      this.#filled += piece.length
      at += piece.length
    }
  }

  async finish(): Promise<void> {
    await this.#writeFrame(true)
    await this.#orDiscard(() => this.#file.keep())
  }

  /** After a failure: nothing stays. */
  async discard(): Promise<void> {
    this.#frame.fill(0)
    await this.#file.discard()
  }

  async #writeFrame(last: boolean): Promise<void> {
    const nonce = nonceOf(this.#frames, last)
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(this.#header)
    const sealed = cipher.update(this.#frame.subarray(0, this.#filled))
    cipher.final()
    const length = Buffer.alloc(4)
    length.writeUInt32BE(this.#filled)
    this.#frame.fill(0, 0, this.#filled)
    this.#filled = 0
    this.#frames += 1
    const bytes = Buffer.concat([length, sealed, cipher.getAuthTag()])
    await this.#orDiscard(() => this.#file.write(bytes))
  }

  async #orDiscard(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      await this.discard()
      throw error
    }
  }
}

/**
 * Opens a sealed file into `out`, which appears when the last frame has proved whole.
 * @returns bytes of `out`
 * @throws RedressError FILE_UNUSABLE for a file that is none, was cut or altered, or was sealed for
 * another key; OUTPUT_UNWRITABLE
 */
export async function unsealFile(path: string, key: KeyObject, out: string): Promise<number> {
  const file = await open(path, 'r').catch(() => {
    throw unusable(path, 'cannot be read')
  })
  try {
    const to = await WholeFile.open(out)
    try {
      for await (const plain of framesOf(file, path, key)) await to.write(plain)
      await to.keep()
      return to.bytes
    } catch (error) {
      await to.discard()
      throw error
    }
  } finally {
    await file.close()
  }
}

async function* framesOf(file: FileHandle, path: string, key: KeyObject): AsyncGenerator<Buffer> {
  const line = await readHeaderLine(file, path)
  const frameKey = frameKeyOf(line, path, key)
  let at = line.length
  const take = async (bytes: number): Promise<Buffer> => {
    const piece = await readAt(file, at, bytes)
    if (piece.length < bytes) throw unusable(path, 'is cut short')
    at += bytes
    return piece
  }
  for (let number = 0; ; number += 1) {
    const length = (await take(4)).readUInt32BE()
    if (length > FRAME_BYTES) throw unusable(path, 'was altered')
    const sealed = await take(length + TAG_BYTES)
    const last = (await readAt(file, at, 1)).length === 0
    const decipher = createDecipheriv('aes-256-gcm', frameKey, nonceOf(number, last), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(line)
    decipher.setAuthTag(sealed.subarray(length))
    const plain = decipher.update(sealed.subarray(0, length))
    try {
      decipher.final()
    } catch {
      throw unusable(path, 'was cut or altered')
    }
    yield plain
    if (last) return
  }
}

async function readHeaderLine(file: FileHandle, path: string): Promise<Buffer> {
  const start = await readAt(file, 0, MAX_HEADER_BYTES)
  const end = start.indexOf(0x0a)
  if (end < 0) throw unusable(path, 'is no sealed file')
  return start.subarray(0, end + 1)
}

async function readAt(file: FileHandle, position: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  let filled = 0
  while (filled < bytes) {
    const { bytesRead } = await file.read(buffer, filled, bytes - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return buffer.subarray(0, filled)
}

function agreeWith(recipient: KeyObject): {
  readonly frameKey: Buffer
  readonly agreement: Header['agreement']
  readonly key: string
} {
  if (recipient.asymmetricKeyType === 'rsa') {
    const frameKey = randomBytes(KEY_BYTES)
    const wrapped = publicEncrypt({ key: recipient, ...OAEP }, frameKey)
    return { frameKey, agreement: 'rsa-oaep-sha256', key: wrapped.toString('base64') }
  }
  assert(recipient.asymmetricKeyType === 'x25519', 'a key that readPublicKey let through')
  const own = generateKeyPairSync('x25519')
  const secret = diffieHellman({ privateKey: own.privateKey, publicKey: recipient })
  const spki = spkiOf(own.publicKey)
  const frameKey = derivedKey(secret, spki, recipient)
  return { frameKey, agreement: 'x25519-hkdf-sha256', key: spki.toString('base64') }
}

function frameKeyOf(line: Buffer, path: string, key: KeyObject): Buffer {
  const header = headerOf(line)
  if (header === undefined) throw unusable(path, 'is no sealed file')
  if (header.recipient !== fingerprintOf(key)) throw unusable(path, 'was sealed for another key')
  const bytes = Buffer.from(header.key, 'base64')
  try {
    if (header.agreement === 'rsa-oaep-sha256') {
      const frameKey = privateDecrypt({ key, ...OAEP }, bytes)
      if (frameKey.length === KEY_BYTES) return frameKey
    } else {
      const publicKey = createPublicKey({ key: bytes, format: 'der', type: 'spki' })
      const secret = diffieHellman({ privateKey: key, publicKey })
      return derivedKey(secret, bytes, createPublicKey(key))
    }
  } catch {
    // Told below: why exactly a key does not fit helps only who tries to make one fit.
  }
  throw unusable(path, 'was altered')
}

function headerOf(line: Buffer): Header | undefined {
  try {
    return headerSchema.parse(JSON.parse(line.toString('utf8')))
  } catch {
    return undefined
  }
}

const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const

function derivedKey(secret: Buffer, spki: Buffer, recipient: KeyObject): Buffer {
  const info = Buffer.concat([Buffer.from(FORMAT), spki, spkiOf(recipient)])
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, KEY_BYTES))
}

function spkiOf(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function nonceOf(frame: number, last: boolean): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32BE(frame, 7)
  nonce.writeUInt8(last ? 1 : 0, 11)
  return nonce
}

function unusable(path: string, problem: string): RedressError {
  const expected = 'a file that `redress vouchers export` sealed for the public half of this key'
  return new RedressError('FILE_UNUSABLE', { where: path, problem, expected })
}
