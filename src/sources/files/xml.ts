import { SaxesParser } from 'saxes'

/** What an XML input consists of, as far as the readers need it. `line` counts from 1 over the whole input. */
export type XmlEvent =
  | {
      readonly kind: 'open'
      readonly line: number
      readonly name: string
      readonly attributes: Readonly<Record<string, string>>
    }
  /** `text`: the character data directly before the closing tag. */
  | { readonly kind: 'close'; readonly line: number; readonly name: string; readonly text: string }
  /** Not well-formed here; errors without an element between them come as one. */
  | { readonly kind: 'error'; readonly line: number; readonly message: string }
  /** One construct was larger or deeper than allowed: the rest of the input is not read. */
  | { readonly kind: 'too-large'; readonly line: number; readonly message: string }

const chunkLength = 16_384
const maxDepth = 1000
const maxNameLength = 256

/** Characters XML 1.0 forbids (§2.2): scanners print them all the same, and a NUL must not cost a record. */
// oxlint-disable-next-line no-control-regex
const forbidden = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu

/**
 * Streams the elements of one or several XML documents that follow each other. Only the five predefined entities and
 * numeric character references are replaced: a DTD is skipped unread, so no entity it declares exists and nothing is
 * ever fetched (an undeclared entity is an `error`, its text stays as it was). At most `maxBytes` of one tag, text,
 * comment or DTD are held. Never throws on content. XML 1.0, fifth edition.
 */
export async function* xmlEvents(input: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<XmlEvent> {
  // A fragment may have several roots: scans are often concatenated. That makes XML declarations between them errors,
  // which the readers ignore outside a root element.
  const parser = new SaxesParser<{ fragment: true; xmlns?: false }>({ fragment: true })
  let queue: XmlEvent[] = []
  let text = ''
  let depth = 0
  let silence = 0
  let inError = false
  let tooLarge: string | undefined
  const progress = (): void => void (silence = 0)

  parser.on('error', (error) => {
    if (!inError) queue.push({ kind: 'error', line: parser.line, message: error.message.replace(/^\d+:\d+: /, '') })
    inError = true
  })
  parser.on('opentag', (tag) => {
    progress()
    inError = false
    text = ''
    depth++
    if (depth > maxDepth) tooLarge = `elements nested more than ${maxDepth} deep`
    if (tag.name.length > maxNameLength) tooLarge = 'an element name too long to be one'
    queue.push({ kind: 'open', line: parser.line, name: tag.name, attributes: tag.attributes })
    // The parser keeps every open tag: without this, deep nesting would keep all their attributes too.
    tag.attributes = {}
  })
  parser.on('closetag', (tag) => {
    progress()
    inError = false
    depth--
    queue.push({ kind: 'close', line: parser.line, name: tag.name, text })
    text = ''
  })
  parser.on('text', (part) => {
    progress()
    text = part
  })
  for (const other of ['comment', 'cdata', 'doctype', 'processinginstruction'] as const) parser.on(other, progress)

  const feed = function* (decoded: string): Generator<XmlEvent> {
    const clean = decoded.replace(forbidden, '\uFFFD')
    for (let start = 0; start < clean.length && tooLarge === undefined; start += chunkLength) {
      const chunk = clean.slice(start, start + chunkLength)
      silence += chunk.length
      parser.write(chunk)
      if (silence > maxBytes) tooLarge = `a tag, text or comment of more than ${maxBytes} bytes`
      yield* queue
      queue = []
    }
  }
  const decoder = new TextDecoder('utf-8')
  for await (const bytes of input) {
    yield* feed(decoder.decode(bytes, { stream: true }))
    if (tooLarge !== undefined) break
  }
  yield* feed(decoder.decode())
  if (tooLarge !== undefined) yield { kind: 'too-large', line: parser.line, message: tooLarge }
}
