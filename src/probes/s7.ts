import type { TcpProbe } from '../model/probe.ts'
import { Bytes, given, lines, words } from './bytes.ts'
import { Talk, type Step } from './talk.ts'

/** Class 0 connection: from TSAP 01.00 (a programming device) to 01.02 (rack 0, slot 2); units of 1024 bytes. */
const connect = Buffer.from('0300001611e00000001400c1020100c2020102c0010a', 'hex')
const reference = 0x4543
/** One job at a time, 480 bytes. */
const setUp = Buffer.from('0300001902f08032010000454300080000f0000001000101e0', 'hex')
/** Function group 4 (the processor), 1: read a list of the system's state. @param list its id */
const readList = (list: number): Buffer =>
  Buffer.from(
    `0300002102f080320700004543000800080001120411440100ff090004${list.toString(16).padStart(4, '0')}0000`,
    'hex',
  )

const modules = 0x0011
const components = 0x001c

/**
 * Connects as a programming device does, agrees on the size of messages and reads two lists: of the module's order number and
 * of the components' names; a serial number in the latter is not kept. What proves it: the answer to the agreement; ISO
 * transport alone proves nothing, as others speak it on that port too.
 */
export const s7: TcpProbe = {
  id: 's7',
  transport: 'tcp',
  ports: [102],
  sends: 'a COTP connection request, Setup communication, and reads of the system status lists 0x0011 and 0x001C',
  harmless:
    'these lists are for identification; no data block is read, nothing written, no mode changed, no password sent',
  identity: 'an S7 acknowledgement of Setup communication',
  reference: 'RFC 1006, ISO 8073, Siemens S7-300/400 System Software Reference (system status lists)',
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(connect)
    const confirmed = yield* packet(peer)
    if (confirmed === undefined || confirmed[1] !== 0xd0) return undefined
    yield* peer.send(setUp)
    const agreed = yield* packet(peer)
    if (!isOfS7(agreed, 0x03)) return undefined
    const about = yield* read(peer, modules, 28)
    const named = yield* read(peer, components, 34)
    const module = textOf(about.get(1)?.subarray(0, 20))
    const product = textOf(named.get(7))
    const version = versionOf(about.get(7))
    const facts = {
      'PLC name': textOf(named.get(1)),
      'Module name': textOf(named.get(2)),
      'Plant identification': textOf(named.get(3)),
      Copyright: textOf(named.get(4)),
      'Module type': product,
      Module: module,
      'Basic Hardware': textOf(about.get(6)?.subarray(0, 20)),
      'Basic Firmware': version,
    }
    return { module: 's7', banner: lines(facts), ...given({ product: product || module, version }) }
  },
}

const mostPacket = 1024

/** What a packet of TPKT carries. */
function* packet(peer: Talk): Step<Buffer | undefined> {
  const header = yield* peer.take(4)
  if (header === undefined || header[0] !== 3) return undefined
  const length = header.readUInt16BE(2)
  return length < 7 || length > mostPacket ? undefined : yield* peer.take(length - 4)
}

/** Whether it is data of COTP with a message of S7, of that kind and to that request. */
const isOfS7 = (said: Buffer | undefined, kind: number): said is Buffer =>
  said !== undefined &&
  said.length >= 15 &&
  said.subarray(0, 5).equals(Buffer.of(0x02, 0xf0, 0x80, 0x32, kind)) &&
  said.readUInt16BE(7) === reference

/** Records of a list by their indexes; none where the list is refused. */
function* read(peer: Talk, list: number, size: number): Step<ReadonlyMap<number, Buffer>> {
  const records = new Map<number, Buffer>()
  yield* peer.send(readList(list))
  const said = yield* packet(peer)
  if (!isOfS7(said, 0x07)) return records
  const bytes = new Bytes(said.subarray(9))
  const parameters = bytes.number(2)
  bytes.take(2 + parameters)
  const [result, , , id] = [bytes.number(1), bytes.take(1), bytes.take(2), bytes.number(2)]
  bytes.take(2)
  const [length, count] = [bytes.number(2), bytes.number(2)]
  if (bytes.isShort || result !== 0xff || id !== list || length !== size) return records
  for (let at = 0; at < count && bytes.left >= size; at++) records.set(bytes.number(2), bytes.take(size - 2))
  return records
}

/** Text up to a zero. */
const textOf = (bytes: Buffer | undefined): string => words(bytes?.toString('latin1').split('\0', 1)[0] ?? '').trim()

/** Of the firmware's record: its last four bytes are a V and three numbers. */
const versionOf = (record: Buffer | undefined): string =>
  record?.[22] === 0x56 ? [...record.subarray(23, 26)].join('.') : ''
