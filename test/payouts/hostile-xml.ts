/** Files that a bank would never send, and what is said of each in one line. */

export interface HostileXml {
  readonly name: string
  readonly bytes: () => Uint8Array
  /** Within the one line, after `answer.xml:`. */
  readonly says: RegExp
}

const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:pain.002.001.14'
const GROUP =
  '<GrpHdr><MsgId>B</MsgId></GrpHdr>' +
  '<OrgnlGrpInfAndSts><OrgnlMsgId>M</OrgnlMsgId></OrgnlGrpInfAndSts>'
const OPEN = `<Document xmlns="${NAMESPACE}"><CstmrPmtStsRpt>${GROUP}`
const CLOSE = '</CstmrPmtStsRpt></Document>'

export function aReport(inner: string): string {
  return OPEN + inner + CLOSE
}

function tx(inner: string): string {
  const id = '<OrgnlPmtInfId>P</OrgnlPmtInfId>'
  const transaction = `<TxInfAndSts>${inner}</TxInfAndSts>`
  return aReport(`<OrgnlPmtInfAndSts>${id}${transaction}</OrgnlPmtInfAndSts>`)
}

function text(name: string, content: string, says: RegExp): HostileXml {
  return { name, bytes: () => Buffer.from(content), says }
}

function bytes(name: string, content: () => Uint8Array, says: RegExp): HostileXml {
  return { name, bytes: content, says }
}

const good = tx('<OrgnlEndToEndId>E</OrgnlEndToEndId><TxSts>ACSC</TxSts>')
const LAUGHS = Array.from({ length: 12 }, (_, at) => {
  return `<!ENTITY l${at + 1} "${`&l${at};`.repeat(10)}">`
}).join('')

const DTDS: readonly HostileXml[] = [
  text(
    'a billion laughs',
    `<!DOCTYPE Document [<!ENTITY l0 "ha">${LAUGHS}]>${tx('<TxSts>&l12;</TxSts>')}`,
    /document type declaration/,
  ),
  text(
    'one entity of great length, asked for often',
    `<!DOCTYPE d [<!ENTITY a "${'a'.repeat(40_000)}">]>${tx(`<a>${'&a;'.repeat(900)}</a>`)}`,
    /document type declaration/,
  ),
  text(
    'an entity that is a file',
    `<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>${tx('<TxSts>&a;</TxSts>')}`,
    /document type declaration/,
  ),
  text(
    'an entity that is somewhere else',
    `<!DOCTYPE d [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a"> %a;]>${good}`,
    /document type declaration/,
  ),
  text(
    'a DTD that is somewhere else',
    `<!DOCTYPE Document SYSTEM "http://127.0.0.1:9/a.dtd">${good}`,
    /document type declaration/,
  ),
  text('a DTD with nothing in it', `<!DOCTYPE Document>${good}`, /document type declaration/),
  text(
    'a DTD that does not end',
    `<!DOCTYPE d [<!ENTITY a "${'a'.repeat(300_000)}`,
    /more than 64 KiB/,
  ),
  text('an entity nobody defined', tx('<TxSts>&boom;</TxSts>'), /entity that is not built in/),
  text('an entity of objects', tx('<TxSts>&constructor;</TxSts>'), /entity that is not built in/),
  text('an entity of a control', tx('<TxSts>&#0;</TxSts>'), /entity that is not built in/),
  text('an entity of half a pair', tx('<TxSts>&#xD800;</TxSts>'), /entity that is not built in/),
  text('an entity that does not end', tx(`<TxSts>&${'a'.repeat(300_000)}`), /more than 64 KiB/),
]

const FLOODS: readonly HostileXml[] = [
  text('elements 100,000 deep', '<a>'.repeat(100_000), /another kind of XML/),
  text('elements too deep inside', aReport('<a>'.repeat(100)), /at most 64 levels/),
  text(
    'attributes without end',
    aReport(`<a ${Array.from({ length: 5_000 }, (_, at) => `a${at}="1"`).join(' ')}/>`),
    /at most 32 an element/,
  ),
  text(
    'namespaces without end',
    aReport(`<a ${Array.from({ length: 50 }, (_, at) => `xmlns:a${at}="u"`).join(' ')}/>`),
    /at most 32 an element/,
  ),
  text('an attribute of great length', aReport(`<a b="${'b'.repeat(200_000)}"/>`), /64 KiB/),
  text('a name of great length', aReport(`<${'a'.repeat(200_000)}/>`), /64 KiB/),
  text('a tag of spaces', aReport(`<a${' '.repeat(200_000)}/>`), /64 KiB/),
  text('a text of great length', aReport(`<a>${'a'.repeat(200_000)}</a>`), /64 KiB/),
  text('a comment of great length', aReport(`<!--${'<'.repeat(200_000)}-->`), /64 KiB/),
  text('CDATA of great length', aReport(`<![CDATA[${'<'.repeat(200_000)}]]>`), /64 KiB/),
  text('spaces before the root', `${' '.repeat(200_000)}${good}`, /64 KiB/),
  text('spaces behind the root', `${good}${'\n'.repeat(200_000)}`, /64 KiB/),
  text(
    'a value that comments hold together',
    tx(`<TxSts>${`${'A'.repeat(1_000)}<!---->`.repeat(90)}</TxSts>`),
    /more than 35 characters/,
  ),
  text(
    'an id longer than any',
    tx(`<OrgnlEndToEndId>${'E'.repeat(36)}</OrgnlEndToEndId>`),
    /more than 35 characters/,
  ),
]

const utf16 = (content: string): Buffer => Buffer.from(content, 'utf16le')
const BE = Buffer.from(utf16('\ufeff<a/>')).swap16()
const declaring = (encoding: string): string =>
  `<?xml version="1.0" encoding="${encoding}"?>${good}`

const ENCODINGS: readonly HostileXml[] = [
  bytes('UTF-16 with its mark', () => utf16(`\ufeff${good}`), /is UTF-16 or UTF-32/),
  bytes('UTF-16 the other way round', () => BE, /is UTF-16 or UTF-32/),
  bytes('UTF-16 without a mark', () => utf16(good), /is UTF-16 or UTF-32/),
  text('UTF-16 in word only', declaring('UTF-16'), /declares the encoding UTF-16/),
  bytes(
    'EUC-KR, declared',
    () => Buffer.concat([Buffer.from(declaring('euc-kr')), Buffer.of(0xb0, 0xa1)]),
    /declares the encoding euc-kr/,
  ),
  bytes(
    'EUC-KR, undeclared',
    () => Buffer.concat([Buffer.from(`${OPEN}\n<a>`), Buffer.of(0xb0, 0xa1), Buffer.from('</a>')]),
    /^2:3: has a byte that is not UTF-8/,
  ),
  bytes(
    'an overlong character',
    () => Buffer.concat([Buffer.from(`${OPEN}<a>`), Buffer.of(0xc0, 0xbc, 0x2f, 0x61)]),
    /not UTF-8/,
  ),
  bytes(
    'half a pair in bytes',
    () => Buffer.concat([Buffer.from(`${OPEN}<a>`), Buffer.of(0xed, 0xa0, 0x80, 0x61)]),
    /not UTF-8/,
  ),
  bytes(
    'a character that the end cuts',
    () => Buffer.concat([Buffer.from(good), Buffer.of(0xea, 0xb0)]),
    /ends within a character/,
  ),
  bytes('a gzip file', () => Buffer.of(0x1f, 0x8b, 8, 0, 0, 0), /is a gzip file/),
  text('XML 1.1', `<?xml version="1.1"?>${good}`, /another version of XML/),
]

const FORMS: readonly HostileXml[] = [
  bytes('nothing', () => Buffer.alloc(0), /^1:1: is empty/),
  text('spaces only', '  \n ', /not well-formed/),
  text('no XML', 'line_id,status\n1,settled\n', /not well-formed/),
  bytes('zeros', () => Buffer.alloc(4_096), /is UTF-16 or UTF-32/),
  text('an end in the middle', good.slice(0, -30), /not well-formed XML \(unclosed tag/),
  text('an end in a tag', good.slice(0, -3), /not well-formed/),
  text('tags that cross', aReport('<a><b></a></b>'), /not well-formed XML \(unexpected close/),
  text('a second root', good + good, /not well-formed/),
  text('text behind the root', `${good}x`, /not well-formed/),
  text('an attribute twice', aReport('<a b="1" b="2"/>'), /duplicate attribute/),
  text('a prefix nobody bound', aReport('<p:a/>'), /unbound namespace prefix/),
  text('a control character', tx('<TxSts>AC\u0001</TxSts>'), /disallowed character/),
  text('a style sheet', `<?xml-stylesheet href="a.xsl"?>${good}`, /processing instruction/),
  text('an instruction inside', aReport('<?php 1 ?>'), /processing instruction/),
  text('a declaration inside', aReport('<?xml version="1.0"?>'), /not well-formed/),
]

const MESSAGES: readonly HostileXml[] = [
  text('another root', '<html/>', /another kind of XML; expected a pain.002/),
  text(
    'another message',
    '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"/>',
    /is a camt.054.001.08; expected a pain.002/,
  ),
  text('no namespace', '<Document><CstmrPmtStsRpt/></Document>', /another kind of XML/),
  text('no message', `<Document xmlns="${NAMESPACE}"/>`, /says nothing of an original message/),
  text('two messages', aReport('</CstmrPmtStsRpt><CstmrPmtStsRpt>'), /has a second message/),
  text('two groups', aReport(GROUP), /has a second group/),
  text('two statuses', tx('<TxSts>ACSC</TxSts><TxSts>RJCT</TxSts>'), /has a value twice/),
  text('no status anywhere', tx('<OrgnlEndToEndId>E</OrgnlEndToEndId>'), /without a status/),
  text('a status in words', tx('<TxSts>settled</TxSts>'), /status that is no code/),
  text('an answer before its message', good.replace(GROUP, '') + ' ', /answer to no message/),
  text(
    'a time that is none',
    tx('<TxSts>ACSC</TxSts>').replace(
      '<MsgId>B</MsgId>',
      '<MsgId>B</MsgId><CreDtTm>2026-02-30T10:00:00Z</CreDtTm>',
    ),
    /CreDtTm that is no time/,
  ),
]

export const HOSTILE_XML: readonly HostileXml[] = [
  ...DTDS,
  ...FLOODS,
  ...ENCODINGS,
  ...FORMS,
  ...MESSAGES,
]
export const GOOD_XML = good
