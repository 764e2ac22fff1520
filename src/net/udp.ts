import { createSocket, type Socket } from 'node:dgram'
import { getSystemErrorName } from 'node:util'
import { OffScope, type Guard } from './guard.ts'
import { udpBindings, type SendRequest, type UdpBindings, type UdpHandle } from './handles.ts'

export interface UdpEvents {
  /** A datagram from somebody: whether it was asked for is for others to say. `address` is literal, without a zone. */
  datagram(bytes: Buffer, address: string, port: number): void
  /** What could not be sent, in the system's word (ENETUNREACH, ENOBUFS, …). Never from within the call that sends it. */
  failed(code: string, address: string, port: number): void
}

export interface UdpSocket {
  /**
   * Sends a datagram to a literal address, if the guard lets it. @param now milliseconds since 1970
   * @throws OffScope before anything is sent; RangeError for what is no port
   */
  send(bytes: Uint8Array, address: string, port: number, now: number): void
  close(): void
}

/** A socket for datagrams to many. */
export type OpenUdp = (guard: Guard, family: 4 | 6, events: UdpEvents) => UdpSocket

const wantedBuffer = 8 * 2 ** 20

function check(guard: Guard, address: string, port: number, now: number): void {
  const why = guard(address, now)
  if (why !== undefined) throw new OffScope(address, why)
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`there is no port ${port}`)
}

const withoutZone = (address: string): string => (address.includes('%') ? address.replace(/%.*$/, '') : address)

/** By a socket of Node's: where its handles are not known, and for comparison. */
export const openSocketUdp: OpenUdp = (guard, family, events) => {
  let isClosed = false
  const socket: Socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', lookup: noLookup })
  socket.on('message', (bytes, { address, port }) => {
    if (!isClosed) events.datagram(bytes, withoutZone(address), port)
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
      check(guard, address, port, now)
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

/**
 * By the handle that a socket of Node's is built on, which costs a third less of each datagram. It takes literal addresses alone.
 * @throws TypeError where this Node's handles are not known
 */
export const openHandleUdp: OpenUdp = (guard, family, events) => {
  if (udpBindings === undefined) throw new TypeError('the handles of this Node are not known')
  return new HandleUdp(udpBindings, guard, family, events)
}

class HandleUdp implements UdpSocket {
  readonly #bindings: UdpBindings
  readonly #guard: Guard
  readonly #family: 4 | 6
  readonly #events: UdpEvents
  readonly #handle: UdpHandle
  /** Less than 0 when nothing can be sent. */
  readonly #bound: number
  /** What was sent at once left it as it was. */
  #request: SendRequest
  #isClosed = false

  constructor(known: UdpBindings, guard: Guard, family: 4 | 6, events: UdpEvents) {
    this.#bindings = known
    this.#guard = guard
    this.#family = family
    this.#events = events
    // An error is an ICMP message that came back for one of many: whose it was is not told.
    const handle = known.newHandle((_, __, bytes, from) => {
      if (bytes !== undefined && !this.#isClosed) events.datagram(bytes, withoutZone(from.address), from.port)
    })
    this.#handle = handle
    this.#request = known.newSend()
    const failed = family === 4 ? handle.bind('0.0.0.0', 0, 0) : handle.bind6('::', 0, 0)
    this.#bound = failed < 0 ? failed : handle.recvStart()
    // The system's own size will do where this is not to be had.
    handle.bufferSize(wantedBuffer, true, {})
  }

  send(bytes: Uint8Array, address: string, port: number, now: number): void {
    check(this.#guard, address, port, now)
    const request = this.#request
    const list = [bytes]
    const status = this.#bound < 0 ? this.#bound : this.#send(request, list, port, address)
    if (status < 0) queueMicrotask(() => this.#failed(status, address, port))
    if (status !== 0) return
    // It waits in the system's queue.
    request.list = list
    request.oncomplete = (late) => {
      if (late < 0) this.#failed(late, address, port)
    }
    this.#request = this.#bindings.newSend()
  }

  #send(request: SendRequest, list: readonly Uint8Array[], port: number, address: string): number {
    return this.#family === 4
      ? this.#handle.send(request, list, 1, port, address, true)
      : this.#handle.send6(request, list, 1, port, address, true)
  }

  #failed(status: number, address: string, port: number): void {
    if (!this.#isClosed) this.#events.failed(getSystemErrorName(status), address, port)
  }

  close(): void {
    if (!this.#isClosed) this.#handle.close()
    this.#isClosed = true
  }
}

/** The faster of the two, where this Node has it. */
export const openUdp: OpenUdp = udpBindings === undefined ? openSocketUdp : openHandleUdp
