import type { UdpProbe } from '../model/probe.ts'
import { Bytes, given, words } from './bytes.ts'

/** Asks for the version alone. What proves it: the frame of memcached with that id, and the version or an error in its words. */
export const memcachedUdp: UdpProbe = {
  id: 'memcached',
  transport: 'udp',
  ports: [11211],
  sends: 'one frame with the command version',
  harmless: 'no key is read or written, and the reply is a line, not the statistics that amplify',
  identity: 'a frame with the request’s id, and VERSION or an error',
  reference: 'memcached, doc/protocol.txt, UDP protocol',
  matching: '16-bit request id',
  request: (random) => Buffer.concat([random.subarray(0, 2), Buffer.from('\0\0\0\x01\0\0version\r\n', 'latin1')]),
  read: (reply, request) => {
    const bytes = new Bytes(reply)
    const isSame = bytes.take(2).equals(request.subarray(0, 2))
    const [number, total, reserved] = [bytes.number(2), bytes.number(2), bytes.number(2)]
    if (!isSame || number !== 0 || total !== 1 || reserved !== 0) return undefined
    const [, line = '', version] =
      /^(VERSION (\S{1,64})|ERROR|(?:CLIENT|SERVER)_ERROR [^\r\n]{0,512})\r\n$/.exec(
        bytes.take(bytes.left).toString('latin1'),
      ) ?? []
    if (line === '') return undefined
    return {
      module: 'memcached',
      banner: words(line),
      product: 'Memcached',
      ...given({ version }),
      tags: version === undefined ? [] : ['no-auth'],
    }
  },
}
