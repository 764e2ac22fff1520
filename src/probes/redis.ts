import type { Conversation, TcpProbe } from '../model/probe.ts'
import { asText, Talk, type Step } from './talk.ts'

/**
 * Says PING and, where that is answered without a password, asks for the server's own section of INFO. No key is read or
 * written. What proves it: +PONG, or an error with a prefix of Redis' own (redis.io, RESP).
 */
export const redis: TcpProbe = {
  id: 'redis',
  transport: 'tcp',
  ports: [6379],
  sends: 'PING, and INFO server where PING is answered without a password',
  harmless: 'both read only; no key, no setting and no list of clients is asked for',
  identity: '+PONG, or an error such as -NOAUTH or -DENIED',
  reference: 'Redis serialization protocol (RESP)',
  recognises: (first) => first.toString('latin1').startsWith('-DENIED Redis is running in protected mode'),
  talk: conversation,
}

const refuses =
  /^-(NOAUTH|DENIED|NOPERM|LOADING|MASTERDOWN|MISCONF|BUSY) |^-ERR (max number of clients|operation not permitted|invalid password)/

function* conversation(): Conversation {
  const talk = new Talk()
  yield* talk.send(command('PING'))
  const pong = yield* talk.line(2048)
  if (pong === undefined) return undefined
  if (refuses.test(pong)) return { module: 'redis', banner: pong, tags: [] }
  if (pong !== '+PONG') return undefined
  yield* talk.send(command('INFO', 'server'))
  const information = yield* bulk(talk)
  const isRefused = information?.startsWith('-NO') === true
  return {
    module: 'redis',
    banner: information === undefined || information === '' ? pong : information,
    tags: isRefused ? [] : ['no-auth'],
  }
}

const mostBytes = 16_384

/** A bulk string, as far as it comes; of another reply, its line. */
function* bulk(talk: Talk): Step<string | undefined> {
  const line = yield* talk.line(2048)
  const [, length] = /^\$(\d{1,5})$/.exec(line ?? '') ?? []
  if (length === undefined) return line?.startsWith('-') === true ? line : undefined
  const wanted = Math.min(Number(length), mostBytes)
  const taken = (yield* talk.take(wanted)) ?? talk.held
  const text = asText(taken)
  // What was cut off ends with its last whole line: half a line tells half a version.
  return taken.length === Number(length) ? text : text.slice(0, text.lastIndexOf('\n') + 1)
}

const command = (...words: readonly string[]): string =>
  [`*${words.length}`, ...words.flatMap((word) => [`$${word.length}`, word]), ''].join('\r\n')
