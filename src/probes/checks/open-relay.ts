import type { Check, ProbeContext, Relay } from '../../model/probe.ts'
import { reply, type Reply } from '../smtp-reply.ts'
import type { Step, Talk } from '../talk.ts'

/**
 * Asks a mail server whether it takes mail from a stranger to a domain that is not its own, in a few forms, each undone by
 * RSET. No message follows. What proves it: a recipient that is accepted (RFC 5321 §4.2: any reply of 2yz). Whether mail
 * would be delivered is not tested, and servers may trust who asks from inside of their networks: from there, an accepted
 * recipient proves nothing.
 */
export const openRelay: Check = {
  id: 'open-relay',
  probe: 'smtp',
  sends: 'MAIL and RCPT in up to five forms, each undone by RSET, after EHLO in the same connection',
  harmless:
    'no message follows; nobody’s domain is named but the server’s own and one that the scope says is the operator’s',
  identity: 'a recipient outside of the server’s domains is accepted; whether mail would be delivered is not tested',
  reference: 'RFC 5321, RFC 2505 §2.1',
}

/** Each mail server that is checked has one of these as a tag. */
export const relayVerdicts = ['open-relay', 'relay-refused', 'relay-unknown', 'relay-unknown-inside'] as const

interface Relayed {
  readonly verdict: (typeof relayVerdicts)[number]
  /** What the verdict rests on: the commands, and the server's words. */
  readonly words: readonly string[]
}

/** Of a server that does not let anybody get as far. */
export const unasked: Relayed = { verdict: 'relay-unknown', words: [] }

/** Nobody's mailbox. Not postmaster, whose mail every server takes (RFC 5321 §4.5.1). */
const mailbox = 'census-relay-check'

/** A form of the question. */
interface Form {
  readonly sender: string
  readonly recipient: string
  /** A recipient without the foreign domain in it: where that is accepted too, the other proves nothing. */
  readonly control?: string
}

/** The server's own name, where its greeting has one (RFC 5321 §4.2). */
const greetingName = /^220[ -]((?=[^ ]{4,253}(?: |$))(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z]{2,63})(?: |$)/i

function formsFor({ lines }: Reply, address: string, domain: string): readonly [Form, ...Form[]] {
  const foreign = `${mailbox}@${domain}`
  const name = greetingName.exec(lines[0] ?? '')?.[1]
  const literal = address.includes(':') ? `[IPv6:${address}]` : `[${address}]`
  const control = `${mailbox}@${literal}`
  return [
    { sender: foreign, recipient: foreign },
    // Notices of failed delivery come from nobody: some let them through to anybody.
    { sender: '', recipient: foreign },
    // Some trust whoever says to be one of their own.
    ...(name === undefined ? [] : [{ sender: `${mailbox}@${name}`, recipient: foreign }]),
    // Some take what is addressed to themselves, and send it on to whom the local part names.
    { sender: foreign, recipient: `${mailbox}%${domain}@${literal}`, control },
    { sender: foreign, recipient: `"${foreign}"@${literal}`, control },
  ]
}

/** Asks in each form until one is accepted. Wants a server that has answered EHLO, and leaves it without a transaction. */
export function* askRelay(talk: Talk, greeting: Reply, context: ProbeContext, relay: Relay): Step<Relayed> {
  const [plain, ...others] = formsFor(greeting, context.address, relay.domain)
  const first = yield* ask(talk, plain)
  let answer = first
  for (const form of others) {
    if (answer.outcome !== 'refused' && answer.outcome !== 'unclear') break
    answer = yield* ask(talk, form)
  }
  if (answer.outcome === 'accepted')
    return { verdict: relay.isInside(context.from) ? 'relay-unknown-inside' : 'open-relay', words: answer.words }
  const isRefused = answer.outcome !== 'broken' && (first.outcome === 'refused' || first.outcome === 'closed')
  return { verdict: isRefused ? 'relay-refused' : 'relay-unknown', words: first.words }
}

interface Answer {
  /** `closed`: to all mail without TLS or a login, so that no other form would be heard; `broken`: there was no answer. */
  readonly outcome: 'accepted' | 'refused' | 'unclear' | 'closed' | 'broken'
  readonly words: readonly string[]
}

const broken: Answer = { outcome: 'broken', words: [] }
/** TLS or a login comes first (RFC 3207 §4, RFC 4954 §6). */
const needsLogin = 530

function* ask(talk: Talk, { sender, recipient, control }: Form): Step<Answer> {
  const mail = `MAIL FROM:<${sender}>`
  const begun = yield* command(talk, mail)
  if (begun === undefined) return broken
  // A sender who is refused for what he is says nothing of the recipient.
  if (!isAccepted(begun)) return { outcome: begun.code === needsLogin ? 'closed' : 'unclear', words: told(mail, begun) }
  const rcpt = `RCPT TO:<${recipient}>`
  const answer = yield* command(talk, rcpt)
  if (answer === undefined) return broken
  let outcome: Answer['outcome'] = isAccepted(answer) ? 'accepted' : 'unclear'
  if (answer.code >= 500) outcome = answer.code === needsLogin ? 'closed' : 'refused'
  if (outcome === 'accepted' && control !== undefined) {
    const beside = yield* command(talk, `RCPT TO:<${control}>`)
    if (beside === undefined) return broken
    if (beside.code < 500) outcome = 'unclear'
  }
  yield* command(talk, 'RSET')
  return { outcome, words: told(`${mail} ${rcpt}`, answer) }
}

function* command(talk: Talk, text: string): Step<Reply | undefined> {
  yield* talk.send(`${text}\r\n`)
  return yield* reply(talk)
}

const isAccepted = ({ code }: Reply): boolean => code < 300

/** A question with its answer, as a banner has them. */
const told = (asked: string, { lines: [line = '', ...more] }: Reply): readonly string[] => [`${asked} ${line}`, ...more]
