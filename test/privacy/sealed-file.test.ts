/** Sealed files open with the key they were sealed for, whole and unaltered, and not else. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fingerprintOf, readPrivateKey, readPublicKey } from '../../src/privacy/key-file.js'
import { SealedFileWriter, unsealFile } from '../../src/privacy/sealed-file.js'

interface Keys {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
}
const X25519: Keys = generateKeyPairSync('x25519')
const RSA: Keys = generateKeyPairSync('rsa', { modulusLength: 2_048 })
const FRAME = 65_536

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'redress-sealed-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const at = (name: string): string => join(folder, name)

async function seal(keys: Keys, ...pieces: readonly Uint8Array[]): Promise<string> {
  const writer = await SealedFileWriter.open(at('sealed'), keys.publicKey)
  for (const piece of pieces) await writer.write(piece)
  await writer.finish()
  expect(writer.bytes).toBe(statSync(at('sealed')).size)
  return at('sealed')
}

async function opened(keys: Keys, path = at('sealed')): Promise<Buffer> {
  const bytes = await unsealFile(path, keys.privateKey, at('plain'))
  const plain = readFileSync(at('plain'))
  expect(bytes).toBe(plain.length)
  return plain
}

const patterned = (length: number): Buffer =>
  Buffer.from(Uint8Array.from({ length }, (_, it) => (it * 7 + (it >> 8)) & 0xff))

describe.each([
  ['X25519', X25519],
  ['RSA', RSA],
])('with %s', (_, keys) => {
  test.each([0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME, 3 * FRAME + 5])(
    '%i bytes come back',
    async (length) => {
      const plain = patterned(length)
      const cut = Math.floor(length / 3)
      await seal(keys, plain.subarray(0, cut), plain.subarray(cut))
      expect((await opened(keys)).equals(plain)).toBe(true)
      expect(statSync(at('sealed')).mode & 0o777).toBe(0o600)
      expect(statSync(at('plain')).mode & 0o777).toBe(0o600)
      expect(readdirSync(folder).toSorted()).toEqual(['plain', 'sealed'])
    },
  )

  test('nothing of the plain text is in the file, and no two files are alike', async () => {
    const plain = Buffer.from('tving,ABCD-1234-EFGH\n'.repeat(1_000))
    const one = readFileSync(await seal(keys, plain))
    expect(one.includes('ABCD-1234')).toBe(false)
    const other = readFileSync(await seal(keys, plain))
    expect(one.equals(other)).toBe(false)
    const header = JSON.parse(one.toString('latin1', 0, one.indexOf(10))) as { recipient: string }
    expect(header.recipient).toBe(fingerprintOf(keys.publicKey))
  })

  test('another key of the kind does not open it', async () => {
    await seal(keys, patterned(10))
    const other =
      keys === RSA
        ? generateKeyPairSync('rsa', { modulusLength: 2_048 })
        : generateKeyPairSync('x25519')
    await expect(opened(other)).rejects.toMatchObject({
      code: 'FILE_UNUSABLE',
      exitCode: 2,
      message: expect.stringContaining('was sealed for another key') as string,
    })
    expect(readdirSync(folder)).toEqual(['sealed'])
  })
})

test('a file that was altered anywhere, cut, extended or mixed does not open', async () => {
  const path = await seal(X25519, patterned(2 * FRAME + 100))
  const whole = readFileSync(path)
  const headerEnd = whole.indexOf(10) + 1
  const frame = 4 + FRAME + 16
  const flipped = (place: number): Buffer => {
    const bytes = Buffer.from(whole)
    bytes[place] = (bytes[place] ?? 0) ^ 1
    return bytes
  }
  const part = (from: number, to?: number): Buffer => whole.subarray(from, to)
  const files = [
    ...[headerEnd + 3, headerEnd + 4, headerEnd + frame - 1, whole.length - 1].map(flipped),
    ...[40, headerEnd - 20].map(flipped),
    part(0, headerEnd),
    part(0, headerEnd + frame),
    part(0, headerEnd + 2 * frame),
    part(0, whole.length - 1),
    Buffer.concat([whole, Buffer.of(0)]),
    Buffer.concat([whole, part(headerEnd + 2 * frame)]),
    Buffer.concat([
      part(0, headerEnd),
      part(headerEnd + frame, headerEnd + 2 * frame),
      part(headerEnd, headerEnd + frame),
      part(headerEnd + 2 * frame),
    ]),
    Buffer.from('line_id,option,code\n'),
    Buffer.from('{}\n'),
    Buffer.alloc(0),
    Buffer.alloc(10_000, 0x20),
  ]
  for (const [index, bytes] of files.entries()) {
    writeFileSync(at('bad'), bytes)
    const refusal = await opened(X25519, at('bad')).catch((it: unknown) => it)
    expect({ index, refusal }).toMatchObject({ index, refusal: { code: 'FILE_UNUSABLE' } })
    expect(readdirSync(folder).toSorted()).toEqual(['bad', 'sealed'])
  }
})

test('what is not finished, or cannot be written, leaves nothing', async () => {
  const writer = await SealedFileWriter.open(at('sealed'), X25519.publicKey)
  await writer.write(patterned(2 * FRAME))
  expect(readdirSync(folder)).toEqual(['sealed.partial'])
  await writer.discard()
  expect(readdirSync(folder)).toEqual([])
  const nowhere = SealedFileWriter.open(join(folder, 'none', 'sealed'), X25519.publicKey)
  await expect(nowhere).rejects.toMatchObject({ code: 'OUTPUT_UNWRITABLE', exitCode: 1 })
})

describe('a key file', () => {
  const pem = (key: KeyObject): string =>
    key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString()
  const place = (text: string): string => {
    writeFileSync(at('key.pem'), text)
    return at('key.pem')
  }

  test('holds an X25519 or RSA key', async () => {
    for (const keys of [X25519, RSA]) {
      const publicKey = await readPublicKey(place(pem(keys.publicKey)))
      expect(publicKey.equals(keys.publicKey)).toBe(true)
      const privateKey = await readPrivateKey(place(pem(keys.privateKey)))
      expect(fingerprintOf(privateKey)).toBe(fingerprintOf(publicKey))
    }
    const { publicKey } = RSA
    expect(fingerprintOf(createPublicKey(RSA.privateKey))).toBe(fingerprintOf(publicKey))
  })

  const shortKeys = generateKeyPairSync('rsa', { modulusLength: 1_024 })
  const otherKeys = generateKeyPairSync('ed25519')
  const locked = RSA.privateKey
    .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' })
    .toString()
  test.each([
    ['is no public key', 'hello'],
    ['is no public key', ''],
    ['holds a private key', pem(X25519.privateKey)],
    ['is too short a key', pem(shortKeys.publicKey)],
    ['is a key of another kind', pem(otherKeys.publicKey)],
  ])('for sealing that %s is refused', async (problem, text) => {
    const refused = readPublicKey(place(text))
    await expect(refused).rejects.toMatchObject({ code: 'FILE_UNUSABLE', exitCode: 2 })
    await expect(refused).rejects.toThrow(`${at('key.pem')}: ${problem}; expected a public key`)
  })

  test.each([
    ['is no private key', pem(X25519.publicKey)],
    ['holds a key under a passphrase', locked],
    ['is a key of another kind', pem(otherKeys.privateKey)],
  ])('for opening that %s is refused', async (problem, text) => {
    const refused = readPrivateKey(place(text))
    await expect(refused).rejects.toThrow(`${at('key.pem')}: ${problem}; expected a private key`)
  })

  test('that is not there or a folder is refused', async () => {
    await expect(readPublicKey(at('none.pem'))).rejects.toThrow('cannot be read')
    await expect(readPrivateKey(folder)).rejects.toThrow('cannot be read')
  })
})
