import type { Conversation, ProbeContext, TcpProbe } from '../model/probe.ts'
import { asBanner, authority, body, finalHead, header, request } from './message.ts'
import { asText, Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Asks a printer for its make and model (Get-Printer-Attributes, IPP/1.1), which reads and prints nothing. What proves it: an
 * answer of IPP with the request's number, or a refusal by a server that names IPP in its Server header (RFC 8010, RFC 8011).
 */
export const ipp: TcpProbe = {
  id: 'ipp',
  transport: 'tcp',
  ports: [631],
  sends: 'one Get-Printer-Attributes request for printer-make-and-model, by POST to /',
  harmless: 'the operation reads one attribute; no job is made, listed or printed',
  identity: 'an IPP answer with the request’s number, or a refusal with IPP in the Server header',
  reference: 'RFC 8010 §3, RFC 8011 §4.2.5',
  talk: conversation,
}

/** No one else's: `CENS`. */
const requestId = 0x43_45_4e_53

function* conversation(context: ProbeContext): Conversation {
  const talk = new Talk(context.tls)
  const operation = getPrinterAttributes(`ipp://${authority(context)}/`)
  const fields = ['Content-Type: application/ipp', `Content-Length: ${operation.length}`]
  const asked = request(context, { method: 'POST', defaultPort: 631, fields })
  yield* talk.send(Buffer.concat([Buffer.from(asked, 'latin1'), operation]))
  const answer = yield* finalHead(talk)
  if (answer === undefined) return undefined
  const found = { module: 'ipp', banner: asBanner(answer), hostnames: certificateNames(talk.tls), tags: [] }
  const refused = [401, 403, 426].includes(answer.status) && /\bIPP\/\d/.test(header(answer, 'server') ?? '')
  if (refused) return found
  const told = yield* body(talk, answer)
  if (answer.status !== 200 || !isAnswer(told)) return undefined
  const model = makeAndModel(told)
  return model === undefined ? found : { ...found, product: model }
}

const attribute = (tag: number, name: string, value: string): Buffer => {
  const [nameLength, valueLength] = [Buffer.alloc(2), Buffer.alloc(2)]
  nameLength.writeUInt16BE(name.length)
  valueLength.writeUInt16BE(value.length)
  return Buffer.concat([Buffer.of(tag), nameLength, Buffer.from(name), valueLength, Buffer.from(value)])
}

function getPrinterAttributes(uri: string): Buffer {
  const start = Buffer.from([1, 1, 0, 0x0b, 0, 0, 0, 0, 0x01])
  start.writeUInt32BE(requestId, 4)
  return Buffer.concat([
    start,
    attribute(0x47, 'attributes-charset', 'utf-8'),
    attribute(0x48, 'attributes-natural-language', 'en'),
    attribute(0x45, 'printer-uri', uri),
    attribute(0x44, 'requested-attributes', 'printer-make-and-model'),
    Buffer.of(0x03),
  ])
}

/** Version 1 or 2, a status of success or of an error, and the request's number. */
const isAnswer = (told: Buffer): boolean =>
  told.length >= 8 &&
  [1, 2].includes(told.readUInt8(0)) &&
  [0, 4, 5].includes(told.readUInt8(2)) &&
  told.readUInt32BE(4) === requestId

function makeAndModel(told: Buffer): string | undefined {
  for (let at = 8; at < told.length;) {
    const tag = told.readUInt8(at++)
    // Marks of groups have neither name nor value; the third is the end.
    if (tag === 0x03) return undefined
    if (tag < 0x10) continue
    if (at + 2 > told.length) return undefined
    const nameEnd = at + 2 + told.readUInt16BE(at)
    if (nameEnd + 2 > told.length) return undefined
    const name = told.toString('latin1', at + 2, nameEnd)
    at = nameEnd + 2 + told.readUInt16BE(nameEnd)
    if (at > told.length) return undefined
    if (name === 'printer-make-and-model' && tag === 0x41) return asText(told.subarray(nameEnd + 2, at)).slice(0, 127)
  }
  return undefined
}
