import type { Conversation, Finding, Heard, Over, ProbeStatus, Relay, TcpProbe, TlsFacts } from '../model/probe.ts'
import { dialTcp, type TcpConnection, type TcpEvents } from '../net/tcp.ts'
import type { Guard } from '../net/guard.ts'

/** What came of an exchange. */
export interface Exchanged {
  readonly status: ProbeStatus
  readonly finding?: Finding
  /** The first of what was heard, when nobody made sense of it. */
  readonly heard?: Buffer
  /** Whether it was asked for TLS and said something that is none. */
  readonly isPlain?: boolean
}

/** What all exchanges of a scan share. `T`: what each is about. */
export interface ExchangeTerms<T> {
  readonly guard: Guard
  readonly contact: string
  /** Where open relays are checked for. */
  readonly relay?: Relay
  /** Bytes received, beyond which nothing more is taken. */
  readonly budgetBytes: number
  /** From here on it has the time of a conversation, not of a connection. */
  onConnected(exchange: Exchange<T>): void
  onDone(exchange: Exchange<T>, result: Exchanged): void
}

/** Whom an exchange is with. */
export interface Peer {
  readonly probe: TcpProbe
  /** Literal. */
  readonly address: string
  readonly port: number
  readonly isTls: boolean
}

/** Codes that say something of this machine and nothing of the other. */
const localCodes: ReadonlySet<string> = new Set([
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
  'ENOMEM',
  'EADDRNOTAVAIL',
  'EADDRINUSE',
  'EAGAIN',
  'ENETUNREACH',
  'ENETDOWN',
  'EACCES',
  'EPERM',
])
const unreachableCodes: ReadonlySet<string> = new Set(['EHOSTUNREACH', 'EHOSTDOWN', 'ENOPROTOOPT', 'EPROTO'])

/** What it means that no connection came about. */
export function statusOfCode(code: string): ProbeStatus {
  if (localCodes.has(code)) return 'local'
  if (code === 'ECONNREFUSED') return 'refused'
  if (unreachableCodes.has(code)) return 'unreachable'
  return code === 'ETIMEDOUT' ? 'silent' : 'dropped'
}

/** What is kept of words that nobody understood. */
const heardBytes = 1024

/**
 * Connects, leads a probe's conversation, and says what came of it, once, whatever the peer does. The engine keeps its time.
 * A class, as there are thousands at a time, of which most only wait.
 */
export class Exchange<T> implements TcpEvents {
  readonly subject: T
  readonly #terms: ExchangeTerms<T>
  readonly #peer: Peer
  readonly #connection: TcpConnection
  #isConnected = false
  #isOver = false
  #from = ''
  #conversation: Conversation | undefined
  #isSecuring = false
  #first: Buffer[] | undefined
  #firstBytes = 0

  /** @param now milliseconds since 1970 @throws OffScope before anything is sent */
  constructor(terms: ExchangeTerms<T>, peer: Peer, subject: T, now: number) {
    this.subject = subject
    this.#terms = terms
    this.#peer = peer
    this.#connection = dialTcp(terms.guard, peer.address, peer.port, now, this)
  }

  /** Whether the connection is made. */
  get isConnected(): boolean {
    return this.#isConnected
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Ends it: its time is up. */
  expire(): void {
    if (this.#isConnected) this.#over('silent')
    else this.#finish({ status: 'silent' })
  }

  connected(from: string): void {
    this.#isConnected = true
    this.#from = from
    this.#terms.onConnected(this)
    if (this.#peer.isTls) this.#connection.secure()
    else this.#begin(undefined)
  }

  bytes(bytes: Buffer): void {
    if (this.#isOver) return
    if (this.#firstBytes < heardBytes) {
      ;(this.#first ??= []).push(bytes.subarray(0, heardBytes - this.#firstBytes))
      this.#firstBytes += bytes.length
    }
    // What was said before TLS is not heard within it.
    if (!this.#isSecuring) this.#step({ kind: 'bytes', bytes })
    if (!this.#isOver && this.#connection.received() > this.#terms.budgetBytes) this.#over('full')
  }

  secured(tls: TlsFacts): void {
    this.#isSecuring = false
    if (this.#conversation === undefined) this.#begin(tls)
    else this.#step({ kind: 'secured', tls })
  }

  ended(code: string, tlsFault?: string): void {
    if (!this.#isConnected) this.#finish({ status: statusOfCode(code) })
    else if (code !== 'no-tls') this.#over('closed')
    else if (this.#conversation !== undefined) this.#over('no-tls')
    else if (tlsFault !== undefined) this.#finish({ status: 'garbled', heard: Buffer.from(`TLS: ${tlsFault}`) })
    else this.#finish({ status: 'dropped', isPlain: this.#connection.received() > 0 })
  }

  #begin(tls: TlsFacts | undefined): void {
    const { contact, relay } = this.#terms
    const { probe, address, port } = this.#peer
    const context = { address, port, contact, ...(relay === undefined ? {} : { relay }) }
    this.#conversation = probe.talk({ ...context, from: this.#from, tls })
    this.#step(undefined)
  }

  /** Hands on what was heard, and does what is wished until it is to hear more. */
  #step(heard: Heard | undefined, why?: Over): void {
    const conversation = this.#conversation
    if (this.#isOver || conversation === undefined) return
    let next = heard === undefined ? conversation.next() : conversation.next(heard)
    while (next.done !== true) {
      const wish = next.value
      if (wish.kind === 'hear') {
        if (why === undefined) return
        next = conversation.next({ kind: 'over', why })
        continue
      }
      if (wish.kind === 'send' && why === undefined) this.#connection.send(wish.bytes)
      if (wish.kind === 'secure' && why === undefined) {
        this.#isSecuring = true
        this.#connection.secure()
      }
      next = conversation.next(nothing)
    }
    this.#conclude(next.value, why)
  }

  #over(why: Over): void {
    if (this.#conversation === undefined) this.#conclude(undefined, why)
    else this.#step({ kind: 'over', why }, why)
  }

  #conclude(finding: Finding | undefined, why: Over | undefined): void {
    if (finding !== undefined) this.#finish({ status: 'answered', finding })
    else if (this.#first !== undefined) this.#finish({ status: 'garbled', heard: Buffer.concat(this.#first) })
    else this.#finish({ status: why === 'silent' || why === undefined ? 'mute' : 'dropped' })
  }

  #finish(result: Exchanged): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#connection.drop()
    this.#terms.onDone(this, result)
  }
}

/** What a conversation is resumed with after a wish that has no answer. */
const nothing: Heard = { kind: 'over', why: 'closed' }
