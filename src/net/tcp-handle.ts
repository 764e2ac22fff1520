/*
 * The TCP handles that Node's own `net` is built on, without the streams around them. They are no public interface: `process.binding`
 * gives them, deprecated (DEP0111) and still there. So they are used on the versions they were tried on alone, and whatever is
 * missing there means `net.Socket` (ADR 15).
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

/** Node's versions that tests of these handles were run on. */
const triedOn: ReadonlySet<string> = new Set(['20', '22', '24', '26'])

/** Undefined where this Node has none, or others. */
export const bindings: Bindings | undefined = triedOn.has(process.versions.node.split('.')[0] ?? '')
  ? load()
  : undefined

function load(): Bindings | undefined {
  try {
    const { binding } = process as unknown as { binding: (name: string) => Record<string, unknown> }
    const { TCP, TCPConnectWrap, constants } = binding.call(process, 'tcp_wrap')
    const {
      WriteWrap,
      streamBaseState: state,
      kReadBytesOrError,
      kArrayBufferOffset,
    } = binding.call(process, 'stream_wrap')
    const { SOCKET } = constants as { readonly SOCKET: unknown }
    const isKnown =
      [TCP, TCPConnectWrap, WriteWrap].every((each) => typeof each === 'function') &&
      [SOCKET, kReadBytesOrError, kArrayBufferOffset].every((each) => typeof each === 'number') &&
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
  } catch {
    return undefined
  }
}
