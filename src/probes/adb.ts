import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk } from './talk.ts'

/**
 * Says CNXN as every client does and reads the answer: CNXN where no key is wanted, AUTH or STLS where one is. No key is sent,
 * so that no question appears on a screen; no shell is opened. What proves it: a packet of ADB whose magic is its command's
 * complement (AOSP, packages/modules/adb/protocol.txt).
 */
export const adb: TcpProbe = {
  id: 'adb',
  transport: 'tcp',
  ports: [5555],
  sends: 'CNXN with the system identity host::',
  harmless: 'no key is sent and no service is opened',
  identity: 'CNXN, AUTH or STLS with a magic that is the command’s complement',
  reference: 'AOSP: adb/protocol.txt',
  talk: conversation,
}

const version = 0x01_00_00_00
const mostData = 4096
const identity = Buffer.from('host::\0', 'latin1')

function* conversation(): Conversation {
  const talk = new Talk()
  yield* talk.send(Buffer.concat([packetHead('CNXN', identity), identity]))
  const start = yield* talk.take(24)
  if (start === undefined) return undefined
  const command = start.toString('latin1', 0, 4)
  const length = start.readUInt32LE(12)
  const hasMagic = (start.readUInt32LE(0) ^ start.readUInt32LE(20)) >>> 0 === 0xff_ff_ff_ff
  if (!['CNXN', 'AUTH', 'STLS'].includes(command) || !hasMagic || length > mostData) return undefined
  if (command !== 'CNXN') return { module: 'adb', tags: ['auth'] }
  const banner = asText((yield* talk.take(length)) ?? talk.held).replace(/\0.*$/s, '')
  const [, product] = /\bro\.product\.model=([^;]{1,120})/.exec(banner) ?? []
  const found = { module: 'adb', banner, tags: ['no-auth'] }
  return product === undefined ? found : { ...found, product }
}

function packetHead(command: string, data: Buffer): Buffer {
  const start = Buffer.alloc(24)
  start.write(command, 'latin1')
  start.writeUInt32LE(version, 4)
  start.writeUInt32LE(mostData, 8)
  start.writeUInt32LE(data.length, 12)
  start.writeUInt32LE(
    data.reduce((sum, byte) => sum + byte, 0),
    16,
  )
  start.writeUInt32LE(~start.readUInt32LE(0) >>> 0, 20)
  return start
}
