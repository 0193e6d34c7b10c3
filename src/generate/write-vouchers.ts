/** The file of voucher codes (contracts §2.4): as many as asked for, some of which expire early. */
import { dayOf, textOfDay } from './civil-day.js'
import type { OutFile } from './out-file.js'
import { STREAM, Random, permute } from './random.js'

/** Digits and capitals without those that are read for each other. */
const LETTERS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const TVING_SHARE = 0.6
const EARLY_SHARE = 0.03
const LAST_DAY = dayOf('2026-12-31')
const EARLY_FIRST_DAY = dayOf('2026-02-01')
const EARLY_LAST_DAY = dayOf('2026-07-31')

/** Writes and finishes the file. @returns how many codes there are of each option */
export async function writeVouchers(
  file: OutFile,
  seed: number,
  codes: number,
): Promise<Readonly<Record<string, number>>> {
  const random = new Random(seed, STREAM.voucher)
  const counts = { codes, tving: 0, disney_plus: 0, expiring_early: 0 }
  file.addText('option,code,expires_on\n')
  for (let index = 0; index < codes; index += 1) {
    random.restart(index)
    const option = random.chance(TVING_SHARE) ? 'tving' : 'disney_plus'
    const early = random.chance(EARLY_SHARE)
    const day = early ? random.between(EARLY_FIRST_DAY, EARLY_LAST_DAY) : LAST_DAY
    counts[option] += 1
    if (early) counts.expiring_early += 1
    file.addText(`${option},${codeOf(random, permute(index, seed))},${textOfDay(day)}\n`)
    if ((index & 1023) === 0 && file.isFull) await file.flush()
  }
  await file.finish()
  return counts
}

/** Eight letters of `unique`, so that no code comes twice, and eight that are drawn. */
function codeOf(random: Random, unique: number): string {
  let left = unique
  let letters = ''
  for (let place = 0; place < 8; place += 1) {
    letters += LETTERS[left % LETTERS.length]
    left = Math.floor(left / LETTERS.length)
  }
  for (let place = 0; place < 8; place += 1) letters += LETTERS[random.below(LETTERS.length)]
  return letters.replace(/(.{4})(?=.)/g, '$1-')
}
