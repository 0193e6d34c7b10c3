/**
 * Where the data keys come from: REDRESS_DATA_KEY (version 1), the file of REDRESS_DATA_KEYS_FILE,
 * else `<home>/data-key`, which the first use makes; and how a version is added to a file.
 */
import { randomBytes } from 'node:crypto'
import {
  chownSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import type { Settings } from '../config/settings.js'
import { RedressError } from '../errors.js'
import { KEY_BYTES, badKey, onlyKey, parseDataKeys, withNewVersion } from './data-keys.js'
import type { DataKeys } from './data-keys.js'

export type KeySettings = Pick<Settings, 'dataKey' | 'home'> &
  Partial<Pick<Settings, 'dataKeysFile'>>

/** @throws RedressError SETTING_INVALID */
export function readDataKeys(settings: KeySettings): DataKeys {
  const first = keyOfEnvironment(settings)
  if (settings.dataKeysFile !== undefined) {
    const text = readKeyFile(settings.dataKeysFile)
    if (text === undefined) throw badKey('REDRESS_DATA_KEYS_FILE', 'names no file')
    return parseDataKeys(text, settings.dataKeysFile, first)
  }
  if (first !== undefined) return onlyKey(first)
  const file = fileOfHome(settings)
  return parseDataKeys(readKeyFile(file) ?? makeKeyFile(file), file)
}

export interface RotatedKeys {
  readonly file: string
  /** The newest, which seals from now on. */
  readonly version: number
  readonly versions: readonly number[]
}

/**
 * Adds a version to the key file in use, in one step. Where the only key is in the environment, the
 * file `out` is made, and has to be named by REDRESS_DATA_KEYS_FILE from then on.
 * @throws RedressError USAGE, SETTING_INVALID, OUTPUT_UNWRITABLE; the keys are then as before
 */
export function rotateDataKeys(settings: KeySettings, out: string | undefined): RotatedKeys {
  readDataKeys(settings)
  const inEnvironment = settings.dataKey !== undefined && settings.dataKeysFile === undefined
  if (inEnvironment !== (out !== undefined)) {
    const problem = inEnvironment
      ? '--out: missing; expected a file for the keys, since REDRESS_DATA_KEY holds but one'
      : '--out: not needed; expected none, since the keys are in a file'
    throw new RedressError('USAGE', { problem })
  }
  const file = out ?? settings.dataKeysFile ?? fileOfHome(settings)
  const text = replaceWhole(file, out === undefined, () =>
    withNewVersion(readDataKeys(settings), randomBytes(KEY_BYTES)),
  )
  const { version, keys } = parseDataKeys(text, file)
  return { file, version, versions: [...keys.keys()] }
}

function fileOfHome(settings: KeySettings): string {
  return join(settings.home, 'data-key')
}

function keyOfEnvironment({ dataKey }: KeySettings): Buffer | undefined {
  if (dataKey === undefined) return undefined
  const key = Buffer.from(dataKey, 'base64')
  if (key.length !== KEY_BYTES) throw badKey('REDRESS_DATA_KEY', 'has another length')
  return key
}

function readKeyFile(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw badKey(file, 'cannot be read')
  }
}

// Two processes may both be first: the file appears whole by a link, and only one link succeeds.
function makeKeyFile(file: string): string {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    const key = randomBytes(KEY_BYTES).toString('base64')
    writeAll(openSync(draft, 'wx', 0o600), () => `${key}\n`)
    try {
      linkSync(draft, file)
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    } finally {
      unlinkSync(draft)
    }
    return readFileSync(file, 'utf8')
  } catch {
    throw badKey(file, 'cannot be made')
  }
}

/**
 * A key that is lost takes all it sealed along: it is on the disk before the name points to it. The
 * draft is a lock as well: of two rotations at a time one would lose the other's key.
 */
function replaceWhole(file: string, isThere: boolean, makeText: () => string): string {
  const draft = `${file}.new`
  try {
    const handle = openSync(draft, 'wx', 0o600)
    try {
      const text = writeAll(handle, makeText)
      if (isThere) {
        keepOwner(file, draft)
        renameSync(draft, file)
      } else {
        linkSync(draft, file)
        unlinkSync(draft)
      }
      return text
    } catch (error) {
      rmSync(draft, { force: true })
      throw error
    } finally {
      syncFolder(dirname(file))
    }
  } catch (error) {
    if (error instanceof RedressError) throw error
    const found = codeOf(error) === 'EEXIST' ? `it or ${draft} is there already` : undefined
    throw new RedressError('OUTPUT_UNWRITABLE', {
      file,
      problem: found ?? `error ${codeOf(error)}`,
    })
  }
}

function writeAll(file: number, makeText: () => string): string {
  try {
    const text = makeText()
    writeSync(file, text)
    fsyncSync(file)
    return text
  } finally {
    closeSync(file)
  }
}

function keepOwner(file: string, draft: string): void {
  const { uid, gid } = statSync(file)
  if (process.getuid?.() === 0) chownSync(draft, uid, gid)
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
