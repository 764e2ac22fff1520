import type { Outcome } from '../../model/observation.ts'
import type { ReadOptions, Reader, Reading } from '../../model/reader.ts'
import { lines } from './lines.ts'
import { isMasscan, scannedPorts } from './nmap-xml.ts'
import { at, observation, text } from './observation.ts'

/**
 * masscan's outputs: JSON (`-oJ`, also with the trailing commas and `{finished: 1}` of old versions), NDJSON (`-oD`),
 * list (`-oL`) and XML (`-oX`): https://github.com/robertdavidgraham/masscan/blob/master/doc/masscan.8.markdown, and
 * src/out-json.c, out-ndjson.c, out-text.c, out-xml.c there. An open port and each banner of it are records of their
 * own, as masscan prints them; the newest speaks for the endpoint. ICMP and ARP answers keep port 0 and their transport.
 */
export const masscan: Reader = {
  id: 'masscan',
  source: 'masscan',
  title: 'masscan JSON, NDJSON, list or XML (-oJ, -oD, -oL, -oX)',
  detect: ({ text: head }) =>
    head.startsWith(binaryMagic) || isMasscan(head) || looksLikeList(head) || looksLikeJson(head),
  async *read(input, options) {
    const iterator = input[Symbol.asyncIterator]()
    try {
      const { start, whole } = await peek(iterator)
      if (start.startsWith(binaryMagic)) yield* refuseBinary()
      else if (start.startsWith('<')) yield* readXml(whole, options)
      else yield* readLines(whole, options)
    } finally {
      await iterator.return?.()
    }
  },
}

const binaryMagic = 'masscan/1.'

const looksLikeList = (head: string): boolean =>
  /^\s*#masscan\b/.test(head) ||
  /^\s*(open|closed|up|unknown|banner) (tcp|udp|sctp|icmp|arp) \d+ [\d.:a-f]+ \d+/i.test(head)

/** masscan's own keys in masscan's own order, past what surrounds the first record. */
const looksLikeJson = (head: string): boolean =>
  /^(\s|#[^\n]*\n|[[,])*\{\s*"ip":\s*"[^"]*",\s*("timestamp":\s*"\d+",\s*)?("ports":\s*\[\s*\{\s*"port":\s*\d+,\s*"proto"|"port":\s*\d+,\s*"proto":\s*"[^"]*",\s*"rec_type")/.test(
    head,
  ) || /^\s*\[?\s*\{\s*"?finished"?:\s*1\s*\}/.test(head)

function* refuseBinary(): Generator<Reading> {
  const detail = 'binary masscan output: convert it with masscan --readscan FILE -oJ out.json'
  yield { kind: 'reject', line: 1, reason: 'not-a-record', detail }
  yield { kind: 'cut', line: 1, detail }
}

async function* readXml(input: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Reading> {
  for await (const item of scannedPorts(input, options.maxRecordBytes)) {
    if (item.kind !== 'port') {
      yield item
      continue
    }
    const { host, port, protocol, state, service, runStart } = item
    const banner = text(at(service, 'banner'))
    yield record(item.line, options, {
      ip: host.address,
      port,
      transport: protocol,
      time: host.endTime ?? runStart,
      status: state,
      module: at(service, 'name'),
      banner: banner === undefined ? undefined : unescaped(banner),
    })
  }
}

async function* readLines(input: AsyncIterable<Uint8Array>, options: ReadOptions): AsyncGenerator<Reading> {
  // What was opened and has to be closed again, or the file was cut off: `[` by `]`, `#masscan` by `# end`.
  let unclosed: string | undefined
  let number = 1
  for await (const { bytes, number: line, tooLong, last } of lines(input, options.maxRecordBytes)) {
    number = line
    if (tooLong) {
      yield { kind: 'reject', line, reason: 'line-too-long', text: bytes.toString('utf8') }
      continue
    }
    const content = bytes.toString('utf8').trim()
    if (/^#\s*masscan/i.test(content)) unclosed = '# end'
    else if (/^#\s*end\b/i.test(content)) unclosed = undefined
    if (content === '' || content.startsWith('#')) continue
    if (content.startsWith('[')) unclosed = ']'
    const readings = /^[[\]{,]/.test(content)
      ? jsonReadings(content, line, options)
      : [listReading(content, line, options)]
    if (last && readings.length === 1 && readings[0]?.kind === 'reject') unclosed ??= 'the end of its last line'
    else yield* readings
    if (content.endsWith(']')) unclosed = undefined
  }
  if (unclosed !== undefined) yield { kind: 'cut', line: number, detail: `the input ends before ${unclosed}` }
}

function jsonReadings(content: string, line: number, options: ReadOptions): Reading[] {
  // One object a line, between the brackets and commas of the array around them: those may be missing or too many.
  const bare = content.replace(/^[\s,]+|[\s,]+$/g, '')
  if (bare === '' || bare === '[' || bare === ']' || /^\{\s*"?finished"?:\s*1\s*\}\s*\]?$/.test(bare)) return []
  const value = parsed(bare) ?? parsed(bare.replace(/^\[\s*/, '')) ?? parsed(bare.replace(/\s*\]$/, ''))
  if (value === undefined) return [{ kind: 'reject', line, reason: 'not-json', text: content.slice(0, 1000) }]
  return (Array.isArray(value) ? value : [value]).flatMap((item: unknown) => jsonRecord(item, line, options, content))
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json) ?? undefined
  } catch {
    return undefined
  }
}

function jsonRecord(item: unknown, line: number, options: ReadOptions, excerpt: string): Reading[] {
  if (at(item, 'finished') !== undefined) return []
  const common = { ip: at(item, 'ip'), time: at(item, 'timestamp') }
  const ports = at(item, 'ports')
  if (Array.isArray(ports))
    return ports.map((port: unknown) =>
      record(
        line,
        options,
        {
          ...common,
          port: at(port, 'port'),
          transport: at(port, 'proto'),
          status: at(port, 'status'),
          module: at(port, 'service', 'name'),
          banner: bytesAsText(at(port, 'service', 'banner')),
        },
        excerpt,
      ),
    )
  if (common.ip === undefined || at(item, 'port') === undefined)
    return [{ kind: 'reject', line, reason: 'not-a-record', text: excerpt.slice(0, 1000) }]
  return [
    record(
      line,
      options,
      {
        ...common,
        port: at(item, 'port'),
        transport: at(item, 'proto'),
        status: at(item, 'data', 'status'),
        module: at(item, 'data', 'service_name'),
        banner: bytesAsText(at(item, 'data', 'banner')),
      },
      excerpt,
    ),
  ]
}

/** `open tcp 80 192.0.2.1 1629960470` or `banner tcp 80 192.0.2.1 1629960472 http HTTP/1.0 404 …`. A shorter time was cut off. */
function listReading(content: string, line: number, options: ReadOptions): Reading {
  const match = /^([a-z]+) ([a-z]+) (\S+) (\S+) (\d{10,})(?: (\S+)(?: (.*))?)?$/s.exec(content)
  if (!match) return { kind: 'reject', line, reason: 'not-a-record', text: content.slice(0, 1000) }
  const [, status, transport, port, ip, time, module, banner] = match
  const common = { ip, port, transport, time }
  if (status !== 'banner') return record(line, options, { ...common, status }, content)
  return record(line, options, { ...common, module: module ?? 'unknown', banner: unescaped(banner ?? '') }, content)
}

interface MasscanRecord {
  readonly ip: unknown
  readonly port: unknown
  readonly transport: unknown
  readonly time: unknown
  readonly status?: unknown
  /** Only banners have one: an application answered. */
  readonly module?: unknown
  readonly banner?: unknown
}

function record(line: number, options: ReadOptions, from: MasscanRecord, excerpt?: string): Reading {
  const { ip, port, transport, time, module, banner } = from
  const outcome = text(module) === undefined ? statusOutcome(text(from.status)) : 'answered'
  return observation(
    'masscan',
    line,
    { ip, port, transport, observedAt: time ?? options.observedAt, outcome, module, banner },
    excerpt,
  )
}

function statusOutcome(status: string | undefined): Outcome {
  if (status === 'open' || status === 'up') return 'open'
  return status === 'closed' || status === 'rst' ? 'closed' : 'failed'
}

/** masscan prints bytes that are not plain ASCII as `\xHH` in lists and XML, the backslash itself too. */
const unescaped = (banner: string): string | undefined =>
  bytesAsText(banner.replace(/\\x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))))

/** masscan prints each byte as a character of its own: where the bytes are UTF-8, they are read as that. */
function bytesAsText(banner: unknown): string | undefined {
  const given = text(banner)
  // oxlint-disable-next-line no-control-regex
  if (given === undefined || !/[\x80-\xff]/.test(given) || /[^\x00-\xff]/.test(given)) return given
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(given, 'latin1'))
  } catch {
    return given
  }
}

/** The first characters of an input, past a BOM and blanks, and the whole input again. */
async function peek(iterator: AsyncIterator<Uint8Array>): Promise<{ start: string; whole: AsyncIterable<Uint8Array> }> {
  const seen: Uint8Array[] = []
  let start = ''
  while (start.length < binaryMagic.length) {
    const next = await iterator.next()
    if (next.done === true) break
    seen.push(next.value)
    start += Buffer.from(next.value).toString('latin1', 0, 64)
    start = start.replace(/^(\xEF\xBB\xBF)?\s+|^\xEF\xBB\xBF/, '')
  }
  const whole = async function* (): AsyncGenerator<Uint8Array> {
    yield* seen
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  }
  return { start, whole: whole() }
}
