/*
 * The handles that Node's own `net` and `dgram` are built on, without the streams and sockets around them. They are no public
 * interface: `process.binding` gives them, deprecated (DEP0111) and still there. So they are used on the versions they were tried
 * on alone, and whatever is missing there means `net.Socket` and `dgram.Socket` (ADR 15).
 */

export interface TcpHandle {
  /** These return 0, or an error's negative number. */
  connect(request: ConnectRequest, address: string, port: number): number
  connect6(request: ConnectRequest, address: string, port: number): number
  readStart(): number
  readStop(): number
  /** Less than 0 for an error; whether it is written at once, or `oncomplete` follows, is no matter here. */
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number
  getsockname(into: { address?: string }): number
  setNoDelay(on: boolean): number
  close(): void
  onread: (buffer: ArrayBuffer) => void
}

export interface ConnectRequest {
  oncomplete: (status: number) => void
}

export interface WriteRequest {
  oncomplete: (status: number) => void
  buffer: Uint8Array
}

export interface Bindings {
  newHandle(): TcpHandle
  newConnect(): ConnectRequest
  newWrite(): WriteRequest
  /** Within `onread`: how many bytes there are and where, or an error's negative number. */
  read(): { readonly count: number; readonly offset: number }
}

export interface UdpHandle {
  /** These return 0, or an error's negative number. */
  bind(address: string, port: number, flags: number): number
  bind6(address: string, port: number, flags: number): number
  recvStart(): number
  /** More than 0 when it is sent, 0 when `oncomplete` follows, less for an error. */
  send(...datagram: DatagramWords): number
  send6(...datagram: DatagramWords): number
  /** Undefined when it cannot be had: why is left in `fault`. */
  bufferSize(bytes: number, isReceiving: boolean, fault: object): number | undefined
  close(): void
}

/** `count` is less than 0 for an error: then there is nothing else. */
export type OnMessage = (
  count: number,
  handle: UdpHandle,
  bytes: Buffer | undefined,
  from: { readonly address: string; readonly port: number },
) => void

type DatagramWords = readonly [
  request: SendRequest,
  list: readonly Uint8Array[],
  length: number,
  port: number,
  address: string,
  isTold: boolean,
]

/** Taken by what could not be sent at once, and by that alone. */
export interface SendRequest {
  oncomplete: (status: number) => void
  list: readonly Uint8Array[]
}

export interface UdpBindings {
  newHandle(onmessage: OnMessage): UdpHandle
  newSend(): SendRequest
}

/** Node's versions that tests of these handles were run on. */
const triedOn: ReadonlySet<string> = new Set(['20', '22', '24', '26'])

const isClass = (each: unknown): boolean => typeof each === 'function'
const isNumber = (each: unknown): boolean => typeof each === 'number'

/** Undefined where this Node has none, or others. */
export const bindings: Bindings | undefined = tried(tcp)
export const udpBindings: UdpBindings | undefined = tried(udp)

type Lookup = (name: string) => Record<string, unknown>

function tried<T>(load: (binding: Lookup) => T | undefined): T | undefined {
  if (!triedOn.has(process.versions.node.split('.')[0] ?? '')) return undefined
  try {
    const { binding } = process as unknown as { binding: Lookup }
    return load((name) => binding.call(process, name))
  } catch {
    return undefined
  }
}

function tcp(binding: Lookup): Bindings | undefined {
  const { TCP, TCPConnectWrap, constants } = binding('tcp_wrap')
  const { WriteWrap, streamBaseState: state, kReadBytesOrError, kArrayBufferOffset } = binding('stream_wrap')
  const { SOCKET } = constants as { readonly SOCKET: unknown }
  const isKnown =
    [TCP, TCPConnectWrap, WriteWrap].every(isClass) &&
    [SOCKET, kReadBytesOrError, kArrayBufferOffset].every(isNumber) &&
    ArrayBuffer.isView(state)
  if (!isKnown) return undefined
  const Handle = TCP as new (kind: unknown) => TcpHandle
  const Connect = TCPConnectWrap as new () => ConnectRequest
  const Write = WriteWrap as new () => WriteRequest
  const numbers = state as unknown as Int32Array
  const [count, offset] = [kReadBytesOrError as number, kArrayBufferOffset as number]
  return {
    newHandle: () => new Handle(SOCKET),
    newConnect: () => new Connect(),
    newWrite: () => new Write(),
    read: () => ({ count: numbers[count] ?? 0, offset: numbers[offset] ?? 0 }),
  }
}

function udp(binding: Lookup): UdpBindings | undefined {
  const { UDP, SendWrap } = binding('udp_wrap')
  if (![UDP, SendWrap].every(isClass)) return undefined
  const Handle = UDP as new () => UdpHandle
  const Send = SendWrap as new () => SendRequest
  return { newHandle: (onmessage) => Object.assign(new Handle(), { onmessage }), newSend: () => new Send() }
}
