import type { UdpProbe } from '../model/probe.ts'
import { lines } from './bytes.ts'

/** RMCP version 1.0, without acknowledgement, of class ASF; then the enterprise number of ASF. */
const header = Buffer.of(0x06, 0x00, 0xff, 0x06, 0x00, 0x00, 0x11, 0xbe)

/**
 * Asks whether a management controller is there, before any session. No authentication is asked for, by which some give
 * password hashes away. What proves it: the pong with that tag.
 */
export const ipmi: UdpProbe = {
  id: 'ipmi',
  transport: 'udp',
  ports: [623],
  sends: 'one RMCP presence ping',
  harmless: 'it asks for presence alone; no session is opened and no user named',
  identity: 'an RMCP presence pong with the ping’s tag',
  reference: 'ASF 2.0 §3.2.3.3 and §3.2.4.3, IPMI 2.0 §13.2.3',
  matching: '8-bit message tag',
  ownSocket: true,
  // Tag 255 would say that no answer is wanted.
  request: (random) => Buffer.concat([header, Buffer.of(0x80, (random[0] ?? 0) % 255, 0, 0)]),
  read: (reply, request) => {
    if (reply.length < 28 || !reply.subarray(0, 8).equals(header) || reply[8] !== 0x40) return undefined
    if (reply[9] !== request[9] || reply[11] !== 16) return undefined
    const [entities = 0, interactions = 0] = reply.subarray(20, 22)
    return {
      module: 'ipmi',
      banner: lines({
        enterprise: reply.readUInt32BE(12),
        IPMI: (entities & 0x80) === 0 ? 'no' : 'yes',
        ASF: entities & 15,
        'security extensions': (interactions & 0x80) === 0 ? 'no' : 'yes',
        DASH: (interactions & 0x20) === 0 ? 'no' : 'yes',
      }),
    }
  },
}
