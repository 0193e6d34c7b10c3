/** What a chunk is decided from: the pack, what a plan settled beside it, what is posted. */
import type { Pack } from '../snapshot/pack.js'
import type { FactPack } from './fact-pack.js'
import type { PostedRows } from './posted-rows.js'

export interface ChunkInput {
  readonly pack: Pack
  readonly facts: FactPack
  /** Of all runs of the period before this one; walked once. */
  readonly posted: PostedRows
}
