import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { isIP, type AddressInfo, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import PQueue from 'p-queue'
import { failed, wrongInput } from '../model/errors.ts'

/** A request as it came. Its body is not read. */
export interface ServerRequest {
  readonly method: string
  /** Path and query, as they came. */
  readonly target: string
  /** Header fields, their names in lower case. */
  readonly headers: IncomingHttpHeaders
  /** Told when whoever asked has gone, or has waited as long as anybody may. */
  readonly signal: AbortSignal
}

/** What is written as JSON, or a text with the header fields that it needs beside those of every answer. */
export type ServerAnswer =
  | { readonly status: number; readonly json: unknown }
  | { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly text: string }

export type Handler = (request: ServerRequest) => Promise<ServerAnswer>

export interface ServerLimits {
  /** Requests worked on at a time; others wait. */
  readonly atATime: number
  /** Requests that may wait; further ones are refused with 503. */
  readonly waiting: number
  /** Connections open at a time; further ones are closed. */
  readonly connections: number
  /** How long a request may take to arrive, in milliseconds. */
  readonly arrivalMs: number
  /** How long an answer may take to be made. */
  readonly answerMs: number
  /** How long whoever asked may take nothing of it. */
  readonly stallMs: number
}

export interface ServerOptions extends ServerLimits {
  /** The literal address that is listened on. */
  readonly address: string
  /** How the server says what it has to say itself. */
  readonly told: (status: number, error: string) => ServerAnswer
}

const standard: ServerOptions = {
  atATime: 4,
  waiting: 64,
  connections: 64,
  arrivalMs: 10_000,
  answerMs: 120_000,
  stallMs: 30_000,
  address: '127.0.0.1',
  told: (status, error) => ({ status, json: { error } }),
}

export interface Listening {
  readonly port: number
  /** `http://127.0.0.1:8417` */
  readonly url: string
  /** Ends all connections and listens no more. */
  close(): Promise<void>
}

/** Whether nobody but this machine reaches a literal address. */
export const isLoopback = (address: string): boolean => /^127\.\d+\.\d+\.\d+$/.test(address) || address === '::1'

/**
 * Listens, on loopback unless told otherwise, and answers every request with what `handle` says. Whatever a client does, or
 * fails to do, ends at its own connection.
 * @param port 0: any that is free
 * @throws CensusError exit 1 when the port is taken, exit 2 for an address that this machine has not
 */
export async function listen(port: number, handle: Handler, changed: Partial<ServerOptions> = {}): Promise<Listening> {
  const allowed = { ...standard, ...changed }
  const { told } = allowed
  const queue = new PQueue({ concurrency: allowed.atATime })
  const server = createServer({
    headersTimeout: allowed.arrivalMs,
    requestTimeout: allowed.arrivalMs,
    keepAliveTimeout: allowed.arrivalMs,
    connectionsCheckingInterval: Math.min(1000, allowed.arrivalMs),
    maxHeaderSize: 2 ** 15,
    // Said in JSON, below.
    requireHostHeader: false,
  })
  server.maxConnections = allowed.connections
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void respond(request, response, handle, queue, allowed)
  }
  server.on('request', answer)
  server.on('checkContinue', answer)
  server.on('checkExpectation', answer)
  // Neither is ever meant here, and Node closes the connection without a word.
  server.on('connect', (_, socket: Socket) => refuse(socket, told(405, 'Only GET is answered')))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, told(431, 'The request is too long'))
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, told(408, 'The request took too long to arrive'))
    else refuse(socket, told(400, 'This is no HTTP request'))
  })
  await open(server, port, allowed.address)
  const { port: taken } = server.address() as AddressInfo
  return {
    port: taken,
    url: `http://${inUrl(reachable(allowed.address))}:${taken}`,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      queue.clear()
      await closed
      // Who works for a connection that has gone is told so, and comes back soon.
      await queue.onIdle()
    },
  }
}

const inUrl = (address: string): string => (address.includes(':') ? `[${address}]` : address)

/** Of all addresses of this machine one that others reach. */
function reachable(address: string): string {
  if (address !== '0.0.0.0' && address !== '::') return address
  const own = Object.values(networkInterfaces()).flatMap((each) => each ?? [])
  const family = address === '::' ? 'IPv6' : 'IPv4'
  const found = own.find((each) => each.family === family && !each.internal && !each.address.startsWith('fe80:'))
  return found?.address ?? (address === '::' ? '::1' : '127.0.0.1')
}

function open(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `port ${port} of ${address}`
      if (error.code === 'EADDRINUSE')
        reject(failed(`${where} is taken`, 'name another with --port, or 0 for any that is free', error))
      else if (error.code === 'EADDRNOTAVAIL')
        reject(wrongInput(`${address} is no address of this machine`, 'name one that it has, or none: 127.0.0.1'))
      else if (error.code === 'EACCES') reject(wrongInput(`${where} may not be listened on`, 'name one above 1023'))
      else reject(failed(`${where} cannot be listened on: ${error.message}`, undefined, error))
    })
    server.listen(port, address, resolve)
  })
}

/** Answers one request. Never throws. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handler,
  queue: PQueue,
  options: ServerOptions,
): Promise<void> {
  const gone = new AbortController()
  // Of a client that hung up there is nothing more to say.
  response.on('error', () => gone.abort())
  request.on('error', () => gone.abort())
  response.on('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(options.answerMs)])
  const { status, headers, body } = written(await answerTo(request, handle, queue, options, signal))
  if (gone.signal.aborted) return
  // Node destroys the connection then; when all is sent, it sets the time it waits for a next request.
  request.socket.setTimeout(options.stallMs)
  response.writeHead(status, {
    ...headers,
    // The rest of such a request (a body) is not read.
    ...(request.method === 'GET' && !hasBody(request) ? {} : { connection: 'close' }),
  })
  response.end(body)
}

/** What every answer says to browsers: keep it nowhere, show it in no frame, let nothing in, tell nobody. */
const strict = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

function written(answer: ServerAnswer): {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  readonly body: Buffer
} {
  const isJson = 'json' in answer
  const body = Buffer.from(isJson ? `${JSON.stringify(answer.json)}\n` : answer.text)
  const own = isJson ? { 'content-type': 'application/json; charset=utf-8' } : answer.headers
  return { status: answer.status, headers: { ...strict, ...own, 'content-length': body.length }, body }
}

const hasBody = ({ headers: sent }: IncomingMessage): boolean =>
  sent['transfer-encoding'] !== undefined || Number(sent['content-length'] ?? 0) > 0

async function answerTo(
  request: IncomingMessage,
  handle: Handler,
  queue: PQueue,
  { address, told, waiting }: ServerOptions,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  const { method = '', url: target = '/', headers } = request
  if (!isOurs(headers.host, address)) {
    const names = isLoopback(address) ? '127.0.0.1 and localhost' : 'its address and localhost'
    return told(421, `This server answers for ${names} only`)
  }
  if (queue.size >= waiting) return told(503, 'Too many requests are waiting, please try again')
  try {
    return await queue.add(async () =>
      signal.aborted ? told(503, 'The request timed out') : handle({ method, target, headers, signal }),
    )
  } catch {
    return told(500, 'The request could not be answered')
  }
}

/**
 * A page that a browser shows may have its own name lead here; it must not be answered under that name. No name leads
 * elsewhere than `localhost` and an address itself do.
 */
function isOurs(host: string | undefined, listened: string): boolean {
  const [, name = ''] = /^(localhost|[\d.]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(host ?? '') ?? []
  const address = name.replaceAll(/[[\]]/g, '')
  if (isIP(address) === 0) return name.toLowerCase() === 'localhost'
  return !isLoopback(listened) || isLoopback(address)
}

/** The last word on a connection on which no request could be read. */
function refuse(socket: Socket, answer: ServerAnswer): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const { status, headers, body } = written(answer)
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.on('error', () => socket.destroy())
  socket.end(`HTTP/1.1 ${status} Error\r\n${lines.join('')}\r\n${body.toString()}`)
}
