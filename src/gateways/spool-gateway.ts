/**
 * Hands messages over as files, one a key, each exactly once whatever is killed on the way. Another
 * process delivers them. Messages that are sent at the same time share the waits for the disk.
 */
import type { Clock } from '../config/clock.js'
import { RedressError } from '../errors.js'
import type { Gateway, HandOver, KeyState, OutboundMessage } from './gateway.js'
import { codeOf, digestOf, shelfOf, SpoolFolder } from './spool-folder.js'

export interface SpoolOptions {
  readonly folder: string
  readonly clock: Clock
}

/** At most so many messages share one wait. */
const TOGETHER = 512

interface Waiting {
  readonly message: OutboundMessage
  readonly digest: string
  readonly tell: (handOver: HandOver) => void
  /** Of the batch it is staged with, later the one that counts. */
  token: string
  /** Set when it is settled early; nothing more is done with it. */
  failed: HandOver | undefined
}

export class SpoolGateway implements Gateway {
  readonly name = 'spool'
  readonly #folder: SpoolFolder
  readonly #options: SpoolOptions
  readonly #waiting: Waiting[] = []
  #prepared: Promise<void> | undefined
  #working: Promise<void> | undefined

  constructor(options: SpoolOptions) {
    this.#options = options
    this.#folder = new SpoolFolder(options.folder)
  }

  async send(message: OutboundMessage, signal: AbortSignal): Promise<HandOver> {
    if (signal.aborted) return { outcome: 'refused', reason: 'ABORTED', permanent: false }
    return await new Promise((tell) => {
      const digest = digestOf(message.key)
      this.#waiting.push({ message, digest, tell, token: '', failed: undefined })
      this.#working ??= this.#work()
    })
  }

  /** @throws RedressError GATEWAY_UNAVAILABLE when the folder cannot be read. */
  async lookUp(key: string): Promise<KeyState> {
    try {
      await this.#prepare()
      const digest = digestOf(key)
      const token = await this.#folder.receiptOf(digest)
      if (token === undefined) return 'not_taken'
      await this.#folder.syncReceipts(shelfOf(digest))
      await this.#folder.publish(digest, token)
      return 'taken'
    } catch (error) {
      throw new RedressError('GATEWAY_UNAVAILABLE', {
        gateway: 'spool',
        problem: `error ${codeOf(error)}`,
        expected: 'a folder of its own that can be written',
      })
    }
  }

  /** What becomes of a file is not told here. */
  onReport(): void {
    return undefined
  }

  async close(): Promise<void> {
    await this.#working
  }

  async #prepare(): Promise<void> {
    const prepared = (this.#prepared ??= this.#folder.prepare(this.#options.clock.now()))
    try {
      await prepared
    } catch (error) {
      // The next one tries again.
      if (this.#prepared === prepared) this.#prepared = undefined
      throw error
    }
  }

  async #work(): Promise<void> {
    // Those who send in the same turn are waited for.
    await Promise.resolve()
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch()
      await this.#handOver(batch)
      // The name of its file, for ever the same.
      for (const it of batch) it.tell(it.failed ?? { outcome: 'accepted', reference: it.digest })
    }
    this.#working = undefined
  }

  /** A key that comes twice goes with the batch after this one: a token has one file for it. */
  #nextBatch(): readonly Waiting[] {
    const batch = new Map<string, Waiting>()
    const later = this.#waiting.splice(0, TOGETHER).filter((it) => {
      if (batch.has(it.digest)) return true
      batch.set(it.digest, it)
      return false
    })
    this.#waiting.unshift(...later)
    return [...batch.values()]
  }

  async #handOver(batch: readonly Waiting[]): Promise<void> {
    const folder = this.#folder
    const shelf = (it: Waiting): string => shelfOf(it.digest)
    let token = ''
    const beforeStaging = async (): Promise<void> => {
      await this.#prepare()
      token = await folder.openToken()
    }
    await onceFor(batch, () => 'all', refused, beforeStaging)
    await eachOf(batch, refused, async (it) => {
      it.token = token
      await folder.stage(it.digest, token, contentOf(it.message))
    })
    const beforeReceipts = async (): Promise<void> => {
      await folder.syncStaged()
      await folder.openShelves(batch.map(shelf))
    }
    await onceFor(batch, () => 'all', refused, beforeReceipts)
    // From here on the keys may be taken.
    await eachOf(batch, unknown, async (it) => {
      it.token = await folder.takeKey(it.digest, it.token)
    })
    await onceFor(batch, shelf, unknown, async (name) => await folder.syncReceipts(name))
    await eachOf(batch, unknown, async (it) => await folder.publish(it.digest, it.token))
    // One that stays behind is cleared away another day.
    if (token !== '') await folder.closeToken(token).catch(() => undefined)
  }
}

type Failure = (code: string) => HandOver

const refused: Failure = (code) => {
  return { outcome: 'refused', reason: `SPOOL_${code}`, permanent: false }
}

const unknown: Failure = (code) => ({ outcome: 'unknown', reason: `SPOOL_${code}` })

/** The trouble of one is not that of the others. */
async function eachOf(
  batch: readonly Waiting[],
  failure: Failure,
  work: (it: Waiting) => Promise<void>,
): Promise<void> {
  await Promise.all(
    batch.map(async (it) => {
      if (it.failed !== undefined) return
      try {
        await work(it)
      } catch (error) {
        it.failed = failure(codeOf(error))
      }
    }),
  )
}

async function onceFor(
  batch: readonly Waiting[],
  nameOf: (it: Waiting) => string,
  failure: Failure,
  work: (name: string) => Promise<void>,
): Promise<void> {
  const open = batch.filter((it) => it.failed === undefined)
  const shared = new Map(open.map((it) => [nameOf(it), undefined as Promise<void> | undefined]))
  await eachOf(open, failure, async (it) => {
    const name = nameOf(it)
    const begun = shared.get(name) ?? work(name)
    shared.set(name, begun)
    await begun
  })
}

function contentOf({ key, to, kind, subject, text }: OutboundMessage): string {
  return `${JSON.stringify({ key, to, kind, subject, text })}\n`
}
