import type { TcpProbe } from '../model/probe.ts'
import { Bytes, lines } from './bytes.ts'
import { Talk } from './talk.ts'

/** Version 0, buffers of 64 KiB to receive and to send, no limits of messages and chunks, and the address that is asked. */
function hello(address: string, port: number): Buffer {
  const url = Buffer.from(`opc.tcp://${address.includes(':') ? `[${address}]` : address}:${port}`, 'latin1')
  const message = Buffer.alloc(32 + url.length)
  message.write('HELF', 'latin1')
  message.writeUInt32LE(message.length, 4)
  message.writeUInt32LE(65_535, 12)
  message.writeUInt32LE(65_535, 16)
  message.writeUInt32LE(url.length, 28)
  message.set(url, 32)
  return message
}

/**
 * Says hello, to which a server says how large its messages may be. No secure channel is opened and no endpoint asked for.
 * What proves it: an acknowledgement, or an error, in the frame of the protocol.
 */
export const opcUa: TcpProbe = {
  id: 'opc-ua',
  transport: 'tcp',
  ports: [4840],
  sends: 'one Hello',
  harmless: 'it agrees on sizes of buffers; no channel or session is opened and nothing is read',
  identity: 'an Acknowledge or Error message of the right size',
  reference: 'OPC 10000-6 §7.1.2',
  recognises: (first) => /^(?:ACK|ERR)F/.test(first.toString('latin1', 0, 4)),
  *talk({ tls, address, port }) {
    const peer = new Talk(tls)
    yield* peer.send(hello(address, port))
    const header = yield* peer.take(8)
    const type = header?.toString('latin1', 0, 4)
    const size = header?.readUInt32LE(4) ?? 0
    if (type === 'ACKF' ? size !== 28 : type !== 'ERRF' || size < 16 || size > 8192) return undefined
    const body = yield* peer.take(size - 8)
    if (body === undefined) return undefined
    const bytes = new Bytes(body)
    const [first, second] = [bytes.numberLE(4), bytes.numberLE(4)]
    if (type === 'ACKF') {
      const [send, message, chunks] = [bytes.numberLE(4), bytes.numberLE(4), bytes.numberLE(4)]
      const limits = { 'Max message': message, 'Max chunks': chunks }
      return {
        module: 'opc-ua',
        banner: `ACK\n${lines({ Version: first, 'Receive buffer': second, 'Send buffer': send, ...limits })}`,
      }
    }
    // A string of no characters may have a length of -1.
    const reason = second > size - 16 ? '' : bytes.take(second).toString('utf8')
    return {
      module: 'opc-ua',
      banner: `ERR\n${lines({ Error: `0x${first.toString(16).padStart(8, '0')}`, Reason: reason })}`,
    }
  },
}
