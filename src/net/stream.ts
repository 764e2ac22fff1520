import { connect, isIP, Socket } from 'node:net'
import { getSystemErrorName } from 'node:util'
import { OffScope } from './guard.ts'
import { bindings, type Bindings, type TcpHandle } from './handles.ts'

/** What a stream tells, in this order; after `ended` nothing. Never from within the call that opened it. */
export interface StreamEvents {
  /** `from`: this machine's literal address in the connection. */
  connected(from: string): void
  bytes(bytes: Buffer): void
  /** `code`: `closed` by the peer, or the system's word (ECONNREFUSED, EMFILE, …). */
  ended(code: string): void
}

/** A connection of bytes. */
export interface Stream {
  send(bytes: Uint8Array): void
  /** Ends it without another word; no event follows. */
  close(): void
  /** Bytes received, those of the socket it was given away as included. */
  received(): number
  /** Gives it away, connected, as a socket of Node's: no event follows. */
  asSocket(): Socket
}

/** @throws OffScope for what is no literal address; RangeError for what is no port */
export type OpenStream = (address: string, port: number, events: StreamEvents) => Stream

function check(address: string, port: number): 4 | 6 {
  const family = isIP(address)
  if (family === 0) throw new OffScope(address, 'it is no literal address')
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new RangeError(`there is no port ${port}`)
  return family === 6 ? 6 : 4
}

/** By a socket of Node's: where its handles are not known, and for comparison. */
export const openSocketStream: OpenStream = (address, port, events) => {
  check(address, port)
  let isOver = false
  const end = (code: string): void => {
    if (isOver) return
    isOver = true
    socket.destroy()
    events.ended(code)
  }
  const socket = connect({ host: address, port, noDelay: true })
  socket.on('connect', () => isOver || events.connected(socket.localAddress ?? ''))
  socket.on('data', (bytes) => isOver || events.bytes(bytes))
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? 'error'))
  socket.on('end', () => end('closed'))
  socket.on('close', () => end('closed'))
  return {
    send: (bytes) => void (isOver || socket.write(bytes)),
    close: () => {
      isOver = true
      socket.destroy()
    },
    received: () => socket.bytesRead,
    asSocket: () => {
      isOver = true
      return socket.removeAllListeners('data').removeAllListeners('end')
    },
  }
}

/**
 * By the handle that a socket of Node's is a stream around. Most of what is asked is silent, and the stream around it costs
 * more processor time than the asking (docs/performance.md). @throws TypeError where this Node's handles are not known
 */
export const openHandleStream: OpenStream = (address, port, events) => {
  const family = check(address, port)
  if (bindings === undefined) throw new TypeError('the handles of this Node are not known')
  return new HandleStream(bindings, events, address, port, family)
}

/** A class, as there are thousands at a time: one object, and no closures. */
class HandleStream implements Stream {
  readonly #bindings: Bindings
  readonly #events: StreamEvents
  readonly #handle: TcpHandle
  #isOver = false
  #received = 0
  #socket: Socket | undefined

  constructor(known: Bindings, events: StreamEvents, address: string, port: number, family: 4 | 6) {
    this.#bindings = known
    this.#events = events
    this.#handle = known.newHandle()
    const request = known.newConnect()
    request.oncomplete = (status) => this.#connected(status)
    const failed =
      family === 6 ? this.#handle.connect6(request, address, port) : this.#handle.connect(request, address, port)
    if (failed < 0) queueMicrotask(() => this.#end(failed))
  }

  #connected(status: number): void {
    if (this.#isOver) return
    const handle = this.#handle
    if (status < 0) return this.#end(status)
    const own: { address?: string } = {}
    handle.getsockname(own)
    handle.setNoDelay(true)
    handle.onread = (buffer) => this.#read(buffer)
    const failed = handle.readStart()
    if (failed < 0) return this.#end(failed)
    this.#events.connected(own.address ?? '')
  }

  #read(buffer: ArrayBuffer): void {
    const { count, offset } = this.#bindings.read()
    if (this.#isOver || count === 0) return
    if (count < 0) return this.#end(count)
    this.#received += count
    this.#events.bytes(Buffer.from(buffer, offset, count))
  }

  #end(status: number): void {
    if (this.#isOver) return
    this.close()
    const code = getSystemErrorName(status)
    this.#events.ended(code === 'EOF' ? 'closed' : code)
  }

  send(bytes: Uint8Array): void {
    if (this.#isOver) return
    const write = this.#bindings.newWrite()
    write.oncomplete = (status) => {
      if (status < 0) this.#end(status)
    }
    // What cannot be written at once is held by its request until it is.
    write.buffer = bytes
    const status = this.#handle.writeBuffer(write, bytes)
    if (status < 0) queueMicrotask(() => this.#end(status))
  }

  close(): void {
    if (!this.#isOver) this.#handle.close()
    this.#isOver = true
    this.#socket?.destroy()
  }

  received(): number {
    return this.#socket?.bytesRead ?? this.#received
  }

  asSocket(): Socket {
    this.#isOver = true
    this.#handle.readStop()
    this.#socket = new Socket({ handle: this.#handle } as object)
    return this.#socket
  }
}

/** The faster of the two, where this Node has it. */
export const openStream: OpenStream = bindings === undefined ? openSocketStream : openHandleStream
