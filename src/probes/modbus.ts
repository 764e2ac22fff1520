import type { TcpProbe } from '../model/probe.ts'
import { Bytes, given, lines } from './bytes.ts'
import { Talk } from './talk.ts'

/** What comes back as it was sent, as one connection carries one request. */
const transaction = 0x4543
const readDevice = 0x2b
const identification = 0x0e

/**
 * Reads the basic device identification. The unit is 255, the device at the address itself: 0 would be a broadcast behind a
 * gateway, and 1 to 247 machines on its serial line. What proves it: a reply with that transaction, also an exception.
 */
export const modbus: TcpProbe = {
  id: 'modbus',
  transport: 'tcp',
  ports: [502, 802],
  tlsPorts: [802],
  sends: 'one Read Device Identification (43/14) of the basic objects, to unit 255',
  harmless: 'it reads the maker’s name; no register or coil is read or written, and nothing goes to a serial line',
  identity: 'a reply with the request’s transaction id and function, or an exception to it',
  reference: 'MODBUS Application Protocol V1.1b3 §6.21, MODBUS Messaging on TCP/IP V1.0b §4.4.2.2',
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(Buffer.of(transaction >> 8, transaction & 255, 0, 0, 0, 5, 0xff, readDevice, identification, 1, 0))
    const header = yield* peer.take(7)
    if (header === undefined || header.readUInt16BE(0) !== transaction || header.readUInt16BE(2) !== 0) return undefined
    const length = header.readUInt16BE(4)
    const pdu = length < 3 || length > 254 ? undefined : yield* peer.take(length - 1)
    if (pdu === undefined) return undefined
    if (pdu[0] === (readDevice | 0x80) && length === 3) return { module: 'modbus', banner: `exception ${pdu[1]}` }
    // The function and its kind, then the code that was asked for, which tells a reply of those that were sent back from it.
    if (pdu.length < 7 || pdu[0] !== readDevice || pdu[1] !== identification || pdu[2] !== 1) return undefined
    const objects = objectsOf(new Bytes(pdu.subarray(6)))
    return {
      module: 'modbus',
      banner: lines({ VendorName: objects.get(0), ProductCode: objects.get(1), MajorMinorRevision: objects.get(2) }),
      ...given({ product: objects.get(1), version: objects.get(2) }),
    }
  },
}

/** Objects by their ids, as far as they are whole. */
function objectsOf(bytes: Bytes): ReadonlyMap<number, string> {
  const objects = new Map<number, string>()
  for (let count = bytes.number(1); count > 0; count--) {
    const id = bytes.number(1)
    const value = bytes.take(bytes.number(1))
    if (bytes.isShort) break
    objects.set(id, value.toString('latin1'))
  }
  return objects
}
