/**
 * XML from outside, hostile until read: a parser that is told of elements and texts, and refuses
 * whatever the bank's messages never need. It holds one slice, one unfinished construct and the
 * names of open elements, however large the file and whatever is in it.
 */
import { SaxesParser } from 'saxes'
import type { SaxesTagNS } from 'saxes'
import { RedressError } from '../errors.js'

export interface XmlElement {
  readonly namespace: string
  /** Without its prefix. */
  readonly name: string
  readonly attribute: (name: string) => string | undefined
}

export interface XmlHandler {
  readonly open: (element: XmlElement) => void
  /** A run of text or CDATA; an element's text may come in several. */
  readonly text: (text: string) => void
  readonly close: () => void
}

const MAX_BYTES = 1024 ** 3
const MAX_DEPTH = 64
const MAX_ATTRIBUTES = 32
/** A tag, comment, text or declaration is no longer; pain.002 allows texts of 500 characters. */
const MAX_CONSTRUCT = 64 * 1024
/** Characters parsed at once: how far a construct can outgrow its limit unseen. */
const SLICE = 16 * 1024
/** Enough for a declaration; it has to be read before the bytes are decoded. */
const START_BYTES = 256
const DECLARED = /^(?:\u00ef\u00bb\u00bf)?<\?xml[^>]*?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/
const PLAIN_XML = 'plain XML without DTD, entities and processing instructions'

type Parser = SaxesParser<{ xmlns: true; position: true }>

/** One pass over one file. Every fault is a RedressError FILE_UNUSABLE at `file:line:column`. */
export class XmlReader {
  /** Characters that the parser was given, to the end of the slice it is at. */
  position = 0
  readonly #file: string
  readonly #parser: Parser
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  /** Bytes kept back until it is known how they are encoded; undefined from then on. */
  #start: Buffer | undefined = Buffer.alloc(0)
  #bytes = 0
  #depth = 0
  /** Characters since the parser last had something whole to tell. */
  #unfinished = 0

  constructor(file: string, handler: XmlHandler) {
    this.#file = file
    this.#parser = new SaxesParser({ xmlns: true, position: true })
    this.#refuseForms()
    this.#tell(handler)
  }

  /**
   * The bytes in slices, so that what a slice told can be taken before the next is read.
   * @throws RedressError FILE_UNUSABLE
   */
  *write(bytes: Uint8Array): Generator<void, void> {
    this.#bytes += bytes.length
    if (this.#bytes > MAX_BYTES) throw this.fault('is larger than 1 GiB', 'at most 1 GiB')
    if (this.#start === undefined) return yield* this.#decode(bytes)
    this.#start = Buffer.concat([this.#start, bytes])
    if (this.#start.length >= START_BYTES) yield* this.#begin()
  }

  /** @throws RedressError FILE_UNUSABLE when the file ends before its root does. */
  *end(): Generator<void, void> {
    if (this.#start !== undefined) yield* this.#begin()
    if (this.#bytes === 0) throw this.fault('is empty', 'an XML document')
    try {
      this.#decoder.decode()
    } catch {
      throw this.fault('ends within a character', 'UTF-8')
    }
    this.#parser.close()
    yield
  }

  /** At the place that was read last. The problem never quotes what the file says. */
  fault(problem: string, expected: string): RedressError {
    const { line, column } = this.#parser
    const where = `${this.#file}:${line}:${Math.max(1, column)}`
    return new RedressError('FILE_UNUSABLE', { where, problem, expected })
  }

  *#begin(): Generator<void, void> {
    const start = this.#start ?? Buffer.alloc(0)
    this.#start = undefined
    const [a, b] = start
    if ((a === 0xfe && b === 0xff) || (a === 0xff && b === 0xfe) || a === 0 || b === 0) {
      throw this.fault('is UTF-16 or UTF-32', 'UTF-8')
    }
    if (a === 0x1f && b === 0x8b) throw this.fault('is a gzip file', 'XML that is unzipped')
    const [, encoding] = DECLARED.exec(start.toString('latin1', 0, START_BYTES)) ?? []
    this.#assertUtf8(encoding)
    yield* this.#decode(start)
  }

  *#decode(bytes: Uint8Array): Generator<void, void> {
    let text: string
    try {
      text = this.#decoder.decode(bytes, { stream: true })
    } catch {
      // What is wrong before the byte is told first, and the byte's place is then the parser's.
      const [readable = ''] = new TextDecoder('utf-8').decode(bytes).split('\ufffd', 1)
      yield* this.#parse(readable)
      throw this.fault('has a byte that is not UTF-8', 'UTF-8')
    }
    yield* this.#parse(text)
  }

  *#parse(text: string): Generator<void, void> {
    for (let at = 0; at < text.length; at += SLICE) {
      const slice = text.slice(at, at + SLICE)
      this.position += slice.length
      this.#unfinished += slice.length
      this.#parser.write(slice)
      if (this.#unfinished > MAX_CONSTRUCT) throw this.#tooLong()
      yield
    }
  }

  #tell(handler: XmlHandler): void {
    this.#parser.on('opentag', (tag) => {
      this.#unfinished = 0
      this.#depth += 1
      if (this.#depth > MAX_DEPTH) {
        throw this.fault('has elements too deep in each other', `at most ${MAX_DEPTH} levels`)
      }
      handler.open(elementOf(tag))
    })
    this.#parser.on('closetag', () => {
      this.#unfinished = 0
      this.#depth -= 1
      handler.close()
    })
    // A run that began in earlier slices is told whole; only then is its length known.
    const text = (run: string): void => {
      if (run.length > MAX_CONSTRUCT) throw this.#tooLong()
      this.#unfinished = 0
      if (this.#depth > 0) handler.text(run)
    }
    this.#parser.on('text', text)
    this.#parser.on('cdata', text)
    this.#parser.on('comment', () => {
      this.#unfinished = 0
    })
  }

  #refuseForms(): void {
    const parser = this.#parser
    let attributes = 0
    parser.on('opentagstart', () => {
      attributes = 0
    })
    parser.on('attribute', () => {
      attributes += 1
      if (attributes <= MAX_ATTRIBUTES) return
      throw this.fault('has a flood of attributes', `at most ${MAX_ATTRIBUTES} an element`)
    })
    parser.on('xmldecl', ({ encoding, version }) => {
      this.#unfinished = 0
      this.#assertUtf8(encoding)
      if (version !== '1.0') throw this.fault('is of another version of XML', 'XML 1.0')
    })
    parser.on('doctype', () => {
      throw this.fault('has a document type declaration', PLAIN_XML)
    })
    parser.on('processinginstruction', () => {
      throw this.fault('has a processing instruction', PLAIN_XML)
    })
    parser.on('error', (error) => {
      throw this.#malformed(error)
    })
  }

  #assertUtf8(declared: string | undefined): void {
    if (declared === undefined || /^utf-?8$/i.test(declared)) return
    throw this.fault(`declares the encoding ${declared}`, 'UTF-8')
  }

  #tooLong(): RedressError {
    return this.fault('has a text, tag or comment of more than 64 KiB', 'shorter ones')
  }

  // The parser's own words without its place and without the names that it quotes after a colon.
  #malformed(error: Error): RedressError {
    const words = error.message.replace(/^(\d+:)+ ?/, '').split(/[:.`]/, 1)[0] ?? ''
    if (/entity/.test(words)) return this.fault('has an entity that is not built in', PLAIN_XML)
    return this.fault(`is not well-formed XML (${words.trim()})`, 'well-formed XML')
  }
}

function elementOf(tag: SaxesTagNS): XmlElement {
  return {
    namespace: tag.uri,
    name: tag.local,
    attribute: (name) => tag.attributes[name]?.value,
  }
}
