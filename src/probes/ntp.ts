import type { UdpProbe } from '../model/probe.ts'

/** Mode 3 and version 4; everything else is nothing. */
const client = Buffer.alloc(48)
client[0] = (4 << 3) | 3
/** Where a packet has its origin and transmit timestamps. */
const [origin, transmit, stampBytes] = [24, 40, 8]

/**
 * Asks for the time as any client does: 48 bytes in mode 3, of which only the version and a random transmit timestamp are
 * set. What proves it: mode 4 with that timestamp as its origin.
 */
export const ntp: UdpProbe = {
  id: 'ntp',
  transport: 'udp',
  ports: [123],
  sends: 'one client request (mode 3, version 4)',
  harmless: 'it is what every computer asks its time server for; the reply is not larger',
  identity: 'a server reply (mode 4) whose origin timestamp is the request’s transmit timestamp',
  reference: 'RFC 5905 §7.3',
  matching: '64-bit transmit timestamp',
  request: (random) => {
    const packet = Buffer.from(client)
    for (let at = 0; at < stampBytes; at++) packet[transmit + at] = random[at] ?? 0
    return packet
  },
  read: (reply, request) => {
    const [first = 0] = reply
    const version = (first >> 3) & 7
    if (reply.length < 48 || (first & 7) !== 4 || version === 0) return undefined
    for (let at = 0; at < stampBytes; at++) if (reply[origin + at] !== request[transmit + at]) return undefined
    const stratum = reply[1] ?? 0
    // Milliseconds.
    const [delay, dispersion] = [reply.readUInt32BE(4) / 65.536, reply.readUInt32BE(8) / 65.536]
    const refid = referenceText(stratum, reply)
    return {
      module: 'ntp',
      banner: `version=${version}, stratum=${stratum}, leap=${first >> 6}, precision=${reply.readInt8(3)}, rootdelay=${delay.toFixed(3)}, rootdisp=${dispersion.toFixed(3)}, refid=${refid}`,
    }
  },
}

/** Four characters for primary servers and kiss-o'-death, else an address or what stands for one (RFC 5905 §7.3). */
const referenceText = (stratum: number, reply: Buffer): string =>
  stratum <= 1
    ? reply.toString('latin1', 12, 16).replaceAll(/[^\x21-\x7e]/g, '')
    : `${reply[12]}.${reply[13]}.${reply[14]}.${reply[15]}`
