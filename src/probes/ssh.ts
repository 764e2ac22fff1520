import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk, type Step } from './talk.ts'

/**
 * Waits for the identification line, says its own, and reads the list of algorithms (KEXINIT) that the server sends then. No
 * keys are exchanged, no login is tried. What proves it: a line that begins with `SSH-` and a version (RFC 4253 §4.2).
 */
export const ssh: TcpProbe = {
  id: 'ssh',
  transport: 'tcp',
  ports: [22, 2222],
  sends: 'the identification line SSH-2.0-census',
  harmless: 'the conversation ends before keys are exchanged; no login is tried',
  identity: 'an identification line SSH-<version>-<software>',
  reference: 'RFC 4253 §4.2, §7.1',
  recognises: (first) => identifies.test(first.toString('latin1')),
  talk: conversation,
}

const identifies = /^SSH-[12]\.\d{1,2}-[^\0\r\n]/
/** A server may say other lines first (RFC 4253 §4.2). */
const mostLines = 16

function* conversation(): Conversation {
  const talk = new Talk()
  let line: string | undefined
  for (let lines = 0; lines < mostLines && line?.startsWith('SSH-') !== true; lines++) {
    line = yield* talk.line(1024)
    if (line === undefined) return undefined
  }
  if (line === undefined || line.length > 512 || !identifies.test(line) || line.includes('\0')) return undefined
  const tags = line.startsWith('SSH-1.') ? ['ssh-1'] : []
  yield* talk.send('SSH-2.0-census\r\n')
  const lists = /^SSH-(2|1\.99)/.test(line) ? yield* algorithms(talk) : undefined
  const told = lists === undefined ? [] : [`kex: ${lists[0]}`, `host keys: ${lists[1]}`]
  return { module: 'ssh', banner: [line, ...told].join('\r\n'), tags }
}

const kexinit = 20
const mostBytes = 16_384
const mostCharacters = 2048

/** Key exchange and host key algorithms of the server's first packet, each with commas between. */
function* algorithms(talk: Talk): Step<readonly [string, string] | undefined> {
  const length = (yield* talk.take(4))?.readUInt32BE(0) ?? 0
  if (length > mostBytes) return undefined
  const packet = yield* talk.take(length)
  if (packet?.[1] !== kexinit) return undefined
  const kex = nameList(packet, 18)
  const hostKeys = kex === undefined ? undefined : nameList(packet, 22 + kex.length)
  return kex === undefined || hostKeys === undefined
    ? undefined
    : [kex.slice(0, mostCharacters), hostKeys.slice(0, mostCharacters)]
}

/** A name-list (RFC 4251 §5), which is ASCII. */
function nameList(packet: Buffer, at: number): string | undefined {
  if (at + 4 > packet.length) return undefined
  const end = at + 4 + packet.readUInt32BE(at)
  if (end > packet.length) return undefined
  const text = packet.toString('latin1', at + 4, end)
  return /^[\x21-\x7e]*$/.test(text) ? text : undefined
}
