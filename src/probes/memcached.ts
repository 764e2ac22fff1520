import type { Conversation, TcpProbe } from '../model/probe.ts'
import { Talk } from './talk.ts'

/**
 * Asks for the version. No key is read or written. What proves it: a line that begins with VERSION, or the refusal of a
 * server that wants a login first (memcached, doc/protocol.txt).
 */
export const memcached: TcpProbe = {
  id: 'memcached',
  transport: 'tcp',
  ports: [11_211],
  sends: 'version',
  harmless: 'it reads the version only',
  identity: 'VERSION and a number, or CLIENT_ERROR unauthenticated',
  reference: 'memcached, doc/protocol.txt',
  talk: conversation,
}

function* conversation(): Conversation {
  const talk = new Talk()
  yield* talk.send('version\r\n')
  const line = (yield* talk.line(512)) ?? ''
  // Half a line tells half a version.
  if (talk.over !== undefined) return undefined
  if (line === 'CLIENT_ERROR unauthenticated') return { module: 'memcached', banner: line, tags: ['auth'] }
  const [, version] = /^VERSION (?:[a-z-]+ )?(\d[\x21-\x7e]{0,63})/i.exec(line) ?? []
  if (version === undefined) return undefined
  return { module: 'memcached', banner: line, product: 'Memcached', version, tags: ['no-auth'] }
}
