import type {
  Conversation,
  Finding,
  Heard,
  Over,
  ProbeContext,
  ProbeStatus,
  TcpProbe,
  TlsFacts,
} from '../model/probe.ts'
import { dialTcp, type TcpConnection } from '../net/tcp.ts'
import type { Guard } from '../net/guard.ts'

/** What came of an exchange. */
export interface Exchanged {
  readonly status: ProbeStatus
  readonly finding?: Finding
  /** The first of what was heard, when nobody made sense of it. */
  readonly heard?: Buffer
}

/** A conversation under way. The engine keeps its time. */
export interface Exchange {
  /** Whether the connection is made: from then on it has the time of a conversation, not of a connection. */
  readonly isConnected: boolean
  /** Ends it: its time is up. */
  expire(): void
}

export interface ExchangeOptions {
  readonly guard: Guard
  readonly probe: TcpProbe
  readonly context: Omit<ProbeContext, 'from' | 'tls'>
  readonly isTls: boolean
  /** Bytes received, beyond which nothing more is taken. */
  readonly budgetBytes: number
  /** Milliseconds since 1970. */
  readonly now: number
  readonly onConnected: () => void
  readonly onDone: (result: Exchanged) => void
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
 * Connects, leads a probe's conversation, and says what came of it, once, whatever the peer does.
 * @throws OffScope before anything is sent
 */
export function exchange(options: ExchangeOptions): Exchange {
  const { guard, probe, context, budgetBytes, onDone } = options
  let isConnected = false
  let from = ''
  let isDone = false
  let conversation: Conversation | undefined
  let isSecuring = false
  const first: Buffer[] = []
  let firstBytes = 0

  const finish = (result: Exchanged): void => {
    if (isDone) return
    isDone = true
    connection.drop()
    onDone(result)
  }
  const conclude = (finding: Finding | undefined, why: Over | undefined): void => {
    if (finding !== undefined) finish({ status: 'answered', finding })
    else if (firstBytes > 0) finish({ status: 'garbled', heard: Buffer.concat(first) })
    else finish({ status: why === 'silent' || why === undefined ? 'mute' : 'dropped' })
  }
  /** Hands on what was heard, and does what is wished until it is to hear more. */
  const step = (heard: Heard | undefined, why?: Over): void => {
    if (isDone || conversation === undefined) return
    let next = heard === undefined ? conversation.next() : conversation.next(heard)
    while (next.done !== true) {
      const wish = next.value
      if (wish.kind === 'hear') {
        if (why === undefined) return
        next = conversation.next({ kind: 'over', why })
        continue
      }
      if (wish.kind === 'send' && why === undefined) connection.send(wish.bytes)
      if (wish.kind === 'secure' && why === undefined) {
        isSecuring = true
        connection.secure()
      }
      next = conversation.next(nothing)
    }
    conclude(next.value, why)
  }
  const begin = (tls: TlsFacts | undefined): void => {
    conversation = probe.talk({ ...context, from, tls })
    step(undefined)
  }
  const over = (why: Over): void => {
    if (conversation === undefined) conclude(undefined, why)
    else step({ kind: 'over', why }, why)
  }

  const connection: TcpConnection = dialTcp(guard, context.address, context.port, options.now, {
    connected: (own) => {
      isConnected = true
      from = own
      options.onConnected()
      if (options.isTls) connection.secure()
      else begin(undefined)
    },
    bytes: (bytes) => {
      if (isDone) return
      if (firstBytes < heardBytes) {
        first.push(bytes.subarray(0, heardBytes - firstBytes))
        firstBytes += bytes.length
      }
      // What was said before TLS is not heard within it.
      if (!isSecuring) step({ kind: 'bytes', bytes })
      if (!isDone && connection.received() > budgetBytes) over('full')
    },
    secured: (tls) => {
      isSecuring = false
      if (conversation === undefined) begin(tls)
      else step({ kind: 'secured', tls })
    },
    ended: (code) => {
      if (!isConnected) finish({ status: statusOfCode(code) })
      else over(code === 'no-tls' ? 'no-tls' : 'closed')
    },
  })
  return {
    get isConnected() {
      return isConnected
    },
    expire: () => {
      if (isConnected) over('silent')
      else finish({ status: 'silent' })
    },
  }
}

/** What a conversation is resumed with after a wish that has no answer. */
const nothing: Heard = { kind: 'over', why: 'closed' }
