/** Data keys by version: where they come from, how one is added, and what stays the same. */
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openCipher } from '../../src/privacy/cipher.js'
import { rotateDataKeys } from '../../src/privacy/data-key-file.js'
import { onlyKey, parseDataKeys, withNewVersion } from '../../src/privacy/data-keys.js'
import {
  openRefundAccount,
  resealRefundAccount,
  sealRefundAccount,
} from '../../src/privacy/refund-account.js'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'redress-keys-'))
})
afterEach(() => {
  rmSync(home, { recursive: true })
})

const key = (byte: number): Buffer => Buffer.alloc(32, byte)
const base64 = (byte: number): string => key(byte).toString('base64')
const plain = Buffer.from('110000123456')
const settings = (more: { dataKey?: string; dataKeysFile?: string } = {}) => ({
  home,
  dataKey: undefined,
  ...more,
})
const place = (name: string, text: string): string => {
  writeFileSync(join(home, name), text)
  return join(home, name)
}

test('a file says its keys by version; the newest seals, each opens what it sealed', () => {
  const digest = `digest:${base64(4)}`
  const keys = parseDataKeys(`3:${base64(3)}\n\n 1:${base64(1)}\r\n${digest}\n`, 'keys')
  expect(new Set(keys.keys.keys())).toEqual(new Set([1, 3]))
  expect(keys.version).toBe(3)
  expect(keys.digestKey).toEqual(key(4))
})

test('a key alone is version 1, and gives the digests', () => {
  expect(parseDataKeys(`${base64(7)}\n`, 'keys')).toEqual(onlyKey(key(7)))
})

test.each([
  ['nothing', ''],
  ['another length', '1:AAAA'],
  ['version 0', `0:${base64(1)}`],
  ['version 256', `1:${base64(1)}\n256:${base64(2)}`],
  ['a version twice', `1:${base64(1)}\n1:${base64(2)}`],
  ['two digest keys', `1:${base64(1)}\ndigest:${base64(2)}\ndigest:${base64(3)}`],
  ['a digest key alone', `digest:${base64(2)}`],
  ['neither version 1 nor a digest key', `2:${base64(2)}`],
  ['words', 'the key is under the mat'],
])('a file with %s is refused, and not quoted', (_, text) => {
  const error = (() => {
    try {
      return parseDataKeys(text, 'keys')
    } catch (it) {
      return it
    }
  })() as Error
  expect(error.message).toMatch(/^setting keys: .*; expected 32 bytes in base64$/)
  expect(error.message).not.toMatch(/mat|AQEB|AgIC/)
})

test('a new version leaves the digests as they were, also without version 1', () => {
  const one = onlyKey(key(1))
  const two = parseDataKeys(withNewVersion(one, key(2)), 'keys')
  expect(two.version).toBe(2)
  expect(two.digestKey).toEqual(one.digestKey)
  const text = withNewVersion(two, key(3))
  const without = parseDataKeys(text.replace(/^1:.*\n/m, ''), 'keys')
  expect([...without.keys.keys()]).toEqual([2, 3])
  expect(without.digestKey).toEqual(one.digestKey)
})

describe('rotating', () => {
  test('adds a version to the file of the home, for its owner alone', () => {
    const before = openCipher(settings())
    const sealed = before.seal(plain, 'here')
    const told = rotateDataKeys(settings(), undefined)
    expect(told).toEqual({ file: join(home, 'data-key'), version: 2, versions: [1, 2] })
    const after = openCipher(settings())
    expect(after.version).toBe(2)
    expect(after.open(sealed, 'here')).toEqual(plain)
    expect(after.seal(plain, 'here')[0]).toBe(2)
    expect(after.digest(plain, 'kind')).toEqual(before.digest(plain, 'kind'))
    expect(() => before.open(after.seal(plain, 'here'), 'here')).toThrow('has no version 2')
    expect(statSync(join(home, 'data-key')).mode & 0o777).toBe(0o600)
    expect(readdirSync(home)).toEqual(['data-key'])
    expect(rotateDataKeys(settings(), undefined).versions).toEqual([1, 2, 3])
  })

  test('adds a version to the file that the environment names', () => {
    const dataKeysFile = place('keys', `1:${base64(1)}\n`)
    expect(rotateDataKeys(settings({ dataKeysFile }), undefined).version).toBe(2)
    expect(readFileSync(dataKeysFile, 'utf8')).toMatch(/^1:.*\n2:.*\ndigest:.*\n$/)
  })

  test('makes a file of the key in the environment, which then does for both', () => {
    const dataKey = base64(1)
    const out = join(home, 'keys')
    expect(() => rotateDataKeys(settings({ dataKey }), undefined)).toThrow('--out: missing')
    expect(rotateDataKeys(settings({ dataKey }), out).version).toBe(2)
    const sealed = openCipher(settings({ dataKey })).seal(plain, '')
    for (const it of [settings({ dataKeysFile: out }), settings({ dataKey, dataKeysFile: out })]) {
      expect(openCipher(it).open(sealed, '')).toEqual(plain)
      expect(openCipher(it).version).toBe(2)
    }
    const other = settings({ dataKey: base64(9), dataKeysFile: out })
    expect(() => openCipher(other)).toThrow('says 1 twice')
    expect(readdirSync(home)).toEqual(['keys'])
  })

  test('never takes the place of another rotation, nor of a file that is there', () => {
    const file = place('data-key', base64(1))
    place('data-key.new', '')
    expect(() => rotateDataKeys(settings(), undefined)).toThrow('is there already')
    expect(readFileSync(file, 'utf8')).toBe(base64(1))
    const there = place('there', 'mine')
    expect(() => rotateDataKeys(settings({ dataKey: base64(1) }), there)).toThrow('is there')
    expect(readFileSync(there, 'utf8')).toBe('mine')
    expect(() => rotateDataKeys(settings(), join(home, 'x'))).toThrow('--out: not needed')
  })

  test('ends with version 255', () => {
    place('data-key', `1:${base64(1)}\n255:${base64(2)}`)
    expect(() => rotateDataKeys(settings(), undefined)).toThrow('has no version left')
    expect(readdirSync(home)).toEqual(['data-key'])
  })
})

test('no file at the place that the environment names is no reason to make one', () => {
  const missing = settings({ dataKeysFile: join(home, 'missing') })
  expect(() => openCipher(missing)).toThrow('setting REDRESS_DATA_KEYS_FILE: names no file')
  expect(readdirSync(home)).toEqual([])
})

test('an account that is resealed opens with the new key alone, and is as long as before', () => {
  const old = openCipher(settings())
  const at = { applicationId: 'a 1', lineId: '101', bankCode: '088' }
  const account = { number: '110000123456', holder: '김하늘' }
  const sealed = sealRefundAccount(old, at, account)
  rotateDataKeys(settings(), undefined)
  const cipher = openCipher(settings())
  const anew = { ...sealed, ...resealRefundAccount(cipher, at, sealed) }
  expect(openRefundAccount(cipher, at, anew)).toEqual(account)
  expect(anew.accountSealed).toHaveLength(sealed.accountSealed.length)
  expect(anew.accountSealed[0]).toBe(2)
  expect(() => openRefundAccount(old, at, anew)).toThrow('has no version 2')
})
