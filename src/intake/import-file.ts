/**
 * One importer for all files: a file is read once, good rows go where its kind says, bad rows into
 * quarantine, and either all of it is accepted in one transaction or nothing is.
 */
import { assert } from '../assert.js'
import { describeDatabaseError, errorCodeOf, isOutage, withClient } from '../db/database.js'
import type { Client, Pool } from '../db/database.js'
import { RedressError } from '../errors.js'
import type { Cipher } from '../privacy/cipher.js'
import { ByteSource } from './byte-source.js'
import type { FileColumns } from './column.js'
import type { Encoding } from './encoding.js'
import * as store from './import-store.js'
import type { ImportCounts, ImportKind } from './import-store.js'
import { Loading } from './loading.js'
import type { ImportProgress } from './loading.js'
import { DEFAULT_BUDGET, Quarantine } from './quarantine.js'
import type { QuarantineBudget } from './quarantine.js'
import { RowFile } from './row-file.js'

export interface ImportOptions {
  /** At least four connections. */
  readonly pool: Pool
  readonly cipher: Cipher
  readonly path: string
  readonly encoding?: Encoding | undefined
  readonly budget?: QuarantineBudget | undefined
  /** The time as ISO 8601. */
  readonly now: () => string
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
}

export interface ImportReport extends ImportCounts {
  readonly importId: string
  /** The same bytes were accepted before: nothing was changed. */
  readonly already: boolean
  readonly sha256: string
  /** At most 20 of them; none when nothing was read. */
  readonly unknownColumns: readonly string[]
  readonly unknownColumnCount: number
}

/** What is particular to a kind of file. `Result` is what its import reports beside the counts. */
export interface FileKind<Result extends object> {
  readonly kind: ImportKind
  readonly asOf: string | null
  readonly columns: FileColumns
  /** How the import is repeated. */
  readonly command: string
  /** Reads the rows by `loading.readInto` and accepts the import by `loading.accept`. */
  load(loading: Loading): Promise<Result>
  /** What an earlier import of the same file reported. */
  recall(pool: Pool, importId: string): Promise<Result>
}

/**
 * @throws RedressError FILE_UNUSABLE (nothing stored), QUARANTINE_BUDGET (only the report stored;
 * its `import` is the import_id), INTERRUPTED, DATABASE_UNAVAILABLE (repeat it).
 */
export async function importFile<Result extends object>(
  kind: FileKind<Result>,
  options: ImportOptions,
): Promise<ImportReport & Result> {
  try {
    const sha256 = await hashIfSizeIsKnown(kind, options)
    const known = sha256 && (await recallAccepted(kind, options.pool, sha256))
    if (known) return known
    const file = await RowFile.open(options.path, options.encoding ?? 'utf-8', kind.columns)
    try {
      await store.clearAbandoned(options.pool)
      return await withClient(options.pool, (control) => importRows(kind, options, file, control))
    } finally {
      await file.close()
    }
  } catch (error) {
    throw operational(error, kind, options)
  }
}

async function importRows<Result extends object>(
  kind: FileKind<Result>,
  options: ImportOptions,
  file: RowFile,
  control: Client,
): Promise<ImportReport & Result> {
  const { pool } = options
  const importId = await store.startImport(control, {
    kind: kind.kind,
    asOf: kind.asOf,
    fileName: options.path,
    startedAt: options.now(),
  })
  const quarantine = new Quarantine(control, options.cipher, importId)
  const loading = new Loading(
    { ...options, budget: options.budget ?? DEFAULT_BUDGET, columns: kind.columns },
    { control, file, quarantine, importId },
  )
  try {
    const result = await kind.load(loading)
    const { unknownColumns, unknownColumnCount } = file.header
    const sha256 = loading.sha256.toString('hex')
    const report = { importId, already: false, ...loading.counts, sha256 }
    return { ...report, unknownColumns, unknownColumnCount, ...result }
  } catch (error) {
    if (error instanceof RedressError && error.code === 'QUARANTINE_BUDGET') {
      await store.markHeld(pool, importId, loading.asHeld())
      throw error
    }
    await clearQuietly(pool, importId)
    if (!loading.isAcceptedElsewhere) throw error
    const known = await recallAccepted(kind, pool, loading.sha256)
    assert(known !== undefined, 'the import that was accepted first')
    return known
  } finally {
    await store.endImport(control, importId).catch(() => undefined)
  }
}

// A file of which no size is known cannot have been accepted: most imports read their file once.
async function hashIfSizeIsKnown(
  kind: Pick<FileKind<object>, 'kind' | 'asOf'>,
  options: ImportOptions,
): Promise<Buffer | undefined> {
  const source = await ByteSource.open(options.path)
  try {
    const { pool } = options
    if (!(await store.isSizeKnown(pool, kind.kind, kind.asOf, source.sizeBytes))) return undefined
    return await source.hashAll(options.signal)
  } finally {
    await source.close()
  }
}

async function recallAccepted<Result extends object>(
  kind: FileKind<Result>,
  pool: Pool,
  sha256: Buffer,
): Promise<(ImportReport & Result) | undefined> {
  const known = await store.findAccepted(pool, kind.kind, kind.asOf, sha256)
  if (known === undefined) return undefined
  return {
    importId: known.importId,
    already: true,
    ...known.counts,
    sha256: sha256.toString('hex'),
    unknownColumns: [],
    unknownColumnCount: 0,
    ...(await kind.recall(pool, known.importId)),
  }
}

// What cannot be cleared now (the server is away) is cleared by the next import.
async function clearQuietly(pool: Pool, importId: string): Promise<void> {
  await store.clearOwn(pool, importId).catch(() => undefined)
}

function operational(error: unknown, kind: { command: string }, options: ImportOptions): unknown {
  if (error instanceof RedressError && error.exitCode !== 1) return error
  if (options.signal?.aborted === true) {
    return new RedressError('INTERRUPTED', { command: kind.command })
  }
  if (error instanceof RedressError) return error
  return errorCodeOf(error) !== undefined || isOutage(error) ? describeDatabaseError(error) : error
}
