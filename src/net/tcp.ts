import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { TlsFacts } from '../model/probe.ts'
import type { Guard } from './guard.ts'

/** What a connection tells, in this order; after `ended` nothing. */
export interface TcpEvents {
  /** `from`: this machine's literal address in the connection. */
  connected(from: string): void
  bytes(bytes: Buffer): void
  secured(tls: TlsFacts): void
  /** `code`: `closed` by the peer, `no-tls`, or the system's word (ECONNREFUSED, EMFILE, …). */
  ended(code: string): void
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

/** Something was about to be sent where nothing may be. A defect: what is asked comes from the same scope. */
export class OffScope extends Error {
  constructor(address: string, why: string) {
    super(`${address} must not be asked: ${why}`)
    this.name = 'OffScope'
  }
}

/** Old devices speak what is switched off elsewhere: nothing secret is sent, so that weak is as good as strong. */
const anyTls = { rejectUnauthorized: false, minVersion: 'TLSv1', ciphers: 'ALL:@SECLEVEL=0' } as const

/**
 * Connects to a literal address, if the guard lets it, and to nothing else: no name is looked up.
 * @param now milliseconds since 1970
 * @throws OffScope before anything is sent
 */
export function dialTcp(guard: Guard, address: string, port: number, now: number, events: TcpEvents): TcpConnection {
  let isOver = false
  let secured: TLSSocket | undefined
  const end = (code: string): void => {
    if (isOver) return
    isOver = true
    secured?.destroy()
    socket.destroy()
    events.ended(code)
  }
  const why = guard(address, now)
  if (why !== undefined) throw new OffScope(address, why)
  const socket: Socket = connect({ host: address, port, lookup: noLookup, noDelay: true })
  socket.on('connect', () => events.connected(socket.localAddress ?? ''))
  socket.on('data', (bytes) => {
    if (!isOver && secured === undefined) events.bytes(bytes)
  })
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'))
  socket.on('end', () => secured === undefined && end('closed'))
  socket.on('close', () => end('closed'))
  return {
    send: (bytes) => void (isOver || (secured ?? socket).write(bytes)),
    secure: () => {
      if (isOver) return
      socket.removeAllListeners('data')
      const tls = connectTls({ socket, ...anyTls })
      secured = tls
      let isAgreed = false
      tls.on('secureConnect', () => {
        isAgreed = true
        if (!isOver) events.secured(factsOf(tls))
      })
      tls.on('data', (bytes: Buffer) => isOver || events.bytes(bytes))
      tls.on('error', () => end(isAgreed ? 'closed' : 'no-tls'))
      tls.on('end', () => end(isAgreed ? 'closed' : 'no-tls'))
      tls.on('close', () => end(isAgreed ? 'closed' : 'no-tls'))
    },
    drop: () => {
      isOver = true
      secured?.destroy()
      socket.destroy()
    },
    received: () => socket.bytesRead,
  }
}

/** An address that needs looking up is none. */
const noLookup = (name: string): never => {
  throw new OffScope(name, 'it is no literal address')
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
