/**
 * The keys of who is handed a sealed file: X25519, or RSA of 2048 bits or more, in PEM. The
 * fingerprint of a public key tells which one a file was sealed for.
 */
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { open } from 'node:fs/promises'
import { RedressError } from '../errors.js'

/** A key takes some kilobytes; what is larger is no key. */
const MAX_BYTES = 64 * 1024
const LEAST_RSA_BITS = 2_048

/** @throws RedressError FILE_UNUSABLE */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const refuse = refusalOf(path, 'a public key in PEM, X25519 or RSA of 2048 bits or more')
  const text = await readText(path, refuse)
  // A private key would do as well; whoever hands it over has to be told, not served.
  if (text.includes('PRIVATE KEY')) throw refuse('holds a private key')
  return checked(() => createPublicKey(text), refuse, 'is no public key')
}

/** @throws RedressError FILE_UNUSABLE */
export async function readPrivateKey(path: string): Promise<KeyObject> {
  const refuse = refusalOf(path, 'a private key in PEM without a passphrase, X25519 or RSA')
  const text = await readText(path, refuse)
  if (text.includes('ENCRYPTED')) throw refuse('holds a key under a passphrase')
  return checked(() => createPrivateKey(text), refuse, 'is no private key')
}

/** SHA-256 over the DER form (SPKI) of a public key or of a private key's public half, in hex. */
export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}

type Refuse = (problem: string) => RedressError

function refusalOf(path: string, expected: string): Refuse {
  return (problem) => new RedressError('FILE_UNUSABLE', { where: path, problem, expected })
}

async function readText(path: string, refuse: Refuse): Promise<string> {
  try {
    const file = await open(path, 'r')
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_BYTES))
      return buffer.toString('latin1', 0, bytesRead)
    } finally {
      await file.close()
    }
  } catch {
    throw refuse('cannot be read')
  }
}

function checked(read: () => KeyObject, refuse: Refuse, problem: string): KeyObject {
  let key: KeyObject
  try {
    key = read()
  } catch {
    throw refuse(problem)
  }
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
  if (key.asymmetricKeyType === 'rsa' && bits < LEAST_RSA_BITS) throw refuse('is too short a key')
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'x25519') {
    throw refuse('is a key of another kind')
  }
  return key
}
