import type { Head, Reading, ReadOptions } from '../../model/reader.ts'
import type { JsonElement, JsonItem } from './json-items.ts'
import { JsonSplitter } from './json-splitter.ts'

/**
 * Splits an input into JSON elements (see JsonSplitter) and hands each to `read`, which gives its readings. Rejects and
 * the cut of a broken input come in their place. Records without a time take `options.observedAt`.
 */
export async function* jsonReadings(
  input: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  lists: readonly string[],
  read: (element: JsonElement) => Iterable<Reading>,
): AsyncGenerator<Reading> {
  for await (const item of jsonElements(input, options.maxRecordBytes, lists)) {
    if (item.kind === 'element') for (const reading of read(item)) yield dated(reading, options.observedAt)
    else if (item.kind !== 'envelope') yield item
  }
}

/** The reading with `observedAt` as its time if its source gave none. */
export function dated(reading: Reading, observedAt: string | undefined): Reading {
  if (reading.kind !== 'record' || observedAt === undefined || reading.observation.observedAt !== undefined)
    return reading
  return { ...reading, observation: { ...reading.observation, observedAt } }
}

/** The elements of an input, in order; see JsonSplitter. */
export async function* jsonElements(
  input: AsyncIterable<Uint8Array>,
  maxRecordBytes: number,
  lists: readonly string[],
): AsyncGenerator<JsonItem> {
  const splitter = new JsonSplitter(maxRecordBytes, lists)
  for await (const chunk of input) yield* splitter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
  yield* splitter.end()
}

const maxSamples = 20

/** What the beginning of an input shows, for detection. */
export interface JsonSample {
  /** The first elements; the first one as far as the head goes when it is longer. */
  readonly elements: readonly unknown[]
  /** The objects around lists, as far as they were seen. */
  readonly envelopes: readonly unknown[]
}

/** The first elements of an input, taken from its head alone, which may end anywhere. */
export function jsonSample(head: Head, lists: readonly string[]): JsonSample {
  const splitter = new JsonSplitter(Number.POSITIVE_INFINITY, lists)
  const items = splitter.push(Buffer.from(head.text))
  const elements = items.filter((item) => item.kind === 'element').map((item) => item.value)
  const envelopes = items.filter((item) => item.kind === 'envelope').map((item) => item.value)
  if (elements.length > 0) return { elements: elements.slice(0, maxSamples), envelopes }
  const partial = closed(splitter.unfinished())
  return { elements: partial === undefined ? [] : [partial], envelopes }
}

/** JSON that was cut off anywhere, closed behind what is whole of it; text is kept as far as it goes. */
function closed(text: string): unknown {
  let closers = ''
  let whole = { end: 0, closers: '' }
  let inString = false
  let isKey = false
  for (let at = 0; at < text.length; at++) {
    const char = text[at]
    if (inString) {
      if (char === '\\') at++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      closers = (char === '{' ? '}' : ']') + closers
      isKey = char === '{'
      whole = { end: at + 1, closers }
    } else if (char === '}' || char === ']') {
      closers = closers.slice(1)
      whole = { end: at + 1, closers }
    } else if (char === ':') isKey = false
    else if (char === ',') {
      isKey = closers.startsWith('}')
      whole = { end: at, closers }
    }
  }
  const openText = inString && !isKey ? `${text.replace(/\\(u[\da-f]{0,3})?$/i, '')}"${closers}` : undefined
  return parse(openText) ?? parse(text.slice(0, whole.end) + whole.closers)
}

function parse(text: string | undefined): unknown {
  try {
    return text ? (JSON.parse(text) as unknown) : undefined
  } catch {
    return undefined
  }
}
