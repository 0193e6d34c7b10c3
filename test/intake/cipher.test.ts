/** Sealed values open with their key in their place, and nowhere else. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Cipher, openCipher } from '../../src/privacy/cipher.js'
import { openVoucherCode, sealVoucherCode } from '../../src/privacy/voucher-code.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'redress-cipher-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

const plain = Buffer.from('101,2000,individual,1987-06-05')

test('what is sealed opens with the key, in its place, and is never the same twice', () => {
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const sealed = cipher.seal(plain, 'row 1')
  expect(cipher.open(sealed, 'row 1')).toEqual(plain)
  expect(cipher.seal(plain, 'row 1')).not.toEqual(sealed)
  expect(sealed.includes('1987-06-05')).toBe(false)
  expect(sealed[0]).toBe(1)
  expect(sealed).toHaveLength(1 + 12 + plain.length + 16)
})

test('with another key, place or key id, changed or cut, a value does not open', () => {
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const sealed = cipher.seal(plain, 'row 1')
  const changed = Buffer.from(sealed)
  changed[20] = (changed[20] ?? 0) ^ 1
  const message = 'setting REDRESS_DATA_KEY'
  expect(() => new Cipher(Buffer.alloc(32, 8)).open(sealed, 'row 1')).toThrow(message)
  expect(() => cipher.open(sealed, 'row 2')).toThrow(message)
  expect(() => new Cipher(Buffer.alloc(32, 7), 2).open(sealed, 'row 1')).toThrow(message)
  expect(() => cipher.open(changed, 'row 1')).toThrow(message)
  expect(() => cipher.open(sealed.subarray(0, 20), 'row 1')).toThrow(message)
})

test('a digest is the same for the same value of a kind, and another with another key', () => {
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const digest = cipher.digest(plain, 'kind')
  expect(digest).toHaveLength(32)
  expect(new Cipher(Buffer.alloc(32, 7)).digest(plain, 'kind')).toEqual(digest)
  expect(cipher.digest(plain.subarray(1), 'kind')).not.toEqual(digest)
  expect(cipher.digest(plain, 'another')).not.toEqual(digest)
  expect(new Cipher(Buffer.alloc(32, 8)).digest(plain, 'kind')).not.toEqual(digest)
  expect(createHash('sha256').update(plain).digest()).not.toEqual(digest)
})

test('a voucher code opens as what it is, and not as that of another row', () => {
  const cipher = new Cipher(Buffer.alloc(32, 7))
  const one = sealVoucherCode(cipher, 'tving', 'ABCD-1234')
  const other = sealVoucherCode(cipher, 'tving', 'ABCD-1235')
  expect(openVoucherCode(cipher, 'tving', one)).toBe('ABCD-1234')
  expect(sealVoucherCode(cipher, 'tving', 'ABCD-1234').digest).toEqual(one.digest)
  expect(sealVoucherCode(cipher, 'disney_plus', 'ABCD-1234').digest).not.toEqual(one.digest)
  const moved = { digest: other.digest, sealed: one.sealed }
  expect(() => openVoucherCode(cipher, 'tving', moved)).toThrow('setting REDRESS_DATA_KEY')
  expect(() => openVoucherCode(cipher, 'disney_plus', one)).toThrow('setting REDRESS_DATA_KEY')
})

test('the key file is made once, for its owner only', () => {
  const file = join(home, 'deep', 'data-key')
  const first = openCipher({ dataKey: undefined, home: join(home, 'deep') })
  const again = openCipher({ dataKey: undefined, home: join(home, 'deep') })
  expect(again.open(first.seal(plain, ''), '')).toEqual(plain)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32)
  expect(readdirSync(join(home, 'deep'))).toEqual(['data-key'])
})

test('the key of the settings goes before the file, and both must be 32 bytes', () => {
  const dataKey = Buffer.alloc(32, 9).toString('base64')
  const sealed = openCipher({ dataKey, home }).seal(plain, '')
  expect(new Cipher(Buffer.alloc(32, 9)).open(sealed, '')).toEqual(plain)
  expect(readdirSync(home)).toEqual([])
  expect(() => openCipher({ dataKey: 'AAAA', home })).toThrow('expected 32 bytes in base64')
  writeFileSync(join(home, 'data-key'), 'AAAA')
  expect(() => openCipher({ dataKey: undefined, home })).toThrow('data-key: holds something else')
})
