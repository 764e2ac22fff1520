import type { UdpProbe } from '../model/probe.ts'
import { words } from './bytes.ts'

/**
 * Searches for root devices at the one address. Of the two general searches this is the one with fewer replies: one for each
 * root device, where `ssdp:all` brings one for each of its services too. What proves it: an HTTP status of 200 for that search.
 */
export const ssdp: UdpProbe = {
  id: 'ssdp',
  transport: 'udp',
  ports: [1900],
  sends: 'one unicast M-SEARCH for upnp:rootdevice',
  harmless: 'it is the question of every computer that looks for a router; nothing that it tells of is fetched',
  identity: 'HTTP/1.1 200 with the search’s target, and a USN, LOCATION or SERVER',
  reference: 'UPnP Device Architecture 2.0 §1.3',
  matching: 'the socket’s own port',
  ownSocket: true,
  request: () => Buffer.from(search, 'latin1'),
  read: (reply) => {
    const said = reply.toString('latin1').split('\r\n\r\n', 1)[0] ?? ''
    if (!/^HTTP\/1\.[01] 200\b/.test(said)) return undefined
    if (
      !/\nst:[ \t]{0,8}upnp:rootdevice[ \t]{0,8}(?:\r|\n|$)/i.test(said) ||
      !/\n(?:usn|location|server):/i.test(said)
    ) {
      return undefined
    }
    return { module: 'ssdp', banner: words(said) }
  },
}

const search = [
  'M-SEARCH * HTTP/1.1',
  'HOST: 239.255.255.250:1900',
  'MAN: "ssdp:discover"',
  'MX: 1',
  'ST: upnp:rootdevice',
  '',
  '',
].join('\r\n')
