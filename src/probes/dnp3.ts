import type { TcpProbe } from '../model/probe.ts'
import { Talk } from './talk.ts'

/** From a master, from its side: request for the status of the link. */
const requestLinkStatus = 0xc9

/**
 * Stations to ask for, each with the master that it usually has: an outstation answers to its own address alone. The first is
 * for whichever it has (self-address), which few have switched on; the others are what they come with.
 */
const pairs = [
  [0xfffc, 1],
  [1, 0],
  [2, 1],
  [3, 1],
  [4, 3],
  [10, 1],
  [1024, 1],
] as const

/**
 * Asks a few link addresses for the status of their link; none of them is a broadcast. What proves it: a frame from an
 * outstation whose check sum is right.
 */
export const dnp3: TcpProbe = {
  id: 'dnp3',
  transport: 'tcp',
  ports: [20000],
  sends: `one link status request to each of the link addresses ${pairs.map(([station]) => station).join(', ')}`,
  harmless: 'the data link layer answers it alone; no point is read, nothing operated, no link reset',
  identity: 'a frame of an outstation with the start bytes and a right check sum',
  reference: 'IEEE 1815 §9',
  recognises: (first) => outstation(first) !== undefined,
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(Buffer.concat(pairs.map(([station, master]) => frame(requestLinkStatus, station, master))))
    const header = yield* peer.take(10)
    const station = header && outstation(header)
    return station === undefined ? undefined : { module: 'dnp3', banner: `Source address: ${station}` }
  },
}

/** A frame without user data, of ten bytes. */
export function frame(control: number, to: number, from: number): Buffer {
  const header = Buffer.of(0x05, 0x64, 5, control, to & 255, to >> 8, from & 255, from >> 8, 0, 0)
  header.writeUInt16LE(checkSum(header.subarray(0, 8)), 8)
  return header
}

/** The address of the outstation that these first bytes are of. */
function outstation(bytes: Buffer): number | undefined {
  if (bytes.length < 10 || bytes[0] !== 0x05 || bytes[1] !== 0x64 || (bytes[2] ?? 0) < 5) return undefined
  // The highest bit of the control byte is set by masters: what was sent comes back from an echo.
  if (((bytes[3] ?? 0) & 0x80) !== 0 || bytes.readUInt16LE(8) !== checkSum(bytes.subarray(0, 8))) return undefined
  return bytes.readUInt16LE(6)
}

/** CRC-16/DNP: polynomial 0x3D65 from its lowest bit, inverted at the end. */
export function checkSum(bytes: Uint8Array): number {
  let sum = 0
  for (const byte of bytes) {
    sum ^= byte
    for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 0 ? sum >> 1 : (sum >> 1) ^ 0xa6bc
  }
  return ~sum & 0xffff
}
