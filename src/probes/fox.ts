import type { TcpProbe } from '../model/probe.ts'
import { given, lines } from './bytes.ts'
import { asText, Talk } from './talk.ts'
import { certificateNames } from './tls.ts'

const hello = 'fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\n};;\n'
/** A client writes 1 for the number of its message, a station 0. */
const start = /^fox a 0 -?\d{1,10} fox [a-z]{1,32}\n\{/
const ending = '\n};;'
const mostBytes = 16_384

/** What is kept of a hello; ids of the machine are not. */
const kept = [
  'fox.version',
  'hostName',
  'hostAddress',
  'station.name',
  'app.name',
  'app.version',
  'vm.name',
  'vm.version',
  'os.name',
  'os.version',
  'brandId',
  'lang',
  'timeZone',
]

/** Says hello, to which a station says what it is before any login. What proves it: the hello of a station. */
export const fox: TcpProbe = {
  id: 'fox',
  transport: 'tcp',
  ports: [1911, 4911],
  tlsPorts: [4911],
  sends: 'one hello',
  harmless: 'both sides begin with it; no login follows, and no point is read',
  identity: 'a hello with the message number of a station',
  reference: 'Tridium’s protocol has no public document; facts of it are in nmap’s fox-info',
  *talk({ tls }) {
    const peer = new Talk(tls)
    yield* peer.send(hello)
    const held = yield* peer.until(
      (said) => said.includes(ending) || !'fox a 0 '.startsWith(said.toString('latin1', 0, 8)),
      mostBytes,
    )
    // What comes behind its end, or behind what is heard at most, is no part of it, even where it comes in one piece.
    const said = held.subarray(0, mostBytes)
    const end = said.indexOf(ending)
    const text = asText(end < 0 ? said : said.subarray(0, end + 1))
    if (!start.test(text)) return undefined
    // Name, letter of the type, value; a line without end may be a part of one.
    const all = text.split('\n').slice(0, -1)
    const fields = all.map((line) => /^([\w.]{1,40})=[a-z]:([^\n]{0,256})/.exec(line)).filter((field) => field !== null)
    const facts = new Map(fields.map(([, name, value]) => [name, value]))
    return {
      module: 'fox',
      banner: lines(Object.fromEntries(kept.map((name) => [name, facts.get(name)]))),
      ...given({ version: facts.get('app.version') }),
      hostnames: certificateNames(peer.tls),
    }
  },
}
