import type { UdpProbe } from '../model/probe.ts'
import { listIdentity, listIdentityFacts, readIdentity } from './cip-identity.ts'

/**
 * Asks for the identity. The first two bytes of the sender context are how long, in milliseconds, a reply may be put off: 1,
 * which counts as the least there is. What proves it: a reply with that context. Port 2222 is left alone: it is for the values
 * of a plant.
 */
export const ethernetip: UdpProbe = {
  ...listIdentityFacts,
  transport: 'udp',
  sends: 'one unicast ListIdentity',
  matching: '48 random bits of the sender context',
  request: (random) => listIdentity(Buffer.concat([Buffer.of(1, 0), random.subarray(0, 6)])),
  read: readIdentity,
}
