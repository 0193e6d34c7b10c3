/** Tables for people, by cli-table3 without its box: they paste well into a ticket. */
import Table from 'cli-table3'

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Columns whose cells are all numbers stand to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumber = (column: number): boolean =>
    rows.length > 0 && rows.every((row) => /^[+-]?[\d,.]*%?$/.test(row[column] ?? ''))
  const drawn = new Table({
    head: [...head],
    chars: BARE,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (isNumber(column) ? 'right' : 'left')),
  })
  drawn.push(...rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '')
    .join('\n')
}
