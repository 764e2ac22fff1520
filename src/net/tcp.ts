import { constants } from 'node:crypto'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { TlsFacts } from '../model/probe.ts'
import { OffScope, type Guard } from './guard.ts'
import { openStream, type OpenStream, type Stream, type StreamEvents } from './stream.ts'

/** What a connection tells, in this order; after `ended` nothing. */
export interface TcpEvents {
  /** `from`: this machine's literal address in the connection. */
  connected(from: string): void
  bytes(bytes: Buffer): void
  secured(tls: TlsFacts): void
  /**
   * `code`: `closed` by the peer, `no-tls`, or the system's word (ECONNREFUSED, EMFILE, …).
   * `tlsFault`: of a peer that does speak TLS, but none that can be agreed on: why, in OpenSSL's words.
   */
  ended(code: string, tlsFault?: string): void
}

export interface TcpConnection {
  send(bytes: Uint8Array): void
  /** Speaks TLS from here on, whatever version and certificate the peer has: they are what is to be found out. */
  secure(): void
  /** Ends it without another word; no event follows. */
  drop(): void
  /** Bytes received, those of TLS included. */
  received(): number
}

/** Old devices speak what is switched off elsewhere: nothing secret is sent, so that weak is as good as strong. */
const anyTls = {
  rejectUnauthorized: false,
  minVersion: 'TLSv1',
  ciphers: 'ALL:@SECLEVEL=0',
  // Servers of before RFC 5746, which OpenSSL 3 does not speak to by itself. There is nothing here to be renegotiated.
  secureOptions: constants.SSL_OP_LEGACY_SERVER_CONNECT,
} as const

/** Of a peer's fault in a handshake: whether what it said was TLS. */
const isOfTls = /ALERT|UNSUPPORTED_PROTOCOL|TOO_SMALL|TOO_WEAK|WRONG_CIPHER|UNKNOWN_CIPHER|LEGACY_RENEGOTIATION/

/**
 * Connects to a literal address, if the guard lets it, and to nothing else: no name is looked up.
 * @param now milliseconds since 1970
 * @throws OffScope before anything is sent; RangeError for what is no port
 */
export function dialTcp(
  guard: Guard,
  address: string,
  port: number,
  now: number,
  events: TcpEvents,
  open: OpenStream = openStream,
): TcpConnection {
  const why = guard(address, now)
  if (why !== undefined) throw new OffScope(address, why)
  return new Dialled(address, port, events, open)
}

/** A class, as there are thousands at a time. */
class Dialled implements TcpConnection, StreamEvents {
  readonly #events: TcpEvents
  readonly #stream: Stream
  #isOver = false
  #tls: TLSSocket | undefined

  constructor(address: string, port: number, events: TcpEvents, open: OpenStream) {
    this.#events = events
    this.#stream = open(address, port, this)
  }

  connected(from: string): void {
    this.#events.connected(from)
  }

  bytes(bytes: Buffer): void {
    this.#events.bytes(bytes)
  }

  ended(code: string, tlsFault?: string): void {
    if (this.#isOver) return
    this.drop()
    this.#events.ended(code, tlsFault)
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.#tls === undefined) this.#stream.send(bytes)
    else this.#tls.write(bytes)
  }

  secure(): void {
    if (this.#isOver || this.#tls !== undefined) return
    const socket = this.#stream.asSocket()
    // What it tells is told within TLS, too.
    socket.on('error', () => undefined)
    const tls = connectTls({ socket, ...anyTls })
    this.#tls = tls
    let isAgreed = false
    const end = (fault?: string): void => (isAgreed ? this.ended('closed') : this.ended('no-tls', fault))
    tls.on('secureConnect', () => {
      isAgreed = true
      if (!this.#isOver) this.#events.secured(factsOf(tls))
    })
    tls.on('data', (bytes: Buffer) => {
      if (!this.#isOver) this.#events.bytes(bytes)
    })
    tls.on('error', ({ code = '', reason }: NodeJS.ErrnoException & { readonly reason?: string }) =>
      end(isOfTls.test(code) ? reason : undefined),
    )
    tls.on('end', () => end())
    tls.on('close', () => end())
  }

  drop(): void {
    this.#isOver = true
    this.#tls?.destroy()
    this.#stream.close()
  }

  received(): number {
    return this.#stream.received()
  }
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerX509Certificate()
  const time = (text: string | undefined): string => {
    const date = new Date(text ?? '')
    return Number.isNaN(date.getTime()) ? '' : date.toISOString()
  }
  const lines = (text: string | undefined): string => (text ?? '').replaceAll('\n', ', ').slice(0, 500)
  const common = /^CN=(.+)$/m.exec(certificate?.subject ?? '')?.[1]
  const listed = (certificate?.subjectAltName ?? '')
    .slice(0, 10_000)
    .split(', ')
    .flatMap((entry) => (entry.startsWith('DNS:') ? [entry.slice(4)] : []))
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    subject: lines(certificate?.subject),
    issuer: lines(certificate?.issuer),
    names: [...new Set([...(common === undefined ? [] : [common]), ...listed])],
    validFrom: time(certificate?.validFrom),
    validTo: time(certificate?.validTo),
    sha256: (certificate?.fingerprint256 ?? '').replaceAll(':', '').toLowerCase(),
  }
}
