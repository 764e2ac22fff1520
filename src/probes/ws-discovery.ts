import type { UdpProbe } from '../model/probe.ts'
import { given, lines } from './bytes.ts'
import { asText } from './talk.ts'

const discovery = 'http://schemas.xmlsoap.org/ws/2005/04/discovery'

/**
 * Probes for devices of any type, by unicast to the one address. What proves it: ProbeMatches, or a fault, that relate to the
 * random id of the message.
 */
export const wsDiscovery: UdpProbe = {
  id: 'ws-discovery',
  transport: 'udp',
  ports: [3702],
  sends: 'one unicast Probe without types or scopes',
  harmless: 'it is the question of every computer that looks for printers; nothing that it tells of is fetched',
  identity: 'ProbeMatches or a fault whose RelatesTo is the message’s id',
  reference: 'Web Services Dynamic Discovery (April 2005) §5, SOAP-over-UDP',
  matching: '128-bit message id',
  request: (random) => Buffer.from(envelope(Buffer.from(random).toString('hex').slice(0, 32)), 'latin1'),
  read: (reply, request) => {
    const said = asText(reply)
    const id = element(request.toString('latin1'), 'MessageID')
    if (id === '' || element(said, 'RelatesTo') !== id || !/<[^<>]{0,64}\b(?:ProbeMatches|Fault)\b/.test(said))
      return undefined
    const types = element(said, 'Types')
    return {
      module: 'ws-discovery',
      banner: lines({ Types: types, Scopes: element(said, 'Scopes'), XAddrs: element(said, 'XAddrs') }),
      ...given({ deviceType: deviceTypes.find(([type]) => type.test(types))?.[1] }),
    }
  },
}

/** Types of ONVIF, and of Microsoft's device profile for printers. */
const deviceTypes = [
  [/\bNetworkVideoTransmitter\b/, 'webcam'],
  [/\bNetworkVideoStorage\b/, 'video recorder'],
  [/\bPrintDeviceType\b/, 'printer'],
] as const

const envelope = (id: string): string =>
  '<?xml version="1.0" encoding="utf-8"?>' +
  '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
  `xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="${discovery}">` +
  `<s:Header><a:Action>${discovery}/Probe</a:Action>` +
  `<a:MessageID>urn:uuid:${id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}</a:MessageID>` +
  '<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>' +
  '<s:Body><d:Probe/></s:Body></s:Envelope>'

/** The text of the first element of that name, whatever its prefix; '' when there is none. */
const element = (xml: string, name: string): string =>
  new RegExp(`<(?:[\\w.-]{1,32}:)?${name}(?:\\s[^<>]{0,512})?>([^<]{0,2048})<`).exec(xml)?.[1]?.trim() ?? ''
