import { createSocket, type Socket } from 'node:dgram'
import { OffScope, type Guard } from './guard.ts'

export interface UdpEvents {
  /** A datagram from somebody: whether it was asked for is for others to say. `address` is literal, without a zone. */
  datagram(bytes: Buffer, address: string, port: number): void
  /** What could not be sent, in the system's word (ENETUNREACH, ENOBUFS, …). */
  failed(code: string, address: string, port: number): void
}

export interface UdpSocket {
  /**
   * Sends a datagram to a literal address, if the guard lets it. @param now milliseconds since 1970
   * @throws OffScope before anything is sent
   */
  send(bytes: Uint8Array, address: string, port: number, now: number): void
  close(): void
}

const wantedBuffer = 8 * 2 ** 20

/** A socket for datagrams to many. */
export function openUdp(guard: Guard, family: 4 | 6, events: UdpEvents): UdpSocket {
  let isClosed = false
  const socket: Socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', lookup: noLookup })
  socket.on('message', (bytes, { address, port }) => {
    if (!isClosed) events.datagram(bytes, address.replace(/%.*$/, ''), port)
  })
  /** Whom something waits for that is sent when the socket is bound, and lost when it cannot be. */
  const waiting: { readonly address: string; readonly port: number }[] = []
  let isBound = false
  // Once bound, an ICMP message that came back for one of many: whose it was is not told.
  socket.on('error', ({ code }: NodeJS.ErrnoException) => {
    for (const { address, port } of waiting.splice(0)) if (!isClosed) events.failed(code ?? 'error', address, port)
  })
  socket.on('listening', () => {
    isBound = true
    waiting.length = 0
    try {
      socket.setRecvBufferSize(wantedBuffer)
    } catch {
      // The system's own size will do.
    }
  })
  socket.bind()
  return {
    send: (bytes, address, port, now) => {
      const why = guard(address, now)
      if (why !== undefined) throw new OffScope(address, why)
      if (!isBound) waiting.push({ address, port })
      socket.send(bytes, port, address, (error) => {
        const { code } = (error ?? {}) as NodeJS.ErrnoException
        if (error !== null && error !== undefined && !isClosed) events.failed(code ?? 'error', address, port)
      })
    },
    close: () => {
      if (!isClosed) socket.close()
      isClosed = true
    },
  }
}

/** Literal addresses only: dgram asks its lookup for those too. */
const noLookup = (
  name: string,
  _: unknown,
  found: (error: Error | null, address: string, family: number) => void,
): void => {
  const family = /^[\d.]+$/.test(name) ? 4 : name.includes(':') ? 6 : 0
  if (family === 0) found(new OffScope(name, 'it is no literal address'), '', 0)
  else found(null, name, family)
}
