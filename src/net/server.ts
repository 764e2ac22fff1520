import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import PQueue from 'p-queue'
import { failed, wrongInput } from '../model/errors.ts'

/** A request as it came. Its body is not read. */
export interface ServerRequest {
  readonly method: string
  /** Path and query, as they came. */
  readonly target: string
  /** Told when whoever asked has gone, or has waited as long as anybody may. */
  readonly signal: AbortSignal
}

export interface ServerAnswer {
  readonly status: number
  /** Written as JSON. */
  readonly json: unknown
}

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

const limits: ServerLimits = {
  atATime: 4,
  waiting: 64,
  connections: 64,
  arrivalMs: 10_000,
  answerMs: 120_000,
  stallMs: 30_000,
}

export interface Listening {
  readonly port: number
  /** `http://127.0.0.1:8417` */
  readonly url: string
  /** Ends all connections and listens no more. */
  close(): Promise<void>
}

/** The only address that is ever listened on. */
const loopback = '127.0.0.1'

/**
 * Listens on loopback and answers every request in JSON, with what `handle` says. Whatever a client does, or fails to do,
 * ends at its own connection.
 * @param port 0: any that is free
 * @throws CensusError exit 1 when the port is taken
 */
export async function listen(port: number, handle: Handler, changed: Partial<ServerLimits> = {}): Promise<Listening> {
  const allowed = { ...limits, ...changed }
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
  server.on('connect', (_, socket: Socket) => refuse(socket, 405, 'Only GET is answered'))
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, 431, 'The request is too long')
    else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuse(socket, 408, 'The request took too long to arrive')
    else refuse(socket, 400, 'This is no HTTP request')
  })
  await open(server, port)
  const { port: taken } = server.address() as AddressInfo
  return {
    port: taken,
    url: `http://${loopback}:${taken}`,
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

function open(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `port ${port} of ${loopback}`
      if (error.code === 'EADDRINUSE')
        reject(failed(`${where} is taken`, 'name another with --port, or 0 for any that is free', error))
      else if (error.code === 'EACCES') reject(wrongInput(`${where} may not be listened on`, 'name one above 1023'))
      else reject(failed(`${where} cannot be listened on: ${error.message}`, undefined, error))
    })
    server.listen(port, loopback, resolve)
  })
}

/** Answers one request. Never throws. */
async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  handle: Handler,
  queue: PQueue,
  { waiting, answerMs, stallMs }: ServerLimits,
): Promise<void> {
  const gone = new AbortController()
  // Of a client that hung up there is nothing more to say.
  response.on('error', () => gone.abort())
  request.on('error', () => gone.abort())
  response.on('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(answerMs)])
  const { status, json } = await answerTo(request, handle, queue, waiting, signal)
  if (gone.signal.aborted) return
  const body = Buffer.from(`${JSON.stringify(json)}\n`)
  // Node destroys the connection then; when all is sent, it sets the time it waits for a next request.
  request.socket.setTimeout(stallMs)
  response.writeHead(status, {
    ...headers,
    'content-length': body.length,
    // The rest of such a request (a body) is not read.
    ...(request.method === 'GET' && !hasBody(request) ? {} : { connection: 'close' }),
  })
  response.end(body)
}

const headers = {
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
} as const

const hasBody = ({ headers: sent }: IncomingMessage): boolean =>
  sent['transfer-encoding'] !== undefined || Number(sent['content-length'] ?? 0) > 0

async function answerTo(
  request: IncomingMessage,
  handle: Handler,
  queue: PQueue,
  waiting: number,
  signal: AbortSignal,
): Promise<ServerAnswer> {
  const { method = '', url: target = '/' } = request
  if (!isOurs(request.headers.host)) return told(421, 'This server answers for 127.0.0.1 and localhost only')
  if (queue.size >= waiting) return told(503, 'Too many requests are waiting, please try again')
  try {
    return await queue.add(async () =>
      signal.aborted ? told(503, 'The request timed out') : handle({ method, target, signal }),
    )
  } catch {
    return told(500, 'The request could not be answered')
  }
}

const told = (status: number, error: string): ServerAnswer => ({ status, json: { error } })

/** A page that a browser shows may have its own name lead to loopback; it must not be answered under that name. */
const isOurs = (host: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host ?? '')

/** The last word on a connection on which no request could be read. */
function refuse(socket: Socket, status: number, error: string): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  const body = `${JSON.stringify({ error })}\n`
  socket.on('error', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} Error\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
