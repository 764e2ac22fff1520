import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk, type Step } from './talk.ts'

/**
 * Waits for the version, says the same (or 3.8 to servers of versions that are not in the standard), and reads which kinds of
 * security are offered. None is chosen, so that no screen is seen. What proves it: the version of RFB (RFC 6143 §7.1).
 */
export const vnc: TcpProbe = {
  id: 'vnc',
  transport: 'tcp',
  ports: [5900, 5901, 5902, 5903],
  sends: 'the version of the protocol',
  harmless: 'no kind of security is chosen, so that neither login nor screen is reached',
  identity: 'twelve bytes: RFB, two numbers of three digits, and a line feed',
  reference: 'RFC 6143 §7.1.1, §7.1.2',
  recognises: (first) => greets.test(first.toString('latin1', 0, 12)),
  talk: conversation,
}

const greets = /^RFB (\d{3})\.(\d{3})\n$/
const names: Readonly<Record<number, string>> = {
  1: 'None',
  2: 'VNC Authentication',
  16: 'Tight',
  18: 'TLS',
  19: 'VeNCrypt',
}
const none = 1
const mostReason = 1024

function* conversation(): Conversation {
  const talk = new Talk()
  const greeting = (yield* talk.take(12))?.toString('latin1')
  const [, major, minor] = greets.exec(greeting ?? '') ?? []
  if (greeting === undefined || major === undefined) return undefined
  const isOld = major === '003' && Number(minor) < 7
  yield* talk.send(isOld ? 'RFB 003.003\n' : greeting === 'RFB 003.007\n' ? greeting : 'RFB 003.008\n')
  const types = isOld ? yield* chosenType(talk) : yield* offeredTypes(talk)
  const told = types.map((type) => `${type}${names[type] === undefined ? '' : ` (${names[type]})`}`).join(', ')
  const rest = types.length > 0 ? `Security types: ${told}` : yield* reason(talk)
  const banner = [greeting.trimEnd(), rest].filter((line) => line !== '').join('\n')
  return { module: 'vnc', banner, tags: types.includes(none) ? ['no-auth'] : [] }
}

/** From version 3.7 on. None: a reason follows. */
function* offeredTypes(talk: Talk): Step<readonly number[]> {
  const count = (yield* talk.take(1))?.[0] ?? 0
  return [...((yield* talk.take(count)) ?? [])]
}

/** In version 3.3 the server decides. */
function* chosenType(talk: Talk): Step<readonly number[]> {
  const type = (yield* talk.take(4))?.readUInt32BE(0) ?? 0
  return type === 0 || type > 255 ? [] : [type]
}

function* reason(talk: Talk): Step<string> {
  const length = (yield* talk.take(4))?.readUInt32BE(0) ?? 0
  return length > mostReason ? '' : asText((yield* talk.take(length)) ?? Buffer.alloc(0))
}
