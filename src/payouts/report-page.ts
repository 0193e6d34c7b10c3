/** The report as one page without anything from outside: it opens anywhere, and prints well. */
import { ageName } from './payout-report.js'
import type { PayoutReport } from './payout-report.js'
import type { Figure } from './report-store.js'

const NUMBER = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 })
// Told apart in grey as well, since most of these pages are printed so.
const COLOURS = { paid: '#1b6e4b', pending: '#c9a227', bounced: '#7a1f2b', held: '#5b6b7f' }

export function reportPage(report: PayoutReport): string {
  const { on, overall, batches, ages } = report
  const cards = [
    ['Owed', overall.owed],
    ['Paid', overall.paid],
    ['At the bank', overall.inTransit],
    ['Came back', overall.returned],
    ['Payable', overall.payable],
    ['Unclaimed', overall.unclaimed],
  ] as const
  const holds = batches.flatMap((it) => {
    return Object.entries(it.holds).map(([reason, n]) => [it.batchId, it.payoutOn, reason, n])
  })
  const sections = [
    `<dl>${cards.map(([name, it]) => card(name, it)).join('')}</dl>`,
    '<h2>Batches</h2>',
    legend(),
    batches.map((it) => batchBar(report, it)).join(''),
    table(
      ['batch', 'date', 'state', 'due', 'paid', 'bounced', 'pending'],
      batches.map((it) => {
        const figures = [it.due, it.paid, it.bounced, it.pending].map(tell)
        return [it.batchId, it.payoutOn, it.state, ...figures]
      }),
    ),
    '<h2>Held, by reason</h2>',
    chart(holds.map(([id, , reason, n]) => [`${reason} (batch ${id})`, Number(n)])),
    table(['batch', 'date', 'reason', 'applications'], holds),
    '<h2>Unclaimed, by age</h2>',
    chart(ages.map((it) => [ageName(it), it.count])),
    table(
      ['since the payout date', 'refunds'],
      ages.map((it) => [ageName(it), tell(it)]),
    ),
  ]
  return (
    `<!doctype html>\n<html lang="en"><head><meta charset="utf-8">` +
    `<title>Refund payouts, ${on}</title><style>${STYLE}</style></head>\n<body>` +
    `<h1>Refund payouts</h1><p>As of ${on}; amounts in whole won.</p>\n` +
    `${sections.join('\n')}\n</body></html>\n`
  )
}

const STYLE = [
  'body{font:14px/1.45 system-ui,sans-serif;color:#1c2430;max-width:960px;margin:2rem auto;',
  'padding:0 1rem}h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;margin:2rem 0 .5rem}',
  'dl{display:grid;grid-template-columns:repeat(3,1fr);gap:.75rem;margin:1rem 0}',
  'dl div{border:1px solid #c8d0da;border-radius:6px;padding:.6rem .8rem}dt{color:#56616f}',
  'dd{margin:0;font-size:1.15rem;font-variant-numeric:tabular-nums}dd small{color:#56616f}',
  'table{border-collapse:collapse;width:100%;margin:.5rem 0}th,td{text-align:left;',
  'border-bottom:1px solid #dde3ea;padding:.3rem .5rem;font-variant-numeric:tabular-nums}',
  'svg{display:block;width:100%;height:auto;margin:.4rem 0}figure{margin:0}',
  '@media print{body{margin:0;max-width:none;font-size:11px}tr,figure,dl div{',
  'break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact}}@page{margin:15mm}',
].join('')

function tell({ count, totalKrw }: Figure): string {
  return `${NUMBER.format(count)} · ₩${NUMBER.format(totalKrw)}`
}

function card(name: string, it: Figure): string {
  const count = `<small>${NUMBER.format(it.count)} refunds</small>`
  return `<div><dt>${escaped(name)}</dt><dd>₩${NUMBER.format(it.totalKrw)}<br>${count}</dd></div>`
}

function legend(): string {
  const parts = (['paid', 'pending', 'bounced'] as const).map((name, index) => {
    const x = index * 110
    return (
      `<rect x="${x}" y="4" width="12" height="12" fill="${COLOURS[name]}"/>` +
      `<text x="${x + 18}" y="14" font-size="12">${name}</text>`
    )
  })
  return `<svg viewBox="0 0 900 20" role="img" aria-label="Legend">${parts.join('')}</svg>`
}

/** As long as the batch is large beside the largest one, in its parts. */
function batchBar({ batches }: PayoutReport, it: PayoutReport['batches'][number]): string {
  const most = Math.max(1, ...batches.map(({ due }) => due.totalKrw))
  let x = 190
  const parts = (['paid', 'pending', 'bounced'] as const).map((name) => {
    const width = (it[name].totalKrw / most) * 500
    const part = `<rect x="${x.toFixed(1)}" y="4" width="${width.toFixed(1)}" height="18" `
    x += width
    return `${part}fill="${COLOURS[name]}"><title>${name} ${tell(it[name])}</title></rect>`
  })
  const label = escaped(`${it.payoutOn}, batch ${it.batchId}`)
  return (
    `<figure><svg viewBox="0 0 900 26" role="img" aria-label="${label}">` +
    `<text x="0" y="18" font-size="13">${label}</text>${parts.join('')}` +
    `<text x="${(x + 8).toFixed(1)}" y="18" font-size="13">₩${NUMBER.format(it.due.totalKrw)}` +
    `</text></svg></figure>`
  )
}

function chart(rows: readonly (readonly [string, number])[]): string {
  if (rows.length === 0) return '<p>None.</p>'
  const most = Math.max(1, ...rows.map(([, value]) => value))
  const bars = rows.map(([label, value], index) => {
    const width = (value / most) * 480
    const y = index * 26
    return (
      `<text x="0" y="${y + 17}" font-size="13">${escaped(label)}</text>` +
      `<rect x="310" y="${y + 4}" width="${width.toFixed(1)}" height="16" ` +
      `fill="${COLOURS.held}"/>` +
      `<text x="${(width + 318).toFixed(1)}" y="${y + 17}" font-size="13">` +
      `${NUMBER.format(value)}</text>`
    )
  })
  const height = rows.length * 26
  return `<figure><svg viewBox="0 0 900 ${height}" role="img">${bars.join('')}</svg></figure>`
}

function table(
  head: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): string {
  if (rows.length === 0) return ''
  const cells = (tag: string, row: readonly (string | number | undefined)[]): string =>
    `<tr>${row.map((it) => `<${tag}>${escaped(String(it ?? ''))}</${tag}>`).join('')}</tr>`
  return `<table>${cells('th', head)}${rows.map((row) => cells('td', row)).join('')}</table>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (it) => `&#${it.charCodeAt(0)};`)
}
