import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk, type Step } from './talk.ts'
import { certificateNames } from './tls.ts'

/**
 * Refuses every option that the server offers or asks for (DO by WONT, WILL by DONT) and collects the text up to a prompt for
 * a login, or up to silence. No name is typed, no key pressed. What proves it: the negotiation of an option, or, without one,
 * a text that ends in a prompt for a login (RFC 854).
 */
export const telnet: TcpProbe = {
  id: 'telnet',
  transport: 'tcp',
  ports: [23, 2323, 992],
  tlsPorts: [992],
  sends: 'refusals (WONT, DONT) of the options that the server names; nothing else',
  harmless: 'no name and no password is typed; refusing options is what the plainest terminal does',
  identity: 'the negotiation of an option, or a text that ends in a prompt for a login',
  reference: 'RFC 854, RFC 855',
  recognises: (first) => first[0] === iac && (first[1] ?? 0) >= will && (first[1] ?? 0) <= dont,
  talk: conversation,
}

const [se, sb, will, wont, doing, dont, iac] = [240, 250, 251, 252, 253, 254, 255]
const prompt = /\b(login|user|user ?name|account|password|passwd) ?: *$/i
const othersGreet = /^(\d{3}[ -]|SSH-|\+OK|-ERR|\* |HTTP\/|RTSP\/|RFB )/
const mostText = 8192
const mostBytes = 16_384

function* conversation({ tls }: Parameters<TcpProbe['talk']>[0]): Conversation {
  const talk = new Talk(tls)
  const text: number[] = []
  const refused = new Set<string>()
  let negotiates = false
  for (let bytes = 0; bytes < mostBytes && text.length < mostText; bytes++) {
    const byte = (yield* talk.take(1))?.[0]
    if (byte === undefined) break
    const command = byte === iac ? (yield* talk.take(1))?.[0] : undefined
    if (byte === iac) bytes++
    if (command === sb) {
      negotiates = true
      bytes += yield* subnegotiation(talk, mostBytes - bytes)
    } else if (command !== undefined && command >= will && command <= dont) {
      const option = (yield* talk.take(1))?.[0]
      if (option === undefined) break
      bytes++
      negotiates = true
      // Each is refused once: a peer that insists gets no endless answers.
      const answer = command === doing ? wont : command === will ? dont : undefined
      if (answer !== undefined && !refused.has(`${answer} ${option}`)) {
        refused.add(`${answer} ${option}`)
        yield* talk.send(Uint8Array.of(iac, answer, option))
      }
    } else if (byte !== iac && byte !== 0) text.push(byte)
    else if (command === iac) text.push(iac)
    if (negotiates && byte === 0x3a && prompt.test(ending(text))) break
  }
  const said = asText(Uint8Array.from(text))
  if (!negotiates && (!prompt.test(ending(text).trimEnd()) || othersGreet.test(said))) return undefined
  const found = { module: 'telnet', hostnames: certificateNames(talk.tls), tags: [] }
  return said.trim() === '' ? found : { ...found, banner: said }
}

/** Passes over a subnegotiation up to IAC SE. @returns how many bytes that were */
function* subnegotiation(talk: Talk, most: number): Step<number> {
  let before = 0
  for (let bytes = 1; ; bytes++) {
    const byte = (yield* talk.take(1))?.[0]
    if (byte === undefined || bytes >= most || (before === iac && byte === se)) return bytes
    before = before === iac && byte === iac ? 0 : byte
  }
}

const ending = (text: readonly number[]): string => String.fromCharCode(...text.slice(-40))
