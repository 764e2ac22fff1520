import type { UdpProbe } from '../model/probe.ts'

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
    const packet = Buffer.alloc(48)
    packet[0] = (4 << 3) | 3
    packet.set(random.subarray(0, 8), 40)
    return packet
  },
  read: (reply, request) => {
    const [first = 0] = reply
    const version = (first >> 3) & 7
    if (reply.length < 48 || (first & 7) !== 4 || version === 0) return undefined
    if (!reply.subarray(24, 32).equals(request.subarray(40, 48))) return undefined
    const stratum = reply[1] ?? 0
    // Milliseconds.
    const [delay, dispersion] = [reply.readUInt32BE(4) / 65.536, reply.readUInt32BE(8) / 65.536]
    const refid = referenceText(stratum, reply.subarray(12, 16))
    return {
      module: 'ntp',
      banner: `version=${version}, stratum=${stratum}, leap=${first >> 6}, precision=${reply.readInt8(3)}, rootdelay=${delay.toFixed(3)}, rootdisp=${dispersion.toFixed(3)}, refid=${refid}`,
    }
  },
}

/** Four characters for primary servers and kiss-o'-death, else an address or what stands for one (RFC 5905 §7.3). */
const referenceText = (stratum: number, id: Buffer): string =>
  stratum <= 1 ? id.toString('latin1').replaceAll(/[^\x21-\x7e]/g, '') : `${id[0]}.${id[1]}.${id[2]}.${id[3]}`
