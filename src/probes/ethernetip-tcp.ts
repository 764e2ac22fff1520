import type { TcpProbe } from '../model/probe.ts'
import { listIdentity, listIdentityFacts, readIdentity } from './cip-identity.ts'
import { Talk } from './talk.ts'

const request = listIdentity(Buffer.from('\x01\0census', 'latin1'))
const mostData = 1024

/** Asks for the identity, as over UDP; a connection needs no session for it. */
export const ethernetipTcp: TcpProbe = {
  ...listIdentityFacts,
  transport: 'tcp',
  sends: 'one ListIdentity',
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(request)
    const header = yield* peer.take(24)
    if (header === undefined || header.readUInt16LE(2) > mostData) return undefined
    const data = yield* peer.take(header.readUInt16LE(2))
    return data === undefined ? undefined : readIdentity(Buffer.concat([header, data]), request)
  },
}
